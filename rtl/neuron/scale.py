"""The scale constants on their way to the PEs: what all PEs of a layer share."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias, Layer
from trispike.models.network.numbers import CONSTANT_BITS, PIXEL_BITS
from trispike.rtl.neuron.operations import Operation, states
from trispike.rtl.neuron.pe import PEState, multiples_layout
from trispike.rtl.parameters import Parameter


def constant_bits(shape: Layer) -> int:
    """Width of what a layer of ``shape`` scales by, with a sign that is 0."""
    return (PIXEL_BITS + 1 if shape.pixels else CONSTANT_BITS) + shape.neuron.phases - 1


class Scale(wiring.Component):
    """Multiples of the constant that a layer's PEs scale by in this cycle, and their negatives.

    Combinational. Made once for a layer, so that a PE is left with selecting one of them.

    ``shape``: of the layer; its lanes are the largest multiple.

    Members
    -------
    state : In(PEState) or In(Operation)
        What the PEs do.
    a, b : In(signed(8))
        Scale constants of weights and ternary biases, 0 to 127; ``b`` only if there are those. In a
        layer of pixels ``a`` is In(8), the pixel of this cycle's input.
    shift : In(range(phases))
        Constants are shifted left by so much; only there with weighted spikes.
    plus, minus : Out(multiples_layout(lanes, constant_bits(shape)))
        Multiples of a in ``INTEGRATE`` and ``BEGIN``, 0 in ``HOLD``. In ``BIAS`` (and in ``FIRE``
        for PEs that start from their bias) the first is b, and PEs look at no other; 0 without
        ternary biases.

    Source: TW-SNN sec. 4.1, fig. 5.
    """

    shape = Parameter(Layer)

    def __init__(self, *, shape: Layer):
        self.shape = shape
        phases = shape.neuron.phases
        multiples = multiples_layout(shape.lanes, constant_bits(shape))
        super().__init__(
            {
                "state": In(states(shape)),
                "a": In(PIXEL_BITS if shape.pixels else signed(CONSTANT_BITS)),
                **({"b": In(signed(CONSTANT_BITS))} if shape.bias is Bias.TERNARY else {}),
                **({"shift": In(range(phases))} if phases > 1 else {}),
                "plus": Out(multiples),
                "minus": Out(multiples),
            }
        )

    def elaborate(self, platform):
        m = Module()
        width = self.plus[0].shape()
        one = Signal(width)
        adding, biasing = [PEState.INTEGRATE], [PEState.BIAS, PEState.FIRE]
        if self.shape.neuron.has_state:
            adding, biasing = [Operation.BEGIN, Operation.INTEGRATE], [Operation.BIAS]
        with m.Switch(self.state):
            with m.Case(*adding):
                m.d.comb += one.eq(self.a)
            if self.shape.bias is Bias.TERNARY:
                with m.Case(*biasing):
                    m.d.comb += one.eq(self.b)
        if self.shape.neuron.phases > 1:
            shifted = Signal(width)
            m.d.comb += shifted.eq(one << self.shift)
            one = shifted

        multiples = {1: one}  # by shifts and adders: there is no multiplier
        for k in range(2, self.shape.lanes + 1):
            multiples[k] = Signal(width, name=f"multiple_{k}")
            m.d.comb += multiples[k].eq(multiples[k - 1] + one if k % 2 else multiples[k // 2] << 1)
        for k, multiple in multiples.items():
            m.d.comb += [self.plus[k - 1].eq(multiple), self.minus[k - 1].eq(-multiple)]
        return m
