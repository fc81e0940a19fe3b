"""The processing element: one neuron's integrate-and-fire datapath."""

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from models.numbers import CONSTANT_BITS, POTENTIAL_BITS, WEIGHT_BITS, TernaryCode
from rtl.hierarchy import Block


class PEState(enum.Enum, shape=2):
    """What a PE does at the next clock edge (``i_state`` in TW-SNN fig. 5)."""

    HOLD = 0
    BIAS = 1
    INTEGRATE = 2
    FIRE = 3


class TernaryMultiplexer(wiring.Component):
    """Selects 0, +constant or -constant by a ternary code.

    Purely combinational. The unused code 0b10 selects 0.

    Members
    -------
    code : In(2)
        `models.numbers.TernaryCode`.
    constant : In(signed(8))
        0 to 127.
    product : Out(signed(8))
        -127 to 127.

    Source: TW-SNN sec. 4.1, fig. 5.
    """

    code: In(WEIGHT_BITS)
    constant: In(signed(CONSTANT_BITS))
    product: Out(signed(CONSTANT_BITS))

    def elaborate(self, platform):
        """Build the module."""
        m = Module()
        with m.Switch(self.code):
            with m.Case(TernaryCode.PLUS):
                m.d.comb += self.product.eq(self.constant)
            with m.Case(TernaryCode.MINUS):
                m.d.comb += self.product.eq(-self.constant)
        return m


class ProcessingElement(Block):
    """One neuron: potential register, ternary multiplexer, adder, comparator, spike flip-flop.

    A timestep is ``BIAS`` once, ``INTEGRATE`` for every spike, ``FIRE`` once. ``FIRE`` also loads
    the bias for the next timestep, so back-to-back timesteps cost one cycle besides their spikes.

    ========= =========================== ====================
    state     potential becomes           spike becomes
    ========= =========================== ====================
    HOLD      itself                      itself
    BIAS      b * bias                    itself
    INTEGRATE potential + a * weight      itself
    FIRE      b * bias                    potential > threshold
    ========= =========================== ====================

    Members
    -------
    state : In(PEState)
        From the flow controller, valid every cycle.
    weight, bias : In(2)
        Ternary codes; ``weight`` is looked at in ``INTEGRATE``, ``bias`` in ``BIAS`` and ``FIRE``.
    a, b : In(signed(8))
        Scale constants of weight and bias, 0 to 127.
    threshold : In(signed(18))
        Firing threshold; the comparison is strict.
    potential : Out(signed(18))
        Membrane potential. It cannot overflow: see `models.numbers.MAX_INPUTS`.
    spike : Out(1)
        Output spike of the last timestep, held until the next ``FIRE``.

    Latency: one cycle from ``state`` to ``potential`` and ``spike``.

    Source: TW-SNN sec. 4.1, fig. 5.
    """

    state: In(PEState)
    weight: In(WEIGHT_BITS)
    bias: In(WEIGHT_BITS)
    a: In(signed(CONSTANT_BITS))
    b: In(signed(CONSTANT_BITS))
    threshold: In(signed(POTENTIAL_BITS))
    potential: Out(signed(POTENTIAL_BITS))
    spike: Out(1)

    @property
    def module_name(self) -> str:
        """Name of the Verilog module."""
        return "processing_element"

    def elaborate(self, platform):
        """Build the module."""
        m = Module()
        m.submodules.multiplexer = multiplexer = TernaryMultiplexer()

        # Neither register needs a reset: the flow controller loads the bias before the first
        # spike, and says by `valid` when the spike flip-flop means anything.
        potential = Signal(signed(POTENTIAL_BITS), reset_less=True)
        spike = Signal(reset_less=True)
        m.d.comb += [self.potential.eq(potential), self.spike.eq(spike)]

        integrating = Signal()
        augend = Signal(signed(POTENTIAL_BITS))
        m.d.comb += [
            integrating.eq(self.state == PEState.INTEGRATE),
            multiplexer.code.eq(Mux(integrating, self.weight, self.bias)),
            multiplexer.constant.eq(Mux(integrating, self.a, self.b)),
            augend.eq(Mux(integrating, potential, 0)),
        ]
        with m.If(self.state != PEState.HOLD):
            m.d.sync += potential.eq(augend + multiplexer.product)
        with m.If(self.state == PEState.FIRE):
            m.d.sync += spike.eq(potential > self.threshold)
        return m
