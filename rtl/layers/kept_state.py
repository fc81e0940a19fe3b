"""What neurons carry on while others use their PE."""

from amaranth import *
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Convolution
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.layers.timestep_counter import PositionCounter
from trispike.rtl.parameters import Parameter


class KeptState(Block):
    """A word for each window, with the state of all its neurons; windows come in their order.

    ``shape``: the layer, with two windows or more.

    Members
    -------
    read : In(1)
        Read the next window's word: it stands in ``word`` from the next cycle until the next read.
    write : In(1)
        Write ``data`` to this window's word, and go on to the next; not in a cycle with ``read``.
    data, word : In(bits), Out(bits)
        `Convolution.kept_bits` of each channel, channel 0 lowest.
    """

    shape = Parameter(Convolution)

    def __init__(self, *, shape: Convolution):
        self.shape = shape
        bits = shape.kept_bits * shape.channels
        super().__init__({"read": In(1), "write": In(1), "data": In(bits), "word": Out(bits)})

    @property
    def module_name(self) -> str:
        return f"kept_state_{self.shape.firings}x{self.shape.channels}x{self.shape.kept_bits}"

    def elaborate(self, platform):
        m = Module()
        m.submodules.window = window = PositionCounter(count=self.shape.firings)
        m.d.comb += window.advance.eq(self.write)
        words, first = [], 0
        for k, bank_shape in enumerate(self.shape.kept_banks):
            bank = SRAMBank(shape=bank_shape)
            m.submodules[f"bank_{k}"] = place(bank, platform)
            bits = bank_shape.neurons * self.shape.kept_bits
            m.d.comb += [
                bank.read.eq(self.read),
                bank.write.eq(self.write),
                bank.address.eq(Mux(self.write, window.position, window.next)),
                bank.write_data.eq(self.data[first : first + bits]),
            ]
            words.append(bank.read_data[:bits])
            first += bits
        m.d.comb += self.word.eq(Cat(words))
        return m
