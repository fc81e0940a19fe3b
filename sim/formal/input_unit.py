"""Claims about `rtl.noc.input_unit.InputUnit`."""

from collections.abc import Callable

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.noc.flit import FlitStream, Node, destination
from trispike.rtl.noc.input_unit import InputUnit
from trispike.sim.formal.buffer import Queue, inside
from trispike.sim.formal.claims import Bench, Claims, at_most_one, implies
from trispike.sim.formal.route import dead_links, expected


class InputBench(Bench):
    """An input unit whose flits are taken only on request."""

    def __init__(self, *, shape: RouterShape, unit: Callable = InputUnit):
        self._shape, self._unit = shape, unit
        members = {
            "i": In(FlitStream),
            "here": In(Node),
            "alive": In(len(Port)),
            "flit": Out(FLIT_BITS),
            "request": Out(len(Port)),
            "taken": In(1),
            "drop": Out(len(Port)),
            "mark": In(1),
        }
        super().__init__({**members, **dead_links(shape)}, inside(shape.depth, "unit.buffer"))

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape)
        claims = Claims(m)
        entries = []
        if self._shape.dead_links:
            entries = list(self.dead_links)
            claims.constant(self.dead_links.as_value())
        ports = ("i", "here", "alive", "taken", "flit", "request", "drop")
        self.join(m, unit, *ports, *dead_links(self._shape))
        claims.constant(self.here.as_value())
        claims.constant(self.alive)
        claims.given(implies(self.taken, self.request))
        expected_port = expected(m, self._shape, self.here, destination(self.flit), entries)
        self._one_or_the_other(claims, expected_port)
        self._keeps(m, claims)
        return m

    def _one_or_the_other(self, claims: Claims, expected_port: Signal) -> None:
        """The oldest flit requests its port if that is alive, else it is dropped at once."""
        request, drop = self.request, self.drop
        either = request | drop
        claims.always("asks_for_one_at_most", at_most_one(request))
        claims.always("drops_for_one_at_most", at_most_one(drop))
        claims.always("never_both", ~(request.any() & drop.any()))
        claims.always("asks_only_the_living", request & ~self.alive == 0)
        claims.always("drops_only_for_the_dead", drop & self.alive == 0)
        claims.always("wants_what_is_specified", implies(either, either == expected_port))
        left_waiting = claims.past(request.any() & ~self.taken)
        unchanged = (request == claims.past(request)) & (self.flit == claims.past(self.flit))
        claims.always("asks_until_taken", implies(left_waiting, unchanged & request.any()))
        claims.reached("asks", request.any() & ~self.taken)
        claims.reached("drops", drop.any())
        claims.reached("asks_after_a_drop", request.any() & claims.past(drop.any()))
        claims.reached("drops_after_a_flit", drop.any() & claims.past(self.taken))

    def _keeps(self, m: Module, claims: Claims) -> None:
        """A flit leaves once, taken or dropped, and flits stay in order."""
        valid, put, leaves = Signal(), Signal(), Signal()
        m.d.comb += [
            valid.eq((self.request | self.drop).any()),
            put.eq(self.i.valid & self.i.ready),
            leaves.eq(self.taken | self.drop.any()),
        ]
        depth, word = self._shape.depth, self.i.payload
        queue = Queue(m, depth=depth, put=put, word=word, take=leaves, mark=self.mark)
        queue.claim(claims, ready=self.i.ready, valid=valid, oldest=self.flit)
        queue.invariants(claims, self)
