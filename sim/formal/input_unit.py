"""Claims about `rtl.noc.input_unit.InputUnit`."""

from collections.abc import Callable

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.noc.flit import FlitStream, Node, destination
from trispike.rtl.noc.input_unit import InputUnit
from trispike.sim.formal.buffer import Queue, inside
from trispike.sim.formal.claims import Bench, Claims, implies
from trispike.sim.formal.route import copied, dead_links, expected

_LOCAL = 1 << Port.LOCAL


class InputBench(Bench):
    """An input unit whose flits are taken only on request; ``copies`` is the unit's."""

    def __init__(self, *, shape: RouterShape, copies: bool = True, unit: Callable = InputUnit):
        self._shape, self._copies, self._unit = shape, copies, unit
        members = {
            "i": In(FlitStream),
            "here": In(Node),
            "alive": In(len(Port)),
            "flit": Out(FLIT_BITS),
            "request": Out(len(Port)),
            "taken": In(len(Port)),
            "drop": Out(len(Port)),
            "mark": In(1),
        }
        registers = inside(shape.depth, "unit.buffer")
        if copies:
            registers |= {name: (f"unit.{name}", 1) for name in ("gone", "copied")}
        super().__init__({**members, **dead_links(shape)}, registers)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape, copies=self._copies)
        claims = Claims(m)
        entries = []
        if self._shape.dead_links:
            entries = list(self.dead_links)
            claims.constant(self.dead_links.as_value())
        ports = ("i", "here", "alive", "taken", "flit", "request", "drop")
        self.join(m, unit, *ports, *dead_links(self._shape))
        claims.constant(self.here.as_value())
        claims.constant(self.alive)
        claims.given(self.alive[Port.LOCAL])
        claims.given(self.taken & ~self.request == 0)
        onward = expected(m, self._shape, self.here, destination(self.flit), entries)
        self._leaves(m, claims, onward)
        return m

    def _leaves(self, m: Module, claims: Claims, onward: Signal) -> None:
        """The oldest flit leaves once by each port that it must, or is dropped there at once."""
        request, taken, drop, alive = self.request, self.taken, self.drop, self.alive
        ports, left, now = (Signal(len(Port), name=name) for name in ("ports", "left", "now"))
        valid, leaves, copies = Signal(), Signal(), Signal()
        if self._copies:
            m.d.comb += copies.eq(copied(self.flit, self.here))
        m.d.comb += [
            ports.eq(onward | Mux(copies, _LOCAL, 0)),
            now.eq(left | taken | drop),
            valid.eq((request | drop).any()),
            leaves.eq(valid & (now == ports)),
        ]
        m.d.sync += left.eq(Mux(leaves, 0, now))
        claims.always("wants_what_is_specified", implies(valid, (request | drop | left) == ports))
        claims.always("wants_nothing_twice", (request | drop) & left == 0)
        claims.always("never_both", request & drop == 0)
        claims.always("asks_only_the_living", request & ~alive == 0)
        claims.always("drops_only_for_the_dead", drop & alive == 0)
        for port in Port:
            name, asks = port.name.lower(), request[port]
            unchanged = asks & (self.flit == claims.past(self.flit))
            waits = claims.past(asks & ~taken[port])
            claims.always(f"asks_{name}_until_taken", implies(waits, unchanged))
        claims.reached("asks", request.any() & ~taken.any())
        claims.reached("drops", drop.any())
        claims.reached("asks_after_a_drop", request.any() & claims.past(drop.any()))
        claims.reached("drops_after_a_flit", drop.any() & claims.past(taken.any()))
        self._keeps(m, claims, valid, leaves)
        if self._copies:
            waits = claims.past(left.any())
            for name, order in (("copies_first", _LOCAL), ("copies_last", onward)):
                claims.reached(name, leaves & copies & (left == order) & waits)
            claims.reached("copies_at_once", leaves & copies & ~left.any())
            claims.reached("copies_of_a_drop", leaves & copies & ~taken[1:].any() & ~left.any())
            state = Mux(self.gone, onward, 0) | Mux(self.copied, _LOCAL, 0)
            claims.invariant("left_is_known", left == state)
            claims.invariant("left_by_a_copied_one", implies(left, ~self.empty & copies))
            claims.invariant("left_by_one", ~(self.gone & self.copied))
        else:
            claims.invariant("left_at_once", left == 0)

    def _keeps(self, m: Module, claims: Claims, valid: Signal, leaves: Signal) -> None:
        """A flit is there until it has left by all its ports, and flits stay in order."""
        put = Signal()
        m.d.comb += put.eq(self.i.valid & self.i.ready)
        depth, word = self._shape.depth, self.i.payload
        queue = Queue(m, depth=depth, put=put, word=word, take=leaves, mark=self.mark)
        queue.claim(claims, ready=self.i.ready, valid=valid, oldest=self.flit)
        queue.invariants(claims, self)
