"""What properties are written with: named claims, assumptions and situations of a bench.

A bench is a component that holds the unmodified block under proof, as ``unit``, and states what is
true of it. Its inputs are free: the solver chooses them in every cycle, within the assumptions.
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
from amaranth.lib.wiring import In

CLAIM, INVARIANT, SITUATION = "claim_", "invariant_", "situation_"
"""Prefixes of the one-bit signals that carry properties; counterexamples and logs show them."""


class Bench(wiring.Component):
    """Base of all benches.

    Parameters
    ----------
    members
        Free inputs, and what else the bench shows.
    inside
        Port of the bench, for a register of the block that invariants speak of, to its path in the
        block and its shape: ``{"later": ("unit.arbiter.later", 3)}``. The prover wires it up, so
        that the block needs no ports for its proof. Registers of no width are left out.
    """

    def __init__(self, members: Mapping, inside: Mapping[str, tuple[str, ShapeLike]] | None = None):
        kept = {name: at for name, at in (inside or {}).items() if at[1]}
        self.inside = {name: path for name, (path, _) in kept.items()}
        super().__init__({**members, **{name: In(shape) for name, (_, shape) in kept.items()}})


class Claims:
    """Properties of the bench whose module is ``m``. There is no reset after power-on."""

    def __init__(self, m: Module):
        self._m = m
        self._started = Signal()
        m.d.comb += Assume(~ResetSignal())
        m.d.sync += self._started.eq(1)

    def always(self, name: str, holds: Value) -> None:
        """State that ``holds`` in every cycle."""
        self._m.d.comb += Assert(self._named(CLAIM + name, holds))

    def invariant(self, name: str, holds: Value) -> None:
        """The same of registers inside the block: proved too, and what induction needs."""
        self._m.d.comb += Assert(self._named(INVARIANT + name, holds))

    def given(self, holds: Value) -> None:
        """Assume it in every cycle."""
        self._m.d.comb += Assume(holds)

    def constant(self, value: Value) -> None:
        """Assume that ``value``, whatever it is, never changes."""
        self.given(implies(self._started, value == self.past(value)))

    def reached(self, name: str, happens: Value) -> None:
        """State that ``happens`` can be: otherwise the assumptions leave nothing to prove."""
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
    """``then``, wherever ``condition``; both of one bit or more, true if not 0."""
    return ~Value.cast(condition).bool() | Value.cast(then).bool()


def every(conditions: Iterable[Value]) -> Value:
    """All of ``conditions``, of one bit each."""
    return Cat(Const(1, 1), *conditions).all()


def count(bits: Iterable[Value]) -> Value:
    """How many of ``bits`` are set."""
    return sum(bits, Const(0, 1))


def at_most_one(bits: Value) -> Value:
    """No two of ``bits`` are set."""
    return (bits & (bits - 1)[: len(bits)]) == 0


def exactly_one(bits: Value) -> Value:
    """One of ``bits`` is set."""
    return at_most_one(bits) & bits.any()


def below(bits: Value) -> Value:
    """In bit k whether a bit below k is set in ``bits``."""
    return Cat(bits[:k].any() if k else Const(0, 1) for k in range(len(bits)))
