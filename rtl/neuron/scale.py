"""The scale constants on their way to the PEs: what all PEs of a layer share."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias
from trispike.models.network.numbers import CONSTANT_BITS
from trispike.rtl.neuron.pe import PEState, multiples_layout
from trispike.rtl.parameters import Parameter


class Scale(wiring.Component):
    """Multiples of the constant that a layer's PEs scale by in this cycle, and their negatives.

    Combinational. Made once for a layer, so that a PE is left with selecting one of them.

    - ``lanes``: largest multiple.
    - ``bias``: ternary biases are scaled too; others are not.

    Members
    -------
    state : In(PEState)
        What the PEs do.
    a, b : In(signed(8))
        Scale constants of weights and ternary biases, 0 to 127; ``b`` only if there are those.
    plus, minus : Out(multiples_layout(lanes))
        Multiples of a in ``INTEGRATE``, 0 in ``HOLD``. In ``BIAS`` and ``FIRE`` the first is b, and
        PEs look at no other; 0 without ternary biases.

    Source: TW-SNN sec. 4.1, fig. 5.
    """

    lanes = Parameter(int, least=1)
    bias = Parameter(Bias)

    def __init__(self, *, lanes: int, bias: Bias = Bias.TERNARY):
        self.lanes, self.bias = lanes, bias
        super().__init__(
            {
                "state": In(PEState),
                "a": In(signed(CONSTANT_BITS)),
                **({"b": In(signed(CONSTANT_BITS))} if self.bias is Bias.TERNARY else {}),
                "plus": Out(multiples_layout(lanes)),
                "minus": Out(multiples_layout(lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        width = self.plus[0].shape()
        one = Signal(width)
        with m.Switch(self.state):
            with m.Case(PEState.INTEGRATE):
                m.d.comb += one.eq(self.a)
            if self.bias is Bias.TERNARY:
                with m.Case(PEState.BIAS, PEState.FIRE):
                    m.d.comb += one.eq(self.b)

        multiples = {1: one}  # by shifts and adders: there is no multiplier
        for k in range(2, self.lanes + 1):
            multiples[k] = Signal(width, name=f"multiple_{k}")
            m.d.comb += multiples[k].eq(multiples[k - 1] + one if k % 2 else multiples[k // 2] << 1)
        for k, multiple in multiples.items():
            m.d.comb += [self.plus[k - 1].eq(multiple), self.minus[k - 1].eq(-multiple)]
        return m
