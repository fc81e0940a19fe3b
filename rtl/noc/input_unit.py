"""The input unit of a router's port: buffer, route, and the drop of undeliverable flits."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.hierarchy import Block
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.flit import FlitStream, Node, destination
from trispike.rtl.noc.route import RouteUnit, dead_link_members
from trispike.rtl.parameters import Parameter


class InputUnit(Block):
    """Holds the flits of one port, and requests the output port of the oldest.

    ``shape``: depth of the buffer, and routing.

    Members
    -------
    i : In(FlitStream)
        From the link.
    here : In(Node)
        The router's own node.
    dead_links : In(DeadLinkEntry) array
        Present if ``shape`` has dead links.
    alive : In(7)
        Ports that a flit can leave by; a flit for another port is dropped in the first cycle in
        which it is the oldest.
    flit : Out(32)
        The oldest flit.
    request : Out(7)
        Its output port, one-hot; 0 without a flit, or while it is dropped.
    taken : In(1)
        The oldest flit leaves in this cycle.
    drop : Out(7)
        Output port of the flit that is dropped in this cycle, one-hot; else 0.

    Latency: one cycle from link to ``flit``.
    """

    shape = Parameter(RouterShape)

    def __init__(self, *, shape: RouterShape):
        self.shape = shape
        members = {
            "i": In(FlitStream),
            "here": In(Node),
            "alive": In(len(Port)),
            "flit": Out(FLIT_BITS),
            "request": Out(len(Port)),
            "taken": In(1),
            "drop": Out(len(Port)),
        }
        members |= dead_link_members(shape)
        super().__init__(members)

    @property
    def module_name(self) -> str:
        return f"input_unit_{self.shape}"

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = FlitBuffer(depth=self.shape.depth)
        m.submodules.route = route = RouteUnit(shape=self.shape)
        wiring.connect(m, wiring.flipped(self.i), buffer.i)
        if self.shape.dead_links:
            m.d.comb += route.dead_links.eq(self.dead_links)
        wanted = Signal(len(Port))
        m.d.comb += [
            route.here.eq(self.here),
            route.destination.eq(destination(buffer.o.payload)),
            wanted.eq(route.port & buffer.o.valid.replicate(len(Port))),
            self.flit.eq(buffer.o.payload),
            self.request.eq(wanted & self.alive),
            self.drop.eq(wanted & ~self.alive),
            buffer.o.ready.eq(self.taken | self.drop.any()),
        ]
        return m
