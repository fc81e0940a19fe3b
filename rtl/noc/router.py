"""The 3D router."""

import enum

from amaranth import *
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.topology import DROPPED_BITS, Port, RouterShape
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.flit import FlitStream, Node
from trispike.rtl.noc.input_unit import InputUnit
from trispike.rtl.noc.output_unit import OutputUnit
from trispike.rtl.noc.route import dead_link_members, turns
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import View, flit_stream

_ONE = {port.name: 1 << port for port in Port}
_BOTH = {f"LOCAL_{name}": bit | 1 << Port.LOCAL for name, bit in _ONE.items() if name != "LOCAL"}

Wanted = enum.IntEnum("Wanted", {"NONE": 0, **_ONE, **_BOTH})
"""Values of an input unit's ``request``, in words."""


class Router(Block):
    """Joins the links of up to six neighbours and of its own node.

    A flit waits in the input buffer of its port. In the first cycle in which it is the oldest there
    it is routed and arbitrated, and if it wins, it is in the next router's buffer at the end of
    that cycle. Flits of a packet stay in order and are not mixed with others. A flit whose route
    leads to a missing port, or to a dead link, is dropped and counted. A multicast from a neighbour
    leaves a copy by LOCAL on its way on; either waits for its own port only.

    - ``shape``: buffers and routing.
    - ``ports``: ports of the router; those on a face of the mesh are missing.

    Members
    -------
    i_PORT : In(FlitStream), o_PORT : Out(FlitStream)
        A link for each port, ``i_local`` from the node and ``o_local`` to it. ``i_PORT.ready``
        depends on registers only.
    here : In(Node)
        Coordinates of this router, constant.
    dead_links : In(DeadLinkEntry) array
        Dead links of the whole mesh; present if ``shape`` has dead links.
    sent : Out(7)
        By `Port`: a flit leaves by that port in this cycle.
    dropped : Out(16)
        Number of dropped flits, one cycle late; stays at 65,535.
    dropped_ports : Out(7)
        By `Port`: a flit for this port was dropped; one cycle late.

    Latency: one cycle from port to port; each port takes and gives one flit a cycle.

    Source: TW-SNN sec. 4.3, fig. 8(c).
    """

    shape = Parameter(RouterShape)
    ports = Parameter(tuple)

    def __init__(self, *, shape: RouterShape, ports: tuple[Port, ...] = tuple(Port)):
        self.shape, self.ports = shape, ports
        members = {
            "here": In(Node),
            "sent": Out(len(Port)),
            "dropped": Out(DROPPED_BITS),
            "dropped_ports": Out(len(Port)),
        }
        for port in ports:
            members[f"i_{port.name.lower()}"] = In(FlitStream)
            members[f"o_{port.name.lower()}"] = Out(FlitStream)
        members |= dead_link_members(shape)
        super().__init__(members)

    @property
    def module_name(self) -> str:
        """Name of the Verilog module: the initials of its ports, the shape."""
        return f"router_{''.join(port.name[0].lower() for port in self.ports)}_{self.shape}"

    @staticmethod
    def views(ports: tuple[Port, ...]) -> tuple[View, ...]:
        """Of each of its ``ports`` what comes, where the oldest flit wants to go, what leaves."""
        views = []
        for name in (port.name.lower() for port in ports):
            views += flit_stream(f"i_{name}")
            views.append(View.named(f"input_{name}.request", Wanted))
            views += flit_stream(f"o_{name}")
        return tuple(views)

    def elaborate(self, platform):
        m = Module()
        inputs, alive = self._inputs(m, platform)
        for port in self.ports:
            name = port.name.lower()
            askers = [i for i in self.ports if port in turns(self.shape.routing, i)]
            unit = OutputUnit(inputs=len(askers))
            m.submodules[f"output_{name}"] = place(unit, platform)
            connect(m, flipped(getattr(self, f"o_{name}")), unit.o)
            m.d.comb += self.sent[port].eq(unit.taken.any())
            for k, asker in enumerate(askers):
                m.d.comb += [
                    unit.requests[k].eq(inputs[asker].request[port]),
                    unit.flits[k].eq(inputs[asker].flit),
                ]
                m.d.comb += inputs[asker].taken[port].eq(unit.taken[k])
        m.d.comb += alive.eq(self._alive())
        self._count_drops(m, [unit.drop for unit in inputs.values()])
        return m

    def _inputs(self, m: Module, platform) -> tuple[dict[Port, InputUnit], Signal]:
        """The input units, with the ports that their flits can leave by."""
        alive = Signal(len(Port))
        inputs = {}
        for port in self.ports:
            name = port.name.lower()
            unit = InputUnit(shape=self.shape, copies=port is not Port.LOCAL)
            inputs[port] = unit
            m.submodules[f"input_{name}"] = place(unit, platform)
            connect(m, flipped(getattr(self, f"i_{name}")), unit.i)
            m.d.comb += [unit.here.eq(self.here), unit.alive.eq(alive)]
            if self.shape.dead_links:
                m.d.comb += unit.dead_links.eq(self.dead_links)
        return inputs, alive

    def _alive(self) -> Value:
        """Ports of the router without those to dead links."""
        alive = [C(port in self.ports, 1) for port in Port]
        if self.shape.dead_links:
            for entry in self.dead_links:
                column = entry.valid & (entry.x == self.here.x) & (entry.y == self.here.y)
                alive[Port.UP] &= ~(column & (self.here.z == entry.z))
                alive[Port.DOWN] &= ~(column & (self.here.z == entry.z + 1))
        return Cat(alive)

    def _count_drops(self, m: Module, drops: list[Value]) -> None:
        wanted = drops[0]
        for drop in drops[1:]:
            wanted |= drop
        # Counted a cycle later, or the counter would be the end of the longest path.
        just_dropped = Signal(range(len(drops) + 1))
        just_wanted = Signal(len(Port))
        m.d.sync += [just_dropped.eq(sum(drop.any() for drop in drops)), just_wanted.eq(wanted)]
        with m.If(just_wanted.any()):
            total = self.dropped + just_dropped
            m.d.sync += [
                self.dropped.eq(Mux(total[DROPPED_BITS:].any(), (1 << DROPPED_BITS) - 1, total)),
                self.dropped_ports.eq(self.dropped_ports | just_wanted),
            ]
