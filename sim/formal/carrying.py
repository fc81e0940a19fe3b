"""Claims about `rtl.neuron.carrying.CarryingElement`: its clocks' enables miss no change."""

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias, Layer
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.numbers import (
    CONSTANT_BITS,
    POTENTIAL_BITS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
    WEIGHT_BITS,
)
from trispike.rtl.neuron.carrying import CarryingElement
from trispike.rtl.neuron.operations import Operation, sequence
from trispike.sim.formal.claims import Bench, Claims, every
from trispike.sim.formal.pe import POTENTIAL, multiple, scaled, weight_situations, weights_given

_SUM = signed(POTENTIAL_BITS + 1)


class CarryingBench(Bench):
    """A PE that carries beside its table, in registers that are clocked in every cycle.

    All inputs are free; operations come in any order.

    shape: The layer whose PE it is. Its step is the threshold; one that keeps states in memory has
        a synapse and spikes once.
    """

    def __init__(self, *, shape: Layer, unit: Callable = CarryingElement):
        self._shape, self._unit = shape, unit
        neuron, kept = shape.neuron, shape.kept_bits
        super().__init__(
            {
                "state": In(Operation),
                "clear": In(1),
                "weights": In(data.ArrayLayout(WEIGHT_BITS, shape.lanes)),
                "bias": In(POTENTIAL if shape.bias is Bias.EACH else WEIGHT_BITS),
                "constant": In(signed(CONSTANT_BITS)),
                "threshold": In(POTENTIAL),
                "potential": Out(POTENTIAL),
                "spike": Out(1),
                **({"restore": In(1), "restored": In(kept), "kept": Out(kept)} if kept else {}),
            },
            {
                "sum": ("unit.potential", _SUM),
                **({"current": ("unit.current", _SUM)} if neuron.synapse else {}),
                **({"spiked": ("unit.spiked", 1)} if neuron.once else {}),
            },
        )

    def elaborate(self, platform):
        m = Module()
        shape, state = self._shape, self.state
        m.submodules.unit = unit = self._unit(shape=shape)
        claims = Claims(m)
        self.join(m, unit, "state", "clear", "weights", "bias", "threshold", "potential", "spike")
        scaled(m, unit, self.constant)
        total, current, spike, spiked = self._specify(m)
        potential = _cut(total)
        if shape.kept_bits:
            self.join(m, unit, "restore", "restored", "kept")
            cut = [value[:POTENTIAL_BITS] for value in (potential, _cut(current))]
            claims.always("kept", self.kept == Cat(*cut, spiked))
            claims.reached("restored", claims.past(self.restore) & (spiked & ~spike))
        used = {Operation.HOLD, Operation.BEGIN, Operation.INTEGRATE, *sequence(shape)}
        adding = (state == Operation.BEGIN) | (state == Operation.INTEGRATE)
        claims.given(every(state != each for each in Operation if each not in used))
        claims.given(self.constant >= 0)
        weights_given(claims, self.weights, adding=adding)
        claims.always("potential", self.potential == potential)
        claims.always("spike", self.spike == spike)
        claims.invariant("sum", self.sum == total)
        if shape.neuron.synapse:
            claims.invariant("current", self.current == current)
        if shape.neuron.once:
            claims.invariant("spiked", self.spiked == spiked)
        weight_situations(claims, self.weights, adding=state == Operation.INTEGRATE)
        claims.reached("cut", total > POTENTIAL_MAX)
        claims.reached("fires", spike & claims.past(potential < 100))
        return m

    def _specify(self, m: Module) -> tuple[Signal, Signal, Signal, Signal]:
        """What potential and current, not cut, must be, the spike, and whether it has spiked."""
        neuron = self._shape.neuron
        total, current = Signal(_SUM, name="specified_sum"), Signal(_SUM, name="specified_current")
        spike, spiked = Signal(name="specified_spike"), Signal(name="specified_spiked")
        potential, current_cut = _cut(total), _cut(current)
        added = multiple(self.constant, list(self.weights))
        own_bias = self._shape.bias is Bias.EACH
        bias = self.bias if own_bias else multiple(self.constant, [self.bias])
        leaks_late = (neuron.order, neuron.reset) == (Order.RESET_FIRST, Reset.SUBTRACT)
        fired = (potential > self.threshold) & ~(spiked & neuron.once)
        next_total, next_current = Signal(_SUM), Signal(_SUM)
        m.d.comb += [next_total.eq(total), next_current.eq(current)]
        with m.Switch(self.state):
            with m.Case(Operation.BEGIN, Operation.INTEGRATE):
                start = Mux(self.state == Operation.BEGIN, potential, total)
                m.d.comb += next_total.eq(total if neuron.synapse else start + added)
                m.d.comb += next_current.eq(current + added)
            with m.Case(Operation.CURRENT):
                m.d.comb += next_total.eq(potential + current_cut)
            with m.Case(Operation.BIAS):
                m.d.comb += next_total.eq(potential + bias)
            with m.Case(Operation.FIRE):
                leaked = potential if leaks_late else _decayed(potential, neuron.leak)
                m.d.comb += next_total.eq(leaked if neuron.carries else 0)
                m.d.comb += next_current.eq(_decayed(current_cut, neuron.synapse))
                m.d.sync += [spike.eq(fired), spiked.eq(spiked | fired)]
            with m.Case(Operation.RESET):
                reset = 0 if neuron.reset is Reset.ZERO else potential - self.threshold
                m.d.comb += next_total.eq(Mux(spike, reset, total))
            with m.Case(Operation.LEAK):
                m.d.comb += next_total.eq(_decayed(potential, neuron.leak))
        m.d.sync += [total.eq(next_total), current.eq(next_current)]
        if self._shape.kept_bits:
            with m.If(self.restore):
                lower, upper = self.restored[:POTENTIAL_BITS], self.restored[POTENTIAL_BITS:-1]
                m.d.sync += [
                    total.eq(lower.as_signed()),
                    current.eq(upper.as_signed()),
                    spiked.eq(self.restored[-1]),
                ]
        with m.If(self.clear):
            m.d.sync += [total.eq(0), current.eq(0), spiked.eq(0)]
        return total, current, spike, spiked


def _cut(total: Value) -> Value:
    """``total`` within a potential's range."""
    within = Mux(total < POTENTIAL_MIN, POTENTIAL_MIN, total)
    return Mux(total > POTENTIAL_MAX, POTENTIAL_MAX, within)


def _decayed(value: Value, shifts: tuple[int, ...]) -> Value:
    """``value``, less what it loses by ``shifts``."""
    return value - sum((value >> k for k in shifts), Const(0, 1))
