"""The input unit of a router's port: buffer, route, copies, and the drop of undeliverable flits."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.hierarchy import Block
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.flit import FlitStream, Node, destination, is_multicast
from trispike.rtl.noc.route import RouteUnit, dead_link_members
from trispike.rtl.parameters import Parameter


class InputUnit(Block):
    """Holds the flits of one port, and requests the output ports of the oldest.

    A multicast that goes on leaves by LOCAL too, in whichever cycle each port takes it.

    - ``shape``: depth of the buffer, and routing.
    - ``copies``: there are multicasts; not at the port by which flits enter the mesh.

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
        The living output ports by which it has still to leave: one, or LOCAL and another. 0
        without a flit, or while it is dropped.
    taken : In(7)
        Of the requested ports those by which it leaves in this cycle.
    drop : Out(7)
        Output port of the flit that is dropped in this cycle, one-hot; else 0.

    Latency: one cycle from link to ``flit``.
    """

    shape = Parameter(RouterShape)
    copies = Parameter(bool)

    def __init__(self, *, shape: RouterShape, copies: bool = True):
        self.shape, self.copies = shape, copies
        members = {
            "i": In(FlitStream),
            "here": In(Node),
            "alive": In(len(Port)),
            "flit": Out(FLIT_BITS),
            "request": Out(len(Port)),
            "taken": In(len(Port)),
            "drop": Out(len(Port)),
        }
        members |= dead_link_members(shape)
        super().__init__(members)

    @property
    def module_name(self) -> str:
        return f"input_unit_{self.shape}{'' if self.copies else '_enters'}"

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = FlitBuffer(depth=self.shape.depth)
        m.submodules.route = route = RouteUnit(shape=self.shape)
        wiring.connect(m, wiring.flipped(self.i), buffer.i)
        if self.shape.dead_links:
            m.d.comb += route.dead_links.eq(self.dead_links)
        asks = Signal()  # the oldest flit has still to leave by the port of its route
        onward = Signal(len(Port))
        m.d.comb += [
            route.here.eq(self.here),
            route.destination.eq(destination(buffer.o.payload)),
            onward.eq(route.port & asks.replicate(len(Port))),
            self.flit.eq(buffer.o.payload),
            self.drop.eq(onward & ~self.alive),
        ]
        if self.copies:
            self._copy(m, buffer, asks, onward)
        else:
            m.d.comb += [
                asks.eq(buffer.o.valid),
                self.request.eq(onward & self.alive),
                buffer.o.ready.eq((self.taken | self.drop).any()),
            ]
        return m

    def _copy(self, m: Module, buffer: FlitBuffer, asks: Value, onward: Value) -> None:
        """Ask for LOCAL besides ``onward``, if the flit is a multicast, until both are done.

        At its destination these are the same, and done at once.
        """
        gone = Signal()  # the oldest flit has left by the port of its route, or was dropped
        copied = Signal()  # it has left by LOCAL, as a copy
        copies, goes, copy = Signal(), Signal(), Signal()
        local = Port.LOCAL
        ends = self.taken[local] & onward[local]
        m.d.comb += [
            asks.eq(buffer.o.valid & ~gone),
            copies.eq(buffer.o.valid & is_multicast(buffer.o.payload)),
            self.request.eq((onward & self.alive) | (copies & ~copied) << local),
            goes.eq(gone | (self.taken[1:] | self.drop[1:]).any() | ends),
            copy.eq(~copies | copied | self.taken[local]),
            buffer.o.ready.eq(goes & copy),
        ]
        m.d.sync += [gone.eq(goes & ~copy), copied.eq(copies & copy & ~goes)]
