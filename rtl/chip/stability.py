"""When a label has been stable for long enough."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.numbers import COUNT_BITS
from trispike.rtl.chip.argmax import Argmax
from trispike.rtl.parameters import Parameter


class Stability(wiring.Component):
    """After each timestep, the label so far, and whether the image may end with it.

    - ``n``: number of output neurons, 2 or more.
    - ``shape``: of their scores.

    Members
    -------
    taken : In(1)
        Another timestep goes into the scores with this cycle; not while ``busy``.
    first : In(1)
        With ``taken``: the algorithm begins anew with that timestep.
    scores : In(ArrayLayout(shape, n))
        Spike counts, or sums of potentials.
    stability : In(shape.width + 8)
        Theta.
    busy : Out(1)
        The scores must not change.
    done : Out(1)
        In this cycle, three after ``taken``, ``stable`` is valid and ``busy`` ends.
    stable : Out(1)
        The label has not changed for theta / e timesteps, e being the moving average of the
        difference between the two largest scores, halved at each timestep and rounded down.
    label : Out(log2(n))
        Index of the largest score; valid from ``done`` on.

    Source: Kim 2018, algorithm 1.
    """

    n = Parameter(int, least=2)
    shape = Parameter(Shape)

    def __init__(self, *, n: int, shape: Shape):
        self.n, self.shape = n, shape
        super().__init__(
            {
                "taken": In(1),
                "first": In(1),
                "scores": In(data.ArrayLayout(shape, n)),
                "stability": In(shape.width + COUNT_BITS),
                "busy": Out(1),
                "done": Out(1),
                "stable": Out(1),
                "label": Out(ceil_log2(n)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.argmax = argmax = Argmax(n=self.n, shape=self.shape, shows_gap=True)
        stages = Signal(3)  # a timestep is at work in the stage whose bit is set
        first = Signal(reset_less=True)
        best = Signal.like(argmax.index, reset_less=True)
        gap = Signal.like(argmax.gap, reset_less=True)
        label = Signal.like(argmax.index, reset_less=True)
        average = Signal.like(argmax.gap, reset_less=True)
        count = Signal(COUNT_BITS, reset_less=True)
        m.d.comb += [
            argmax.values.eq(self.scores),
            self.busy.eq(stages.any()),
            self.done.eq(stages[2]),
            self.stable.eq(count * average >= self.stability),
            self.label.eq(label),
        ]
        m.d.sync += stages.eq(Cat(self.taken, stages[:2]))
        with m.If(self.taken):
            m.d.sync += first.eq(self.first)
        with m.If(stages[0]):
            m.d.sync += [best.eq(argmax.index), gap.eq(argmax.gap)]
        with m.If(stages[1]):
            m.d.sync += [
                label.eq(best),
                average.eq((gap + Mux(first, 0, average)) >> 1),
                count.eq(Mux(first | (best != label), 0, count + 1)),
            ]
        return m
