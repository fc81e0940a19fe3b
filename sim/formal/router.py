"""Claims about `rtl.noc.router.Router`."""

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.noc.flit import FlitStream, Node, destination
from trispike.rtl.noc.route import turns
from trispike.rtl.noc.router import DROPPED_BITS, Router
from trispike.sim.formal.buffer import pointers, stands
from trispike.sim.formal.claims import Bench, Claims, count, exactly_one, implies
from trispike.sim.formal.route import copied, dead_links, expected

_BALANCE_BITS = 8
"""Flits are counted modulo 2 to this power, which is more than the buffers hold."""


class RouterBench(Bench):
    """A router with arbitrary neighbours and a fixed place and fixed dead links.

    output: Port whose output the claims are about; one at a time, as z3 does not finish with all.
        None: the claims are about the number of flits.
    """

    def __init__(
        self,
        *,
        shape: RouterShape,
        ports: tuple[Port, ...] = tuple(Port),
        output: Port | None = None,
        unit: Callable = Router,
    ):
        self._shape, self._ports = shape, ports
        self._chosen, self._unit = output, unit
        members = {"here": In(Node), "sent": Out(len(Port)), "dropped": Out(DROPPED_BITS)}
        registers = {}
        for port in ports:
            name = port.name.lower()
            askers = sum(port in turns(shape.routing, source) for source in ports)
            members |= {f"i_{name}": In(FlitStream), f"o_{name}": Out(FlitStream)}
            registers |= pointers(shape.depth, f"unit.input_{name}.buffer", f"{name}_")
            if port is not Port.LOCAL:
                registers[f"{name}_gone"] = (f"unit.input_{name}.gone", 1)
                registers[f"{name}_flit"] = (f"unit.input_{name}.flit", FLIT_BITS)
            registers[f"{name}_owned"] = (f"unit.output_{name}.allocator.owned", 1)
            registers[f"{name}_owner"] = (f"unit.output_{name}.allocator.owner", askers)
        registers["just_dropped"] = ("unit.just_dropped", len(ports).bit_length())
        registers["just_wanted"] = ("unit.just_wanted", len(Port))
        super().__init__({**members, **dead_links(shape)}, registers)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape, ports=self._ports)
        claims = Claims(m)
        claims.constant(self.here.as_value())
        entries = []
        if self._shape.dead_links:
            entries = list(self.dead_links)
            claims.constant(self.dead_links.as_value())
        self.join(m, unit, "here", "sent", "dropped", *dead_links(self._shape))
        for name in (port.name.lower() for port in self._ports):
            self.join(m, unit, f"i_{name}", f"o_{name}")
            self._registers(claims, name)
        if self._chosen is None:
            self._balance(m, claims)
        else:
            self._output(m, claims, self._chosen, entries)
        return m

    def _output(self, m: Module, claims: Claims, port: Port, entries: list) -> None:
        """Flits that leave by ``port``."""
        name = port.name.lower()
        o = getattr(self, f"o_{name}")
        expected_port = expected(m, self._shape, self.here, destination(o.payload), entries)
        right = expected_port[port]
        if port is Port.LOCAL:
            right |= copied(o.payload, self.here)
            claims.reached("gives_a_copy", o.valid & ~expected_port[port])
        claims.always("stands_until_taken", stands(claims, o))
        claims.always("leaves_by_its_port", implies(o.valid, right))
        claims.always("sent_is_told", self.sent[port] == (o.valid & o.ready))
        claims.reached("goes_after_a_stall", o.valid & o.ready & claims.past(o.valid & ~o.ready))

    def _registers(self, claims: Claims, name: str) -> None:
        """Invariants of the registers of the input and of the output ``name``."""
        full, empty = self._register(name, "full"), self._register(name, "empty")
        claims.invariant(f"{name}_not_full_and_empty", ~(full & empty))
        first, free = self._register(name, "first"), self._register(name, "free")
        claims.invariant(
            f"{name}_pointers", (first < self._shape.depth) & (free < self._shape.depth)
        )
        claims.invariant(f"{name}_pointers_meet", (first == free) == (full | empty))
        owned, owner = self._register(name, "owned"), self._register(name, "owner")
        claims.invariant(f"{name}_one_owner", implies(owned, exactly_one(owner)))

    def _register(self, name: str, register: str) -> Signal:
        return getattr(self, f"{name}_{register}")

    def _held(self, claims: Claims, port: Port) -> Value:
        """Number of flits in the input ``port`` that have not gone on."""
        name, depth = port.name.lower(), self._shape.depth
        full, first, free = (self._register(name, each) for each in ("full", "first", "free"))
        between = Mux(free < first, free + depth - first, free - first)
        held = Mux(full, depth, between)
        if port is Port.LOCAL:
            return held
        gone, flit = self._register(name, "gone"), self._register(name, "flit")
        there = copied(flit, self.here) & ~self._register(name, "empty")
        claims.invariant(f"{name}_gone_and_copied", implies(gone, there))
        return held - gone

    def _balance(self, m: Module, claims: Claims) -> None:
        """Every flit that came in has left, was dropped and counted, or is held; copies aside."""
        came, went, held = [], [], Const(0, 1)
        for port in self._ports:
            name = port.name.lower()
            i, o = getattr(self, f"i_{name}"), getattr(self, f"o_{name}")
            came.append(i.valid & i.ready)
            copy = copied(o.payload, self.here) if port is Port.LOCAL else Const(0)
            went.append(o.valid & o.ready & ~copy)
            held = held + self._held(claims, port)
        balance = Signal(_BALANCE_BITS)
        m.d.sync += balance.eq(balance + count(came) - count(went))
        dropped = self.dropped + self.just_dropped
        claims.invariant("drops_want", self.just_dropped.any() == self.just_wanted.any())
        counting = dropped < (1 << DROPPED_BITS) - 1
        accounted = (held + dropped)[:_BALANCE_BITS]
        claims.always("none_lost_or_doubled", implies(counting, balance == accounted))
        claims.reached("counts_a_drop", self.dropped > 0)
        gone = [getattr(self, name) for name in self.inside if name.endswith("_gone")]
        claims.reached("copies_wait", Cat(gone).all())
