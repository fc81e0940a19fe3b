"""The processing element: one neuron's integrate-and-fire datapath."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias, Threshold
from trispike.models.network.numbers import CONSTANT_BITS, POTENTIAL_BITS, WEIGHT_BITS, TernaryCode
from trispike.rtl.hierarchy import Block, lanes_suffix
from trispike.rtl.parameters import Parameter


class PEState(enum.Enum, shape=2):
    """What a PE does at the next clock edge (``i_state`` in TW-SNN fig. 5)."""

    HOLD = 0
    BIAS = 1
    INTEGRATE = 2
    FIRE = 3


def multiples_layout(lanes: int, bits: int = CONSTANT_BITS) -> data.ArrayLayout:
    """Layout of a constant's multiples 1 to ``lanes``; element k is k + 1 times the constant.

    The constant has ``bits``, of which the uppermost is a sign that is 0.
    """
    return data.ArrayLayout(signed(bits + lanes.bit_length() - 1), lanes)


class TernaryMultiplexer(wiring.Component):
    """Sums ternary digits and selects that multiple of a constant.

    Purely combinational. The unused code 0b10 counts as 0. With one lane it is TW-SNN's ternary
    multiplexer: 0, +constant or -constant.

    - ``lanes``: number of digits.
    - ``bits``: width of the constant, with a sign that is 0.

    Members
    -------
    codes : In(ArrayLayout(2, lanes))
        `models.network.numbers.TernaryCode` of each digit.
    plus, minus : In(multiples_layout(lanes, bits))
        Multiples of the constant, which is 0 to 127, and their negatives.
    product : Out(signed(bits + log2(lanes)))
        -127 * lanes to 127 * lanes.
    zero : Out(1)
        No code stands for a weight other than 0. Sums of digits that cancel are not told.

    Source: TW-SNN sec. 4.1, fig. 5.
    """

    lanes = Parameter(int, least=1)
    bits = Parameter(int, least=1)

    def __init__(self, *, lanes: int, bits: int = CONSTANT_BITS):
        self.lanes, self.bits = lanes, bits
        multiples = multiples_layout(lanes, bits)
        super().__init__(
            {
                "codes": In(data.ArrayLayout(WEIGHT_BITS, lanes)),
                "plus": In(multiples),
                "minus": In(multiples),
                "product": Out(multiples.elem_shape),
                "zero": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        codes = [self.codes[lane] for lane in range(self.lanes)]
        m.d.comb += self.zero.eq(~Cat(code[0] for code in codes).any())
        digits = [Cat(code[0], code == TernaryCode.MINUS).as_signed() for code in codes]
        while len(digits) > 1:  # a tree: pairs, pairs of pairs
            digits = [low + high for low, high in zip(digits[::2], digits[1::2], strict=True)]
        total = Signal(range(-self.lanes, self.lanes + 1))
        m.d.comb += total.eq(digits[0])
        with m.Switch(total):
            for k in range(1, self.lanes + 1):
                with m.Case(k):
                    m.d.comb += self.product.eq(self.plus[k - 1])
                with m.Case(-k):
                    m.d.comb += self.product.eq(self.minus[k - 1])
        return m


class ProcessingElement(Block):
    """One neuron: potential register, ternary multiplexer, adder, comparator, spike flip-flop.

    A timestep is ``BIAS`` once, ``INTEGRATE`` for every cycle with spikes, ``FIRE`` once. ``FIRE``
    also loads the bias for the next timestep, so back-to-back timesteps cost one cycle besides
    those with spikes.

    ========= ============================== ====================
    state     potential becomes              spike becomes
    ========= ============================== ====================
    HOLD      itself                         itself
    BIAS      b * bias                       itself
    INTEGRATE potential + a * sum(weights)   itself
    FIRE      b * bias                       potential > threshold
    ========= ============================== ====================

    The registers are clocked where the table changes the potential: not in ``HOLD``, nor in
    ``INTEGRATE`` where all weights are 0 (``zero`` of `TernaryMultiplexer`).

    A neuron with an 18-bit bias of its own starts from that in place of b * bias. One that never
    fires keeps its potential in place of a spike, and has no comparator.

    - ``lanes``: weights that can be added in one cycle: 1, 2, 4 or 8.
    - ``threshold``, ``bias``: whether the neuron has a threshold, and how wide its bias is.
    - ``bits``: width of the scale constants, with a sign that is 0.

    Members
    -------
    state : In(PEState)
        From the flow controller, valid every cycle.
    weights : In(ArrayLayout(2, lanes))
        Ternary code of the weight of each lane's spike, ``ZERO`` in a lane without one. With one
        lane it is looked at only in ``INTEGRATE``; with several, no lane has a spike outside it.
    bias : In(2) or In(signed(18))
        Ternary code, or the bias itself; looked at in ``BIAS`` and ``FIRE``.
    plus, minus : In(multiples_layout(lanes, bits))
        Multiples of the scale constant, and their negatives: of a in ``INTEGRATE``, of b in
        ``BIAS`` and ``FIRE``, 0 in ``HOLD`` (`rtl.neuron.scale.Scale`).
    threshold : In(signed(18))
        Firing threshold; the comparison is strict. Not there in a neuron that never fires.
    potential : Out(signed(18))
        Membrane potential. It cannot overflow: see `models.network.parameters.LayerParameters`.
    spike : Out(1)
        Output spike of the last timestep, held until the next ``FIRE``.
    result : Out(signed(18))
        In place of ``threshold`` and ``spike`` in a neuron that never fires: potential of the last
        timestep, held until the next ``FIRE``.

    Latency: one cycle from ``state`` to ``potential`` and ``spike``.

    Source: TW-SNN sec. 4.1, fig. 5.
    """

    def __init__(
        self,
        *,
        lanes: int = 1,
        threshold: Threshold = Threshold.ONE,
        bias: Bias = Bias.TERNARY,
        bits: int = CONSTANT_BITS,
    ):
        self._lanes, self._has_threshold = lanes, threshold is not Threshold.NONE
        self._bits = bits
        self._own_bias = bias is Bias.EACH
        ports = {
            "state": In(PEState),
            "weights": In(data.ArrayLayout(WEIGHT_BITS, lanes)),
            "bias": In(signed(POTENTIAL_BITS) if self._own_bias else WEIGHT_BITS),
            "plus": In(multiples_layout(lanes, bits)),
            "minus": In(multiples_layout(lanes, bits)),
        }
        if self._has_threshold:
            ports["threshold"] = In(signed(POTENTIAL_BITS))
        ports["potential"] = Out(signed(POTENTIAL_BITS))
        ports |= (
            {"spike": Out(1)} if self._has_threshold else {"result": Out(signed(POTENTIAL_BITS))}
        )
        super().__init__(ports)

    @property
    def module_name(self) -> str:
        silent = "" if self._has_threshold else "_silent"
        bias = "_biases" if self._own_bias else ""
        bits = "" if self._bits == CONSTANT_BITS else f"_{self._bits}_bits"
        return f"processing_element{lanes_suffix(self._lanes)}{silent}{bias}{bits}"

    def elaborate(self, platform):
        m = Module()
        multiplexer = TernaryMultiplexer(lanes=self._lanes, bits=self._bits)
        m.submodules.multiplexer = multiplexer

        # No register needs a reset: the flow controller loads the bias before the first spike, and
        # says by `valid` when the spike flip-flop means anything.
        potential = Signal(signed(POTENTIAL_BITS), reset_less=True)
        m.d.comb += self.potential.eq(potential)
        if self._has_threshold:
            spike = Signal(reset_less=True)
            m.d.comb += self.spike.eq(spike)

        starting = Signal()
        augend = Signal(signed(POTENTIAL_BITS))
        first_code = Mux(starting, self.bias[:WEIGHT_BITS], self.weights[0])
        m.d.comb += [
            starting.eq((self.state == PEState.BIAS) | (self.state == PEState.FIRE)),
            multiplexer.codes.eq(self.weights),
            *(() if self._own_bias else (multiplexer.codes[0].eq(first_code),)),
            multiplexer.plus.eq(self.plus),
            multiplexer.minus.eq(self.minus),
            augend.eq(Mux(starting, self.bias if self._own_bias else 0, potential)),
        ]
        firing = self.state == PEState.FIRE
        with m.If(starting | ((self.state == PEState.INTEGRATE) & ~multiplexer.zero)):
            m.d.sync += potential.eq(augend + multiplexer.product)
            if self._has_threshold:  # in the same clock: one gate does for both
                exceeds = potential > self.threshold
                m.d.sync += spike.eq((exceeds & firing) | (spike & ~firing))
        if not self._has_threshold:
            with m.If(firing):
                m.d.sync += self.result.eq(potential)
        return m
