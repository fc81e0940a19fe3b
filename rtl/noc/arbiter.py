"""A round-robin arbiter."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import LowestOne


class RoundRobinArbiter(wiring.Component):
    """Grants one of several requests in round-robin order.

    A waiting request is granted after at most ``width - 1`` others.

    ``width``: number of requests.

    Members
    -------
    requests : In(width)
        The requests.
    grant : Out(width)
        The granted request, one-hot; 0 without a request. Combinational.
    next : In(1)
        The grant was used: its request has the lowest priority from the next cycle on.
    """

    width = Parameter(int, least=1)

    def __init__(self, *, width: int):
        self.width = width
        super().__init__({"requests": In(width), "grant": Out(width), "next": In(1)})

    def elaborate(self, platform):
        m = Module()
        later = Signal(self.width)  # those that come before the rest
        m.submodules.first = first = LowestOne(width=2 * self.width)
        m.d.comb += [
            first.bits.eq(Cat(self.requests & later, self.requests)),
            self.grant.eq(first.one_hot[: self.width] | first.one_hot[self.width :]),
        ]
        with m.If(self.next):
            m.d.sync += later.eq(self._above(self.grant))
        return m

    def _above(self, one_hot: Value) -> Value:
        """All bits above the set one."""
        above, distance = one_hot << 1, 1
        while distance < self.width:
            above |= above << distance
            distance *= 2
        return above[: self.width]
