"""The rows of a map that a convolution's windows are on, and those that come next."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Convolution
from trispike.models.network.numbers import BANK_BITS, PIXEL_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.parameters import Parameter


def word_bits(shape: Convolution) -> int:
    """Bits of a position in one lane: its channels, or their pixels."""
    channels = shape.volume.channels // shape.lanes
    return channels * (PIXEL_BITS if shape.pixels else 1)


def write_members(shape: Convolution) -> dict[str, wiring.Member]:
    """Ports of a line buffer that positions come in by."""
    return {
        "write": In(1),
        "write_row": In(range(shape.maps.buffer_rows)),
        "write_column": In(range(max(2, shape.volume.width))),
        "data": In(word_bits(shape)),
    }


class LineBuffer(Block):
    """Rows of positions of one lane, a bank, or several side by side, for each row.

    ``shape``: the layer. A row must not be read and written in the same cycle.

    Members
    -------
    write : In(1)
        Put ``data`` into column ``write_column`` of row ``write_row``.
    read : In(1)
        Read column ``read_column`` of row ``read_row``.
    word : Out(bits)
        The position read last, from the cycle after ``read`` until the next read.
    """

    shape = Parameter(Convolution)

    def __init__(self, *, shape: Convolution):
        self.shape = shape
        super().__init__(
            {
                **write_members(shape),
                "read": In(1),
                "read_row": In(range(shape.maps.buffer_rows)),
                "read_column": In(range(max(2, shape.volume.width))),
                "word": Out(word_bits(shape)),
            }
        )

    @property
    def module_name(self) -> str:
        return (
            f"line_buffer_{self.shape.maps.buffer_rows}x{self.shape.volume.width}_{len(self.data)}"
        )

    def elaborate(self, platform):
        m = Module()
        shown = Signal.like(self.read_row)  # the row read last
        with m.If(self.read):
            m.d.sync += shown.eq(self.read_row)
        for row in range(self.shape.maps.buffer_rows):
            words = []
            writes, reads = self.write & (self.write_row == row), self.read & (self.read_row == row)
            for k, bank_shape in enumerate(self.shape.line_banks):
                bank = SRAMBank(shape=bank_shape)
                m.submodules[f"row_{row}_bank_{k}"] = place(bank, platform)
                m.d.comb += [
                    bank.write.eq(writes),
                    bank.read.eq(reads),
                    bank.address.eq(Mux(writes, self.write_column, self.read_column)),
                    bank.write_data.eq(self.data[k * BANK_BITS :]),
                ]
                words.append(bank.read_data)
            with m.If(shown == row):
                m.d.comb += self.word.eq(Cat(words))
        return m
