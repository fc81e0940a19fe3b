"""A layer's weights: SRAM banks for every lane."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.layers import Layer
from trispike.models.network.numbers import BANK_BITS, WEIGHT_BITS
from trispike.rtl.hierarchy import Block, lanes_suffix, place
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.parameters import Parameter


class WeightMemory(Block):
    """The banks of a layer: each lane reads the weights of one presynaptic neuron in a cycle.

    Rows are interleaved over the lanes: presynaptic neuron i is row i / lanes of lane i mod lanes.

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
        lane_bits = self.shape.lanes.bit_length() - 1
        write_row = self.write_neuron[lane_bits:]
        shown = Signal(self.shape.lanes)  # what was read in the cycle before
        m.d.sync += shown.eq(self.read)
        for lane in range(self.shape.lanes):
            words = []
            for b, bank_shape in enumerate(self.shape.banks):
                bank = SRAMBank(shape=bank_shape)
                m.submodules[f"lane_{lane}_bank_{b}"] = place(bank, platform)
                m.d.comb += [
                    bank.write.eq(self.write[b] & (self.write_neuron[:lane_bits] == lane)),
                    bank.read.eq(self.read[lane]),
                    bank.address.eq(Mux(self.write[b], write_row, self.addresses[lane])),
                    bank.write_data.eq(self.write_data),
                ]
                words.append(bank.read_data[: WEIGHT_BITS * bank_shape.neurons])
            row = Cat(words)
            shows = shown[lane] if self.shape.lanes > 1 else Const(1)
            m.d.comb += self.weights[lane].eq(row & shows.replicate(len(row)))
        return m
