"""Sources that keep the rules of timesteps (docs/node.md), as their receiver knows them."""

from amaranth.hdl import Module, Signal, Value

from trispike.models.mesh.node_shape import CREDITS
from trispike.sim.formal.claims import implies

STEP_BITS = 4
"""Timesteps are counted modulo 16, so that two which the chip counts alike, modulo 4, differ."""


def apart(later: Value, earlier: Value) -> Value:
    """How many timesteps lie between two counts."""
    return (later - earlier)[:STEP_BITS]


class Source:
    """One source: it sends spikes of a timestep, ends it, begins the next if it has a credit.

    A receiver does not know how long its flits, and the credits to it, are under way. So this tells
    what *has come* of it, at any time and in any mixture with others, which covers every delay.

    Parameters
    ----------
    name
        For waveforms.
    comes, end
        A flit of it comes in this cycle, and is an end.
    credited
        It is given a credit in this cycle.
    restart
        It begins anew, with timestep 0 and all credits.
    """

    def __init__(
        self, m: Module, name: str, *, comes: Value, end: Value, credited: Value, restart: Value
    ):
        self.ended = Signal(STEP_BITS, name=f"{name}_ended")  # timesteps, so the next one's number
        self.given = Signal(STEP_BITS, name=f"{name}_given")  # credits, beyond those at first
        self.open = Signal(name=f"{name}_open")  # it has begun the next one
        self._comes = comes
        m.d.sync += self.given.eq(self.given + credited)
        with m.If(comes):
            m.d.sync += [self.ended.eq(self.ended + end), self.open.eq(~end)]
        with m.If(restart):
            m.d.sync += [self.ended.eq(0), self.given.eq(0), self.open.eq(0)]

    def keeps_the_rules(self, step: Value) -> Value:
        """Its flit that comes now, of ``step`` modulo 4, may."""
        has_credit = apart(self.ended, self.given) < CREDITS
        return implies(self._comes, (step == self.ended[:2]) & (self.open | has_credit))

    def ahead(self, taken: Value) -> Value:
        """Timesteps that it has ended and that are not ``taken``."""
        return apart(self.ended, taken)

    def works_on(self, taken: Value, after: int) -> Value:
        """Something of the timestep ``after`` those ``taken`` has come of it."""
        ahead = self.ahead(taken)
        return (ahead > after) | (self.open & (ahead == after))
