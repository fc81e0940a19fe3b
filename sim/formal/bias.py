"""Claims about `rtl.layers.flow.FlowController`: PEs that load their bias once start from it."""

from collections.abc import Callable

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias, Layer
from trispike.models.network.numbers import CONSTANT_BITS, WEIGHT_BITS
from trispike.rtl.layers.flow import FlowController, Slot
from trispike.rtl.layers.lanes import spikes_layout
from trispike.rtl.layers.layer import processing_element
from trispike.rtl.neuron.pe import PEState, ProcessingElement
from trispike.rtl.neuron.scale import Scale
from trispike.sim.formal.claims import Bench, Claims, implies
from trispike.sim.formal.pe import POTENTIAL, multiple


class BiasBench(Bench):
    """A flow controller, a PE, and one like it that loads its bias in each cycle between timesteps.

    shape: The layer whose PEs they are. Spikes come at any time, with any weights.
    """

    def __init__(self, *, shape: Layer, unit: Callable = FlowController):
        self._shape, self._unit = shape, unit
        super().__init__(
            {
                "events": In(stream.Signature(spikes_layout(shape.inputs, shape.lanes))),
                "ready": In(1),
                "reload": In(1),
                "weights": In(WEIGHT_BITS * shape.lanes),
                "a": In(signed(CONSTANT_BITS)),
                "b": In(signed(CONSTANT_BITS)),
                "bias": In(POTENTIAL if shape.bias is Bias.EACH else WEIGHT_BITS),
                "threshold": In(POTENTIAL),
                "state": Out(PEState),
            },
            {"slot": ("unit.slot", 2), "open": ("unit.open_", 1), "stale": ("unit.stale", 1)},
        )

    def elaborate(self, platform):
        m = Module()
        shape = self._shape
        m.submodules.unit = unit = self._unit(inputs=shape.inputs, lanes=shape.lanes)
        claims = Claims(m)
        self.join(m, unit, "events", "ready", "reload", "state")
        between = (self.slot == Slot.EMPTY) & ~self.open
        once = self._neuron(m, "once", self.state)
        always = self._neuron(m, "always", Mux(between, PEState.BIAS, self.state))
        claims.given((self.a >= 0) & (self.b >= 0))
        for value in (self.b, self.bias):
            claims.constant(value, until=self.reload)
        same, firing = Signal(), self.state == PEState.FIRE
        m.d.comb += same.eq(once.potential == always.potential)
        claims.always("same_start", implies((self.state == PEState.INTEGRATE) | firing, same))
        claims.always("same_spike", once.spike == always.spike)
        claims.invariant("same_in_a_timestep", between | same)
        own_bias = shape.bias is Bias.EACH
        start = self.bias if own_bias else multiple(self.b, [self.bias])
        loaded = once.potential == start
        claims.invariant("loaded_unless_stale", implies(~self.stale & ~self.open, loaded))
        held = ~claims.past(self.reload) & between & (self.state == PEState.HOLD)
        claims.reached("holds_its_bias", held & (once.potential != 0))
        claims.reached("fires_at_once", firing & ~self.open & (once.potential != 0))
        claims.reached("fires_after_a_change", firing & (once.potential != start) & ~self.open)
        return m

    def _neuron(self, m: Module, name: str, state: Value) -> ProcessingElement:
        """A PE in ``state``, and what scales its weights."""
        m.submodules[name] = pe = processing_element(self._shape)
        m.submodules[f"scale_{name}"] = scale = Scale(shape=self._shape)
        m.d.comb += [
            scale.state.eq(state),
            scale.a.eq(self.a),
            *([scale.b.eq(self.b)] if self._shape.bias is Bias.TERNARY else []),
            pe.state.eq(state),
            pe.weights.eq(self.weights),
            pe.bias.eq(self.bias),
            pe.plus.eq(scale.plus),
            pe.minus.eq(scale.minus),
            pe.threshold.eq(self.threshold),
        ]
        return pe
