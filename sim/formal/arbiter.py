"""Claims about `rtl.noc.arbiter.RoundRobinArbiter`."""

from collections.abc import Callable

from amaranth.hdl import Array, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from trispike.rtl.noc.arbiter import RoundRobinArbiter
from trispike.sim.formal.claims import Bench, Claims, at_most_one, below, count, every, implies


class ArbiterBench(Bench):
    """For an arbitrary request ``who``, counts the grants to others while it waits."""

    def __init__(self, *, width: int, unit: Callable = RoundRobinArbiter):
        self._width, self._unit = width, unit
        ports = {"requests": In(width), "next": In(1), "grant": Out(width)}
        super().__init__(
            {**ports, "who": In(max(1, (width - 1).bit_length()))}, {"later": ("unit.later", width)}
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(width=self._width)
        claims = Claims(m)
        self.join(m, unit, "requests", "next", "grant")
        claims.constant(self.who)
        claims.given(self.who < self._width)
        stands, granted = picked(self.requests, self.who), picked(self.grant, self.who)
        waited = Signal(range(self._width + 1))
        with m.If(~stands | granted & self.next):
            m.d.sync += waited.eq(0)
        with m.Elif(self.next):
            m.d.sync += waited.eq(waited + self.grant.any())
        claims.always("one_grant_at_most", at_most_one(self.grant))
        claims.always("grants_only_requests", self.grant & ~self.requests == 0)
        claims.always("grants_if_requested", implies(self.requests, self.grant))
        claims.always("waits_for_others_once", waited < self._width)
        claims.invariant("later_is_above_a_bit", is_order(self.later))
        claims.invariant("others_left", waited + rank(self.later, self.who) < self._width)
        claims.reached("longest_wait", (waited == self._width - 1) & stands & granted & self.next)
        return m


def picked(bits: Value, index: Value) -> Value:
    """Bit ``index`` of ``bits``."""
    return Array(bits)[index]


def is_order(later: Value) -> Value:
    """Whether ``later`` has a value that a grant leaves: all bits above one, or none."""
    return every([~later[0], *(implies(later[k], later[k + 1]) for k in range(len(later) - 1))])


def rank(later: Value, who: Value) -> Value:
    """Number of requests before ``who`` in the order that the register ``later`` gives."""
    own = picked(later, who)
    return count(
        (bit & ~own) | ((bit == own) & (Value.cast(who) > k)) for k, bit in enumerate(later)
    )


def order_after(later: Value, granted: Value) -> Value:
    """Whether ``later`` is the value that the grant ``granted`` leaves."""
    return later == below(granted)
