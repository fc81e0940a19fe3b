"""Claims about `rtl.neuron.pe.ProcessingElement`: its clock's enable misses no change."""

from collections.abc import Callable

from amaranth.hdl import Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias, Threshold
from trispike.models.network.numbers import (
    CONSTANT_BITS,
    POTENTIAL_BITS,
    WEIGHT_BITS,
    TernaryCode,
)
from trispike.rtl.neuron.pe import PEState, ProcessingElement
from trispike.sim.formal.claims import Bench, Claims, every, implies

POTENTIAL = signed(POTENTIAL_BITS)


def multiple(constant: Value, codes: list[Value]) -> Value:
    """``constant`` times the sum of ternary ``codes``."""
    digits = (Mux(code == TernaryCode.PLUS, 1, -(code == TernaryCode.MINUS)) for code in codes)
    return constant * sum(digits, Const(0, signed(2)))


def scaled(m: Module, unit, constant: Value) -> None:
    """Give ``unit`` the multiples of ``constant`` that a layer's scale gives its PEs."""
    for k, (plus, minus) in enumerate(zip(unit.plus, unit.minus, strict=True), start=1):
        m.d.comb += [plus.eq(constant * k), minus.eq(constant * -k)]


def weights_given(claims: Claims, weights: data.View, *, adding: Value) -> None:
    """Assume that of several lanes none has a spike but where a PE is ``adding``."""
    if len(list(weights)) > 1:
        claims.given(implies(~adding, weights.as_value() == 0))


def weight_situations(claims: Claims, weights: data.View, *, adding: Value) -> None:
    """Show weights that are 0, one that is not in the last lane alone, and sums that cancel."""
    *others, last = weights
    others_silent = every(code == TernaryCode.ZERO for code in others)
    claims.reached("weights_are_0", adding & others_silent & (last == TernaryCode.ZERO))
    claims.reached("last_lane_alone", adding & others_silent & (last == TernaryCode.MINUS))
    if others:
        cancel = (others[0] == TernaryCode.PLUS) & (last == TernaryCode.MINUS)
        claims.reached("weights_cancel", adding & cancel)


class PEBench(Bench):
    """A PE beside its table, in registers that are clocked in every cycle; all inputs are free."""

    def __init__(
        self,
        *,
        lanes: int = 1,
        threshold: Threshold = Threshold.ONE,
        bias: Bias = Bias.TERNARY,
        unit: Callable = ProcessingElement,
    ):
        self._own_bias, self._fires = bias is Bias.EACH, threshold is not Threshold.NONE
        self._element = lambda: unit(lanes=lanes, threshold=threshold, bias=bias)
        super().__init__(
            {
                "state": In(PEState),
                "weights": In(data.ArrayLayout(WEIGHT_BITS, lanes)),
                "bias": In(POTENTIAL if self._own_bias else WEIGHT_BITS),
                "constant": In(signed(CONSTANT_BITS)),
                "threshold": In(POTENTIAL),
                "potential": Out(POTENTIAL),
                "output": Out(Shape(1) if self._fires else POTENTIAL),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._element()
        claims = Claims(m)
        self.join(m, unit, "state", "weights", "bias", "potential")
        scaled(m, unit, self.constant)
        if self._fires:
            self.join(m, unit, "threshold")
        m.d.comb += self.output.eq(unit.spike if self._fires else unit.result)
        adding, firing = self.state == PEState.INTEGRATE, self.state == PEState.FIRE
        starting = (self.state == PEState.BIAS) | firing
        claims.given(self.constant >= 0)
        weights_given(claims, self.weights, adding=adding)
        if self._own_bias:
            claims.given(implies(starting, self.constant == 0))
        potential, output = self._specify(m)
        claims.always("potential", self.potential == potential)
        claims.always("output", self.output == output)
        weight_situations(claims, self.weights, adding=adding)
        if self._fires:
            claims.reached("fires", self.output & claims.past(adding) & (potential != 0))
        claims.reached("fires_from_another_potential", firing & (potential == 77))
        return m

    def _specify(self, m: Module) -> tuple[Signal, Signal]:
        """What the PE's potential and spike, or result, must be."""
        potential = Signal(POTENTIAL, name="specified_potential")
        output = Signal.like(self.output, name="specified_output")
        start = self.bias if self._own_bias else multiple(self.constant, [self.bias])
        following, given_out = Signal(POTENTIAL), Signal.like(output)
        m.d.comb += [following.eq(potential), given_out.eq(output)]
        with m.Switch(self.state):
            with m.Case(PEState.BIAS):
                m.d.comb += following.eq(start)
            with m.Case(PEState.INTEGRATE):
                m.d.comb += following.eq(potential + multiple(self.constant, list(self.weights)))
            with m.Case(PEState.FIRE):
                fired = potential > self.threshold
                m.d.comb += [
                    following.eq(start),
                    given_out.eq(fired if self._fires else potential),
                ]
        m.d.sync += [potential.eq(following), output.eq(given_out)]
        return potential, output
