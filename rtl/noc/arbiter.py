"""A round-robin arbiter."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.priority import LowestOne


class RoundRobinArbiter(wiring.Component):
    """Grants one of several requests, each in its turn.

    A request that stands is granted after at most ``width - 1`` others.

    Parameters
    ----------
    width
        Number of requests.

    Members
    -------
    requests : In(width)
        Who asks.
    grant : Out(width)
        The one whose turn it is, one-hot; 0 without a request. Combinational.
    next : In(1)
        The grant was used: all others come before it from the next cycle on.
    """

    def __init__(self, *, width: int):
        self._width = width
        super().__init__({"requests": In(width), "grant": Out(width), "next": In(1)})

    def elaborate(self, platform):
        """Build the module."""
        m = Module()
        later = Signal(self._width)  # those that come before the rest
        m.submodules.first_later = first_later = LowestOne(width=self._width)
        m.submodules.first = first = LowestOne(width=self._width)
        m.d.comb += [
            first_later.bits.eq(self.requests & later),
            first.bits.eq(self.requests),
            self.grant.eq(Mux(first_later.any, first_later.one_hot, first.one_hot)),
        ]
        with m.If(self.next):
            for k in range(self._width):
                m.d.sync += later[k].eq(self.grant[:k].any())
        return m
