"""Named claims, assumptions and situations of a bench, of which proofs consist.

A bench is a component that holds the unmodified block under proof as ``unit`` and states claims
about it. Its inputs are free: the solver chooses them in every cycle, within the assumptions.
"""

from collections.abc import Iterable, Mapping

from amaranth.hdl import (
    Assert,
    Assume,
    Cat,
    Const,
    Cover,
    Module,
    ResetSignal,
    ShapeLike,
    Signal,
    Value,
)
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

CLAIM, INVARIANT, SITUATION = "claim_", "invariant_", "situation_"
"""Prefixes of the one-bit signals that carry properties; counterexamples and logs show them."""

_NEVER = Const(0, 1)


class Bench(wiring.Component):
    """Base of all benches.

    members: Ports: free inputs, and outputs for counterexamples.
    inside: Registers, or other signals, of the block that invariants name: port of the bench to
        path in the block and shape, ``{"later": ("unit.arbiter.later", 3)}``. The prover connects
        them, so the block needs no extra ports. Those of width 0 are left out.
    prepare: Commands of Yosys that change modules of the bench before it is flattened.
    sources: Files that they read, by name.
    """

    def __init__(
        self,
        members: Mapping,
        inside: Mapping[str, tuple[str, ShapeLike]] | None = None,
        *,
        sources: Mapping[str, str] | None = None,
        prepare: str = "",
    ):
        self.sources, self.prepare = sources or {}, prepare
        wide = {name: at for name, at in (inside or {}).items() if at[1]}
        self.inside = {name: path for name, (path, _) in wide.items()}
        super().__init__({**members, **{name: In(shape) for name, (_, shape) in wide.items()}})

    def join(self, m: Module, unit: wiring.Component, *names: str) -> None:
        """Connect the ports ``names`` of the bench with the same ports of ``unit``."""
        for name in names:
            port, member = getattr(self, name), self.signature.members[name]
            if member.is_signature:
                connect(m, flipped(port), getattr(unit, name))
            elif member.flow is In:
                m.d.comb += getattr(unit, name).eq(port)
            else:
                m.d.comb += port.eq(getattr(unit, name))


class Claims:
    """Adds the properties of a bench to its module ``m``. There is no reset after power-on."""

    def __init__(self, m: Module):
        self._m = m
        self.started = Signal()
        """This cycle is not the first."""
        m.d.comb += Assume(~ResetSignal())
        m.d.sync += self.started.eq(1)

    def always(self, name: str, holds: Value) -> None:
        """Claim that ``holds`` is true in every cycle."""
        self._m.d.comb += Assert(self._named(CLAIM + name, holds))

    def invariant(self, name: str, holds: Value) -> None:
        """The same of registers in the block: proved too, and needed by the induction."""
        self._m.d.comb += Assert(self._named(INVARIANT + name, holds))

    def given(self, holds: Value) -> None:
        """Assume that the condition is true in every cycle."""
        self._m.d.comb += Assume(holds)

    def constant(self, value: Value, *, until: Value = _NEVER) -> None:
        """Assume that ``value`` is arbitrary and changes only after a cycle of ``until``."""
        self.given(implies(self.started & ~self.past(until), value == self.past(value)))

    def reached(self, name: str, happens: Value) -> None:
        """Require that ``happens`` can be true: otherwise the assumptions contradict each other."""
        self._m.d.comb += Cover(self._named(SITUATION + name, happens))

    def past(self, value: Value) -> Signal:
        """``value`` one cycle ago; 0 in the first cycle."""
        was = Signal(len(Value.cast(value)), name=f"past_{getattr(value, 'name', 'value')}")
        self._m.d.sync += was.eq(value)
        return was

    def _named(self, name: str, value: Value) -> Signal:
        signal = Signal(name=name)
        self._m.d.comb += signal.eq(Value.cast(value).bool())
        return signal


def implies(condition: Value, then: Value) -> Value:
    """``condition`` implies ``then``; each is true if any of its bits is set."""
    return ~Value.cast(condition).bool() | Value.cast(then).bool()


def every(conditions: Iterable[Value]) -> Value:
    """Conjunction of the one-bit ``conditions``."""
    return Cat(Const(1, 1), *conditions).all()


def count(bits: Iterable[Value]) -> Value:
    """Number of set bits."""
    return sum(bits, Const(0, 1))


def at_most_one(bits: Value) -> Value:
    """Whether at most one bit is set."""
    return (bits & (bits - 1)[: len(bits)]) == 0


def exactly_one(bits: Value) -> Value:
    """Whether exactly one bit is set."""
    return at_most_one(bits) & bits.any()


def below(bits: Value) -> Value:
    """Bit k tells whether any bit below k is set in ``bits``."""
    return Cat(bits[:k].any() if k else Const(0, 1) for k in range(len(bits)))
