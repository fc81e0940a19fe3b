"""The processing element of a neuron that carries something from one timestep to the next."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Bias, Layer, Step
from trispike.models.network.neuron import Reset
from trispike.models.network.numbers import (
    POTENTIAL_BITS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
    WEIGHT_BITS,
)
from trispike.rtl.hierarchy import Block, lanes_suffix, parameters_suffix
from trispike.rtl.neuron.operations import Operation, leaks_after_reset
from trispike.rtl.neuron.pe import TernaryMultiplexer, multiples_layout
from trispike.rtl.neuron.scale import constant_bits
from trispike.rtl.parameters import Parameter

_POTENTIAL = signed(POTENTIAL_BITS)
_SUM = signed(POTENTIAL_BITS + 1)


def _saturated(m: Module, total: Value, name: str) -> Signal:
    """``total``, which has a bit more than a potential, cut to a potential's range."""
    cut = Signal(_POTENTIAL, name=name)
    m.d.comb += cut.eq(total)
    with m.If(total[-1] != total[-2]):
        m.d.comb += cut.eq(Mux(total[-1], POTENTIAL_MIN, POTENTIAL_MAX))
    return cut


def _part(value: Value, shifts: tuple[int, ...]) -> Value:
    """What ``value`` loses as it decays."""
    return sum((value >> k for k in shifts), start=C(0, 1))


class CarryingElement(Block):
    """One neuron with a state: registers of what it carries on, one adder for each, comparator.

    A timestep is ``BEGIN`` for its first spikes, ``INTEGRATE`` for the others, and then
    `rtl.neuron.operations.sequence`. The potential's register has a bit more than a potential:
    what a timestep adds to it fits, in any order, and is cut to 18 bits as it is next read. So is
    the current's.

    ========= =================================== =====================================
    state     potential becomes                   current becomes, of a synapse
    ========= =================================== =====================================
    HOLD      itself                              itself
    BEGIN     cut + a * sum(weights)              current + a * sum(weights)
    INTEGRATE potential + a * sum(weights)        current + a * sum(weights)
    CURRENT   cut + cut current                   itself
    BIAS      cut + bias                          itself
    FIRE      cut, less its leak                  cut, less its decay
    RESET     cut - step, or 0, if it has spiked  itself
    LEAK      cut, less its leak                  itself
    ========= =================================== =====================================

    With a synapse BEGIN and INTEGRATE leave the potential as it is. One that is not carried on is 0
    after FIRE. Registers are clocked where the table changes them: where all weights are 0, not in
    INTEGRATE, nor the current's in BEGIN; without a spike not in RESET.

    ``shape``: the layer whose neuron it is.

    Members
    -------
    state : In(Operation)
        From the flow controller, valid every cycle.
    clear : In(1)
        An image ends with this cycle, or none has begun: the state becomes zero.
    weights : In(ArrayLayout(2, lanes))
        As of `rtl.neuron.pe.ProcessingElement`.
    bias : In(2) or In(signed(18))
        Ternary code, or the bias itself; looked at in ``BIAS``.
    plus, minus : In(multiples_layout(lanes, bits))
        Multiples of the scale constant, and their negatives: of a in ``BEGIN`` and ``INTEGRATE``,
        of b in ``BIAS`` (`rtl.neuron.scale.Scale`).
    threshold, step : In(signed(18))
        What is compared with the potential, and what a spike subtracts. The first is not there in a
        neuron that never fires, the second only where it is not the threshold.
    potential : Out(signed(18))
        Membrane potential, cut to 18 bits; in ``FIRE`` it is what is compared.
    restore : In(1), restored : In(kept_bits), kept : Out(kept_bits)
        The state becomes ``restored``, unless it is cleared; what it is. Only there where it goes
        to a memory meanwhile (`models.network.layers.Convolution.kept_bits`).
    spike : Out(1) or result : Out(signed(18))
        As of `rtl.neuron.pe.ProcessingElement`.

    Latency: one cycle from ``state`` to ``potential`` and ``spike``.

    Source: `models.network.neuron.Neuron`.
    """

    shape = Parameter(Layer)

    def __init__(self, *, shape: Layer):
        self.shape = shape
        lanes, bits = shape.lanes, constant_bits(shape)
        own_bias = shape.bias is Bias.EACH
        ports = {
            "state": In(Operation),
            "clear": In(1),
            "weights": In(data.ArrayLayout(WEIGHT_BITS, lanes)),
            "bias": In(_POTENTIAL if own_bias else WEIGHT_BITS),
            "plus": In(multiples_layout(lanes, bits)),
            "minus": In(multiples_layout(lanes, bits)),
            "potential": Out(_POTENTIAL),
            **({"threshold": In(_POTENTIAL), "spike": Out(1)} if shape.fires else {}),
            **({} if shape.fires else {"result": Out(_POTENTIAL)}),
            **({} if shape.step is Step.THRESHOLD else {"step": In(_POTENTIAL)}),
        }
        if kept := shape.kept_bits:
            ports |= {"restore": In(1), "restored": In(kept), "kept": Out(kept)}
        super().__init__(ports)

    @property
    def module_name(self) -> str:
        kept = "_kept" * bool(self.shape.kept_bits)
        suffix = f"{lanes_suffix(self.shape.lanes)}{parameters_suffix(self.shape)}{kept}"
        return f"processing_element{suffix}"

    def elaborate(self, platform):
        m = Module()
        neuron = self.shape.neuron
        multiplexer = self._multiplexer(m)
        product = multiplexer.product
        potential = Signal(_SUM, reset_less=True)
        cut = _saturated(m, potential, "cut")
        m.d.comb += self.potential.eq(cut)
        spiked = self._fire(m, cut)

        augend, addend, subtract = Signal(_SUM), Signal(_POTENTIAL), Signal()
        leak = _part(cut, neuron.leak)
        m.d.comb += augend.eq(cut)
        if neuron.synapse:
            current, current_cut = self._integrate_current(m, multiplexer)
        with m.Switch(self.state):
            if neuron.synapse:
                with m.Case(Operation.CURRENT):
                    m.d.comb += addend.eq(current_cut)
            else:
                with m.Case(Operation.BEGIN):
                    m.d.comb += addend.eq(product)
                with m.Case(Operation.INTEGRATE):
                    m.d.comb += [augend.eq(potential), addend.eq(product)]
            with m.Case(Operation.BIAS):
                m.d.comb += addend.eq(self.bias if self.shape.bias is Bias.EACH else product)
            with m.Case(Operation.FIRE):
                if not neuron.carries:
                    m.d.comb += augend.eq(0)
                elif neuron.leak and not leaks_after_reset(self.shape):
                    m.d.comb += [addend.eq(leak), subtract.eq(1)]
            if neuron.carries and self.shape.fires:
                with m.Case(Operation.RESET), m.If(self.spike):
                    if neuron.reset is Reset.ZERO:
                        m.d.comb += augend.eq(0)
                    else:
                        own = self.shape.step is not Step.THRESHOLD
                        m.d.comb += [
                            addend.eq(self.step if own else self.threshold),
                            subtract.eq(1),
                        ]
            if leaks_after_reset(self.shape):
                with m.Case(Operation.LEAK):
                    m.d.comb += [addend.eq(leak), subtract.eq(1)]
        moves = self._moves(m, multiplexer)
        with m.If(self.clear):
            m.d.sync += potential.eq(0)
        with m.Elif(moves):
            m.d.sync += potential.eq(augend + Mux(subtract, ~addend, addend) + subtract)
        if self.shape.kept_bits:
            carried = [(potential, cut)] if neuron.carries else []
            carried += [(current, current_cut)] if neuron.synapse else []
            carried += [(spiked, spiked)] if neuron.once else []
            self._exchange(m, carried)
        return m

    def _moves(self, m: Module, multiplexer: TernaryMultiplexer) -> Signal:
        """Whether the potential may become another one."""
        moves = Signal()
        neuron = self.shape.neuron
        with m.Switch(self.state):
            with m.Case(Operation.HOLD):
                pass
            with m.Case(Operation.BEGIN):
                m.d.comb += moves.eq(not neuron.synapse)
            with m.Case(Operation.INTEGRATE):
                m.d.comb += moves.eq(0 if neuron.synapse else ~multiplexer.zero)
            if neuron.carries and self.shape.fires:
                with m.Case(Operation.RESET):
                    m.d.comb += moves.eq(self.spike)
            with m.Default():
                m.d.comb += moves.eq(1)
        return moves

    def _exchange(self, m: Module, carried: list[tuple[Signal, Value]]) -> None:
        """Show the registers that make the state, by their values, and load them."""
        m.d.comb += self.kept.eq(Cat(value for _, value in carried))
        first = 0
        for register, value in carried:
            part = self.restored[first : first + len(value)]
            first += len(value)
            with m.If(self.restore & ~self.clear):
                m.d.sync += register.eq(part.as_signed() if value.shape().signed else part)

    def _multiplexer(self, m: Module) -> TernaryMultiplexer:
        """Gives the multiple to add: of this cycle's weights, or of the ternary bias."""
        shape = self.shape
        multiplexer = TernaryMultiplexer(lanes=shape.lanes, bits=constant_bits(shape))
        m.submodules.multiplexer = multiplexer
        m.d.comb += [
            multiplexer.codes.eq(self.weights),
            multiplexer.plus.eq(self.plus),
            multiplexer.minus.eq(self.minus),
        ]
        if shape.bias is Bias.TERNARY:
            with m.If(self.state == Operation.BIAS):
                m.d.comb += multiplexer.codes[0].eq(self.bias)
        return multiplexer

    def _fire(self, m: Module, cut: Value) -> Signal | None:
        """The spike, or the potential in its place; returns who has spiked before, of ``once``."""
        if not self.shape.fires:
            with m.If(self.state == Operation.FIRE):
                m.d.sync += self.result.eq(cut)
            return None
        spiked = None
        spike = Signal(reset_less=True)
        fires = cut > self.threshold
        m.d.comb += self.spike.eq(spike)
        if self.shape.neuron.once:
            spiked = Signal(reset_less=True)
            fires = fires & ~spiked
            with m.If(self.clear):
                m.d.sync += spiked.eq(0)
            with m.Elif((self.state == Operation.FIRE) & fires):
                m.d.sync += spiked.eq(1)
        with m.If(self.state == Operation.FIRE):
            m.d.sync += spike.eq(fires)
        return spiked

    def _integrate_current(
        self, m: Module, multiplexer: TernaryMultiplexer
    ) -> tuple[Signal, Signal]:
        """The synaptic current, and the same cut to 18 bits."""
        current = Signal(_SUM, reset_less=True)
        cut = _saturated(m, current, "cut_current")
        with m.If(self.clear):
            m.d.sync += current.eq(0)
        with m.Elif((self.state == Operation.BEGIN) | (self.state == Operation.INTEGRATE)):
            with m.If(~multiplexer.zero):
                m.d.sync += current.eq(current + multiplexer.product)
        with m.Elif(self.state == Operation.FIRE):
            m.d.sync += current.eq(cut - _part(cut, self.shape.neuron.synapse))
        return current, cut
