"""A layer's weights: SRAM banks for every lane."""

from collections.abc import Iterator
from typing import NamedTuple

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.layers import BankShape, Layer
from trispike.models.network.numbers import BANK_BITS, WEIGHT_BITS
from trispike.rtl.hierarchy import Block, lanes_suffix, place
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.parameters import Parameter


class Part(NamedTuple):
    """An SRAM bank that has words of weights to the neurons of ``bank``, of some rows of ``lane``.

    name: Instance in the `WeightMemory`.
    rows: Rows of the lane that it has; there may be more of them than the layer needs.
    """

    name: str
    lane: int
    bank: int
    number: int
    rows: range
    shape: BankShape


def parts(layer: Layer) -> Iterator[Part]:
    """All SRAM banks with weights of ``layer``: lane by lane, bank by bank, first rows first."""
    for lane in range(layer.lanes):
        for b, bank in enumerate(layer.banks):
            first = 0
            for k, shape in enumerate(bank.parts):
                rows = range(first, first := first + shape.rows)
                suffix = f"_part_{k}" if shape.rows < bank.rows else ""
                yield Part(f"lane_{lane}_bank_{b}{suffix}", lane, b, k, rows, shape)


class WeightMemory(Block):
    """The banks of a layer: each lane reads the weights of one presynaptic neuron in a cycle.

    Rows are interleaved over the lanes: presynaptic neuron i is row i / lanes of lane i mod lanes.
    Of a bank in parts only the one that has the row is read or written (`BankShape.parts`).

    ``shape``: fan-in, number of neurons, lanes.

    Members
    -------
    addresses : In(ArrayLayout(log2(rows), lanes))
        Row to read in each lane.
    read : In(lanes)
        Bit l: read lane l. Must be low while ``write`` is high.
    write : In(banks)
        Bit b: ``write_data`` becomes the weights from presynaptic neuron ``write_neuron`` to the
        neurons of bank b.
    write_neuron : In(10), or more for more than 1024 inputs
        Less than ``inputs``, rounded up to a power of two.
    write_data : In(128)
        One row.
    weights : Out(ArrayLayout(2 * neurons, lanes))
        What each lane has read in the cycle before; with several lanes, 0 in one that has not.
        Ternary code of the weight to neuron k in bits [2k+1:2k].

    Latency: one cycle. The contents survive a reset.

    Source: TW-SNN sec. 4.2, fig. 7, for one lane.
    """

    shape = Parameter(Layer)

    def __init__(self, *, shape: Layer):
        self.shape = shape
        row_bits = (shape.banks[0].rows - 1).bit_length()
        super().__init__(
            {
                "addresses": In(data.ArrayLayout(row_bits, shape.lanes)),
                "read": In(shape.lanes),
                "write": In(len(shape.banks)),
                "write_neuron": In(max(10, ceil_log2(shape.inputs))),
                "write_data": In(BANK_BITS),
                "weights": Out(data.ArrayLayout(WEIGHT_BITS * shape.neurons, shape.lanes)),
            }
        )

    @property
    def module_name(self) -> str:
        shape = self.shape
        return f"weight_memory_{shape.inputs}x{shape.neurons}{lanes_suffix(shape.lanes)}"

    def elaborate(self, platform):
        m = Module()
        lanes, banks = self.shape.lanes, self.shape.banks
        lane_bits, row_bits = lanes.bit_length() - 1, (banks[0].parts[0].rows - 1).bit_length()
        part_bits = (len(banks[0].parts) - 1).bit_length()
        write_lane, write_row = self.write_neuron[:lane_bits], self.write_neuron[lane_bits:]
        write_part = write_row[row_bits : row_bits + part_bits]
        read, shown = zip(*(self._chosen(m, lane, row_bits) for lane in range(lanes)), strict=True)
        words = [[0] * len(banks) for _ in range(lanes)]
        for part in parts(self.shape):
            bank = SRAMBank(shape=part.shape)
            m.submodules[part.name] = place(bank, platform)
            write = self.write[part.bank]
            m.d.comb += [
                bank.write.eq(write & (write_lane == part.lane) & (write_part == part.number)),
                bank.read.eq(read[part.lane][part.number]),
                bank.address.eq(Mux(write, write_row, self.addresses[part.lane])),
                bank.write_data.eq(self.write_data),
            ]
            word = bank.read_data[: WEIGHT_BITS * part.shape.neurons]
            words[part.lane][part.bank] |= Mux(shown[part.lane][part.number], word, 0)
        m.d.comb += [self.weights[lane].eq(Cat(words[lane])) for lane in range(lanes)]
        return m

    def _chosen(self, m: Module, lane: int, row_bits: int) -> tuple[Signal, Signal]:
        """For each sub-bank of ``lane`` whether it is to read, and whether its word is shown."""
        count = len(self.shape.banks[0].parts)
        read, shown = (Signal(count, name=f"{name}_{lane}") for name in ("read", "shown"))
        m.d.comb += read.eq(self.read[lane] << self.addresses[lane][row_bits:])
        if self.shape.lanes > 1:
            m.d.sync += shown.eq(read)
        elif count > 1:
            with m.If(self.read[lane]):
                m.d.sync += shown.eq(read)
        else:
            m.d.comb += shown.eq(1)
        return read, shown
