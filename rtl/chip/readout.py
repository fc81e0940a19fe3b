"""The read-out: output spike counters and the label of the largest."""

import math

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.layers import Dense, Threshold
from trispike.models.network.numbers import COUNT_BITS, SUM_BITS
from trispike.models.network.shape import ReadOut
from trispike.rtl.chip.argmax import Argmax
from trispike.rtl.chip.stability import Stability
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.configuration import TIMESTEPS_SHAPE
from trispike.rtl.layers.layer import output_layout
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import Radix, View


def score_shape(read_out: ReadOut) -> Shape:
    """Shape of what is found out for an output neuron: of its spikes, or its potentials."""
    return signed(SUM_BITS) if read_out is ReadOut.POTENTIAL else unsigned(COUNT_BITS)


SCORES = {ReadOut.COUNT: "counts", ReadOut.POTENTIAL: "sums", ReadOut.FIRST: "leads"}
"""What is found out for an output neuron: how often it spikes; the sum of its potentials; 255 less
the timestep, from 0, of its first spike, or 0 if it has none."""


_SHOWN = 16
"""Outputs whose scores a waveform viewer shows first."""


def result_layout(
    outputs: int,
    read_out: ReadOut = ReadOut.COUNT,
    groups: tuple[int, ...] = (),
    *,
    stops: bool = False,
) -> data.StructLayout:
    """Layout of one prediction: the label, and of every output what `SCORES` says.

    Where an image ``stops`` early, ``timesteps`` are those that it took.
    """
    labels = math.prod(groups) if groups else outputs
    return data.StructLayout(
        {
            "label": max(1, ceil_log2(labels)),
            **({"timesteps": TIMESTEPS_SHAPE} if stops else {}),
            SCORES[read_out]: data.ArrayLayout(score_shape(read_out), outputs),
        }
    )


class Readout(Block):
    """Adds up the output layer's spikes or potentials over an image and names the label.

    - ``outputs``: number of output neurons.
    - ``read_out``: what is added up.
    - ``groups``: outputs that tell a part of the label each, see
      `models.network.shape.NetworkShape`.
    - ``skips``, ``stops``: timesteps at an image's start may be left out; an image ends as soon as
      its label is stable.

    Members
    -------
    i : In(stream.Signature(outputs)) or In(stream.Signature(output_layout))
        Output spike vector of a timestep, or its potentials. ``ready`` depends on registers only.
    timesteps : In(8)
        Timesteps per prediction, 1 to 255; may change between predictions. Not there where
        potentials are read out, which the layer marks as the image's last, unless it skips or
        stops.
    skip : In(8)
        Timesteps that are left out, less than all; only there if it ``skips``.
    stability : In(shape.width + 8)
        See `Stability`; only there if it ``stops`` by anything but a FIRST spike.
    stop : Out(1)
        The image ends with this cycle, be it at its last timestep: ``result`` is valid in the next.
        Only there if it ``stops``.
    result : Out(stream.Signature(result_layout(outputs, read_out, groups, stops)))
        One prediction.

    Latency: ``result`` is valid two cycles after the last vector of a prediction was taken; the
    first vector of the next one is taken in that cycle at the earliest. By `Stability`, ``result``
    is valid five cycles after it, and a vector is taken every fourth cycle.

    Source: TW-SNN sec. 5.1.1; Kim 2018 sec. 5.1 and 5.3.
    """

    outputs = Parameter(int, least=1)
    read_out = Parameter(ReadOut)
    groups = Parameter(tuple)
    skips = Parameter(bool)
    stops = Parameter(bool)

    def __init__(
        self,
        *,
        outputs: int,
        read_out: ReadOut = ReadOut.COUNT,
        groups: tuple[int, ...] = (),
        skips: bool = False,
        stops: bool = False,
    ):
        self.outputs, self.read_out, self.groups = outputs, read_out, groups
        self.skips, self.stops = skips, stops
        self._spikes = read_out is not ReadOut.POTENTIAL
        # The layer's fan-in is of no matter to what it gives out.
        fires = Threshold.ONE if self._spikes else Threshold.NONE
        layer = Dense(inputs=1, neurons=outputs, threshold=fires)
        self._counts_timesteps = self._spikes or skips or stops
        self._judges = stops and read_out is not ReadOut.FIRST
        self._result_layout = result_layout(outputs, read_out, groups, stops=stops)
        theta = score_shape(read_out).width + COUNT_BITS
        super().__init__(
            {
                "i": In(stream.Signature(output_layout(layer))),
                **({"timesteps": In(TIMESTEPS_SHAPE)} if self._counts_timesteps else {}),
                **({"skip": In(TIMESTEPS_SHAPE)} if skips else {}),
                **({"stability": In(theta)} if self._judges else {}),
                **({"stop": Out(1)} if stops else {}),
                "result": Out(stream.Signature(self._result_layout)),
            }
        )

    @staticmethod
    def views(
        outputs: int, read_out: ReadOut = ReadOut.COUNT, groups: tuple[int, ...] = ()
    ) -> tuple[View, ...]:
        """Scores of the first outputs as they grow, and the prediction."""
        score, layout = score_shape(read_out), result_layout(outputs, read_out, groups)
        shown = range(min(outputs, _SHOWN))
        radix = Radix.SIGNED if score.signed else Radix.UNSIGNED
        return (
            *(View(signal=f"counts.[{k}]", bits=score.width, reads=radix) for k in shown),
            View(signal="result__valid"),
            View(signal="result__payload.label", bits=layout["label"].width, reads=Radix.UNSIGNED),
        )

    @property
    def module_name(self) -> str:
        kind = {ReadOut.POTENTIAL: "_potentials", ReadOut.FIRST: "_first"}.get(self.read_out, "")
        groups = "".join(f"_{n}" for n in self.groups)
        more = "_skips" * self.skips + "_stops" * self.stops
        return f"readout_{self.outputs}{kind}{groups and f'_groups{groups}'}{more}"

    def elaborate(self, platform):
        m = Module()
        shape = score_shape(self.read_out)
        counts = Signal(data.ArrayLayout(shape, self.outputs), reset_less=True)
        complete = Signal()  # `counts` is a whole prediction
        step = Signal(TIMESTEPS_SHAPE)  # timesteps counted of the prediction at work
        if self._judges:
            m.submodules.decision = stability = Stability(n=self.outputs, shape=shape)
            m.d.comb += [
                stability.scores.eq(counts),
                stability.stability.eq(self.stability),
                self.i.ready.eq(~complete & ~stability.busy),
            ]
            with m.If(stability.done):
                m.d.sync += complete.eq(stability.stable | (step == self.timesteps))
            label = stability.label
        else:
            m.d.comb += self.i.ready.eq(~complete)
            label = self._label(m, counts)

        with m.If(self.i.valid & self.i.ready):
            first, last = self._count_timesteps(m, step)
            if self._judges:
                m.d.comb += [stability.taken.eq(1), stability.first.eq(first)]
            elif self.stops:
                counted = step >= self.skip if self.skips else 1
                m.d.sync += complete.eq(last | (self.i.payload.any() & counted))
            else:
                m.d.sync += complete.eq(last)
            more = self.i.payload if self._spikes else self.i.payload.potentials
            for k in range(self.outputs):
                if self.read_out is ReadOut.FIRST:
                    with m.If(first | (more[k] & (counts[k] == 0))):
                        m.d.sync += counts[k].eq(Mux(more[k], ~step, 0))
                else:
                    m.d.sync += counts[k].eq(Mux(first, 0, counts[k]) + more[k])

        result = Signal(self._result_layout, reset_less=True)
        m.d.comb += self.result.payload.eq(result)
        with m.If(self.result.ready):
            m.d.sync += self.result.valid.eq(0)
        leaves = complete & (~self.result.valid | self.result.ready)
        if self.stops:
            leaves = complete & ~self.result.valid  # of registers: it resets much
            m.d.comb += self.stop.eq(leaves)
        with m.If(leaves):
            if self.stops:
                m.d.sync += [result.timesteps.eq(step), step.eq(0)]
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

    def _count_timesteps(self, m: Module, step: Signal) -> tuple[Value, Value]:
        """Of what is taken in this cycle: whether the scores begin with it, whether it is the last.

        ``step`` is its timestep, from 0, if they are counted here.
        """
        if self._counts_timesteps:
            last = step + 1 == self.timesteps
            m.d.sync += step.eq(step + 1 if self.stops else Mux(last, 0, step + 1))
            return step <= self.skip if self.skips else step == 0, last
        begun = Signal()
        m.d.sync += begun.eq(~self.i.payload.last)
        return ~begun, self.i.payload.last
