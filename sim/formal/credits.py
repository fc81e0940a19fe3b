"""Claims about `rtl.node.sender.CreditCounter`, alone and in its credit loop."""

from collections.abc import Callable

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.node_shape import CREDITS
from trispike.rtl.node.sender import CreditCounter
from trispike.sim.formal.claims import Bench, Claims, implies

_COUNT = range(CREDITS + 2)


class CreditsBench(Bench):
    """A counter, a receiver, and timesteps and credits in flight between them.

    Timesteps and credits in flight arrive after any delay. They are interchangeable, so only their
    numbers are modelled. Without ``keeps_rules`` credits may also arrive that nobody gave.

    keeps_rules: The receiver gives one credit for each timestep that it took, and no others.
    """

    def __init__(self, *, keeps_rules: bool, unit: Callable = CreditCounter):
        self._keeps_rules, self._unit = keeps_rules, unit
        members = {name: In(1) for name in ("clear", "spend", "gain", "moves")}
        members |= {"any": Out(1), "overdrawn": Out(1)}
        super().__init__(members, {"count": ("unit.count", CREDITS.bit_length())})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit()
        claims = Claims(m)
        self.join(m, unit, "clear", "spend", "gain", "any", "overdrawn")
        claims.given(implies(self.spend, self.any))
        claims.given(implies(self.clear, ~self.spend & ~self.gain))
        (self._loop if self._keeps_rules else self._alone)(m, claims)
        claims.invariant("count", self.count <= CREDITS)
        claims.reached("none_left", ~self.any)
        claims.reached("both", self.spend & self.gain)
        return m

    def _alone(self, m: Module, claims: Claims) -> None:
        """The counter holds the credits gained less those spent; a gain above the limit is lost."""
        balance = Signal(_COUNT, init=CREDITS)
        next_balance = balance - self.spend + self.gain
        m.d.sync += balance.eq(Mux(self.clear | (next_balance > CREDITS), CREDITS, next_balance))
        claims.always("any_left", self.any == (balance != 0))
        claims.always("told_if_one_too_many", self.overdrawn == (next_balance > CREDITS))
        claims.invariant("same_count", self.count == balance)
        claims.reached("one_too_many", self.overdrawn)

    def _loop(self, m: Module, claims: Claims) -> None:
        """Every credit is in the counter, spent on a timestep in flight, or in flight back."""
        steps, credits = Signal(_COUNT), Signal(_COUNT)
        m.d.sync += [
            steps.eq(steps + self.spend - self.moves),
            credits.eq(credits + self.moves - self.gain),
        ]
        claims.given(implies(self.moves, steps != 0))
        claims.given(implies(self.gain, credits != 0))
        claims.given(implies(self.clear, (steps == 0) & (credits == 0)))
        claims.always("any_left", self.any == (steps + credits < CREDITS))
        claims.always("never_one_too_many", ~self.overdrawn)
        claims.always("never_more_under_way", steps + credits <= CREDITS)
        claims.invariant("none_lost", self.count + steps + credits == CREDITS)
        claims.reached("one_each_way", (steps == 1) & (credits == 1))
        claims.reached("all_back", (credits == CREDITS) & self.gain)
