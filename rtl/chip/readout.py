"""The read-out: output spike counters and the label of the largest."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.layers import Dense, Threshold
from trispike.models.network.numbers import COUNT_BITS, SUM_BITS
from trispike.models.network.shape import ReadOut
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.configuration import TIMESTEPS_SHAPE
from trispike.rtl.layers.dense import output_layout
from trispike.rtl.parameters import Parameter


def score_shape(read_out: ReadOut) -> Shape:
    """Shape of what is added up for an output neuron: its spikes, or its potentials."""
    return unsigned(COUNT_BITS) if read_out is ReadOut.COUNT else signed(SUM_BITS)


def result_layout(outputs: int, read_out: ReadOut = ReadOut.COUNT) -> data.StructLayout:
    """Layout of one prediction: the label, and spike count or potential sum of every output."""
    scores = "counts" if read_out is ReadOut.COUNT else "sums"
    return data.StructLayout(
        {
            "label": max(1, ceil_log2(outputs)),
            scores: data.ArrayLayout(score_shape(read_out), outputs),
        }
    )


class Argmax(wiring.Component):
    """Index of the largest of ``n`` numbers, the lowest index on a tie. Combinational.

    Members
    -------
    values : In(ArrayLayout(shape, n))
        Spike counts, or sums of potentials.
    index : Out(log2(n))
        Where the largest stands.

    Source: TW-SNN sec. 5.1.1 for the largest count; the tie rule is Trispike's contract.
    """

    n = Parameter(int, least=1)
    shape = Parameter(Shape)

    def __init__(self, *, n: int, shape: Shape):
        self.n, self.shape = n, shape
        super().__init__(
            {"values": In(data.ArrayLayout(shape, n)), "index": Out(max(1, ceil_log2(n)))}
        )

    def elaborate(self, platform):
        m = Module()
        best = [(self.values[k], Const(k, len(self.index))) for k in range(self.n)]
        level = 0
        while len(best) > 1:
            winners = []
            for k in range(0, len(best) - 1, 2):
                (low, low_index), (high, high_index) = best[k], best[k + 1]
                value = Signal(self.shape, name=f"value_{level}_{k // 2}")
                index = Signal(len(self.index), name=f"index_{level}_{k // 2}")
                upper = high > low
                m.d.comb += [
                    value.eq(Mux(upper, high, low)),
                    index.eq(Mux(upper, high_index, low_index)),
                ]
                winners.append((value, index))
            if len(best) % 2:
                winners.append(best[-1])
            best = winners
            level += 1
        m.d.comb += self.index.eq(best[0][1])
        return m


class Readout(Block):
    """Adds up the output layer's spikes or potentials over an image and names the label.

    - ``outputs``: number of output neurons.
    - ``read_out``: what is added up.

    Members
    -------
    i : In(stream.Signature(outputs)) or In(stream.Signature(output_layout))
        Output spike vector of a timestep, or its potentials. ``ready`` depends on registers only.
    timesteps : In(8)
        Timesteps per prediction, 1 to 255; may change between predictions. Not there where
        potentials are read out, which the layer marks as the image's last.
    result : Out(stream.Signature(result_layout(outputs, read_out)))
        One prediction.

    Latency: ``result`` is valid two cycles after the last vector of a prediction was taken; the
    first vector of the next one is taken in that cycle at the earliest.

    Source: TW-SNN sec. 5.1.1.
    """

    outputs = Parameter(int, least=1)
    read_out = Parameter(ReadOut)

    def __init__(self, *, outputs: int, read_out: ReadOut = ReadOut.COUNT):
        self.outputs, self.read_out = outputs, read_out
        self._counts = read_out is ReadOut.COUNT
        # The layer's fan-in is of no matter to what it gives out.
        fires = Threshold.ONE if self._counts else Threshold.NONE
        layer = Dense(inputs=1, neurons=outputs, threshold=fires)
        super().__init__(
            {
                "i": In(stream.Signature(output_layout(layer))),
                **({"timesteps": In(TIMESTEPS_SHAPE)} if self._counts else {}),
                "result": Out(stream.Signature(result_layout(outputs, read_out))),
            }
        )

    @property
    def module_name(self) -> str:
        return f"readout_{self.outputs}{'' if self._counts else '_potentials'}"

    def elaborate(self, platform):
        m = Module()
        shape = score_shape(self.read_out)
        m.submodules.argmax = argmax = Argmax(n=self.outputs, shape=shape)
        counts = Signal(data.ArrayLayout(shape, self.outputs), reset_less=True)
        complete = Signal()  # `counts` is a whole prediction
        m.d.comb += [self.i.ready.eq(~complete), argmax.values.eq(counts)]

        with m.If(self.i.valid & self.i.ready):
            first, last = self._count_timesteps(m)
            m.d.sync += complete.eq(last)
            more = self.i.payload if self._counts else self.i.payload.potentials
            for k in range(self.outputs):
                m.d.sync += counts[k].eq(Mux(first, 0, counts[k]) + more[k])

        result = Signal(result_layout(self.outputs, self.read_out), reset_less=True)
        m.d.comb += self.result.payload.eq(result)
        with m.If(self.result.ready):
            m.d.sync += self.result.valid.eq(0)
        with m.If(complete & (~self.result.valid | self.result.ready)):
            m.d.sync += [
                result.label.eq(argmax.index),
                (result.counts if self._counts else result.sums).eq(counts),
                self.result.valid.eq(1),
                complete.eq(0),
            ]
        return m

    def _count_timesteps(self, m: Module) -> tuple[Value, Value]:
        """Whether what is taken in this cycle is an image's first vector, and whether its last."""
        if self._counts:
            step = Signal(TIMESTEPS_SHAPE)  # timesteps counted of the prediction at work
            last = step + 1 == self.timesteps
            m.d.sync += step.eq(Mux(last, 0, step + 1))
            return step == 0, last
        begun = Signal()
        m.d.sync += begun.eq(~self.i.payload.last)
        return ~begun, self.i.payload.last
