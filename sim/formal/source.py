"""Sources that keep the rules of timesteps (docs/node.md), as their receiver sees them."""

from amaranth.hdl import Module, Signal, Value

from trispike.models.mesh.node_shape import CREDITS
from trispike.sim.formal.claims import implies

STEP_BITS = 4
"""Timesteps are counted modulo 16, to tell apart timesteps that the chip counts modulo 4."""


def apart(later: Value, earlier: Value) -> Value:
    """Timesteps between two counts."""
    return (later - earlier)[:STEP_BITS]


class Source:
    """One source: it sends the spikes of a timestep, ends it, and begins the next with a credit.

    Flits and credits may have any delay. The source is therefore modelled by the flits that *have
    arrived*, at any time and interleaved with others in any way, which covers every delay.

    name: For waveforms.
    comes, end: A flit of this source arrives in this cycle, and it is an end.
    credited: The source gets a credit in this cycle.
    restart: The source starts again, with timestep 0 and all credits.
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
        """Whether it may send the flit that arrives now, of ``step`` modulo 4."""
        has_credit = apart(self.ended, self.given) < CREDITS
        return implies(self._comes, (step == self.ended[:2]) & (self.open | has_credit))

    def ahead(self, taken: Value) -> Value:
        """Timesteps that it has ended and the receiver has not ``taken``."""
        return apart(self.ended, taken)

    def works_on(self, taken: Value, after: int) -> Value:
        """Whether a flit of the timestep ``after`` those ``taken`` has arrived."""
        ahead = self.ahead(taken)
        return (ahead > after) | (self.open & (ahead == after))
