"""The read-out: output spike counters and the label of the largest."""

import math

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
    """Shape of what is found out for an output neuron: of its spikes, or its potentials."""
    return signed(SUM_BITS) if read_out is ReadOut.POTENTIAL else unsigned(COUNT_BITS)


SCORES = {ReadOut.COUNT: "counts", ReadOut.POTENTIAL: "sums", ReadOut.FIRST: "leads"}
"""What is found out for an output neuron: how often it spikes; the sum of its potentials; 255 less
the timestep, from 0, of its first spike, or 0 if it has none."""


def result_layout(
    outputs: int, read_out: ReadOut = ReadOut.COUNT, groups: tuple[int, ...] = ()
) -> data.StructLayout:
    """Layout of one prediction: the label, and of every output what `SCORES` says."""
    labels = math.prod(groups) if groups else outputs
    return data.StructLayout(
        {
            "label": max(1, ceil_log2(labels)),
            SCORES[read_out]: data.ArrayLayout(score_shape(read_out), outputs),
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
    - ``groups``: outputs that tell a part of the label each, see
      `models.network.shape.NetworkShape`.

    Members
    -------
    i : In(stream.Signature(outputs)) or In(stream.Signature(output_layout))
        Output spike vector of a timestep, or its potentials. ``ready`` depends on registers only.
    timesteps : In(8)
        Timesteps per prediction, 1 to 255; may change between predictions. Not there where
        potentials are read out, which the layer marks as the image's last.
    result : Out(stream.Signature(result_layout(outputs, read_out, groups)))
        One prediction.

    Latency: ``result`` is valid two cycles after the last vector of a prediction was taken; the
    first vector of the next one is taken in that cycle at the earliest.

    Source: TW-SNN sec. 5.1.1.
    """

    outputs = Parameter(int, least=1)
    read_out = Parameter(ReadOut)
    groups = Parameter(tuple)

    def __init__(
        self,
        *,
        outputs: int,
        read_out: ReadOut = ReadOut.COUNT,
        groups: tuple[int, ...] = (),
    ):
        self.outputs, self.read_out, self.groups = outputs, read_out, groups
        self._spikes = read_out is not ReadOut.POTENTIAL
        # The layer's fan-in is of no matter to what it gives out.
        fires = Threshold.ONE if self._spikes else Threshold.NONE
        layer = Dense(inputs=1, neurons=outputs, threshold=fires)
        super().__init__(
            {
                "i": In(stream.Signature(output_layout(layer))),
                **({"timesteps": In(TIMESTEPS_SHAPE)} if self._spikes else {}),
                "result": Out(stream.Signature(result_layout(outputs, read_out, groups))),
            }
        )

    @property
    def module_name(self) -> str:
        kind = {ReadOut.POTENTIAL: "_potentials", ReadOut.FIRST: "_first"}.get(self.read_out, "")
        groups = "".join(f"_{n}" for n in self.groups)
        return f"readout_{self.outputs}{kind}{groups and f'_groups{groups}'}"

    def elaborate(self, platform):
        m = Module()
        shape = score_shape(self.read_out)
        counts = Signal(data.ArrayLayout(shape, self.outputs), reset_less=True)
        complete = Signal()  # `counts` is a whole prediction
        m.d.comb += self.i.ready.eq(~complete)
        label = self._label(m, counts)

        with m.If(self.i.valid & self.i.ready):
            first, last, step = self._count_timesteps(m)
            m.d.sync += complete.eq(last)
            more = self.i.payload if self._spikes else self.i.payload.potentials
            for k in range(self.outputs):
                if self.read_out is ReadOut.FIRST:
                    with m.If(first | (more[k] & (counts[k] == 0))):
                        m.d.sync += counts[k].eq(Mux(more[k], ~step, 0))
                else:
                    m.d.sync += counts[k].eq(Mux(first, 0, counts[k]) + more[k])

        layout = result_layout(self.outputs, self.read_out, self.groups)
        result = Signal(layout, reset_less=True)
        m.d.comb += self.result.payload.eq(result)
        with m.If(self.result.ready):
            m.d.sync += self.result.valid.eq(0)
        with m.If(complete & (~self.result.valid | self.result.ready)):
            m.d.sync += [
                result.label.eq(label),
                result[SCORES[self.read_out]].eq(counts),
                self.result.valid.eq(1),
                complete.eq(0),
            ]
        return m

    def _label(self, m: Module, counts: data.View) -> Value:
        """The index of the largest of all, or of each group, as the digits of one number."""
        shape = score_shape(self.read_out)
        if not self.groups:
            m.submodules.argmax = argmax = Argmax(n=self.outputs, shape=shape)
            m.d.comb += argmax.values.eq(counts)
            return argmax.index
        label, first = C(0), 0
        for g, size in enumerate(self.groups):
            m.submodules[f"argmax_{g}"] = argmax = Argmax(n=size, shape=shape)
            m.d.comb += [argmax.values[k].eq(counts[first + k]) for k in range(size)]
            label, first = label * size + argmax.index, first + size
        return label

    def _count_timesteps(self, m: Module) -> tuple[Value, Value, Value]:
        """Of what is taken in this cycle: whether it is an image's first vector, whether its last.

        And its timestep from 0, if spikes are read out.
        """
        if self._spikes:
            step = Signal(TIMESTEPS_SHAPE)  # timesteps counted of the prediction at work
            last = step + 1 == self.timesteps
            m.d.sync += step.eq(Mux(last, 0, step + 1))
            return step == 0, last, step
        begun = Signal()
        m.d.sync += begun.eq(~self.i.payload.last)
        return ~begun, self.i.payload.last, C(0)
