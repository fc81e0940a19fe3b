"""The 3D mesh: routers and the links between them."""

from amaranth import *
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.topology import DROPPED_BITS, MeshShape, Node, Port, RouterShape
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.noc.route import dead_link_members
from trispike.rtl.noc.router import Router
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import View, below

STALL_BITS = len(Port) + 1
"""Links that can be stalled at a router: one out of each port, and the link from the node."""


def node_name(node: Node) -> str:
    """``0_2_1`` for the node at x = 0, y = 2, z = 1."""
    return "_".join(map(str, node))


def mesh_members(shape: MeshShape, router: RouterShape, *, stalls: bool) -> dict:
    """Members of a `Mesh`: links of all nodes, status, dead links, stalls."""
    members = {}
    for node in shape.every():
        name = node_name(node)
        members[f"i_{name}"] = In(FlitStream)
        members[f"o_{name}"] = Out(FlitStream)
        members[f"sent_{name}"] = Out(len(Port))
        members[f"dropped_{name}"] = Out(DROPPED_BITS)
        members[f"dropped_ports_{name}"] = Out(len(Port))
        if stalls:
            members[f"stall_{name}"] = In(STALL_BITS)
    members |= dead_link_members(router)
    return members


class Mesh(Block):
    """A packet-switched network of routers, one for each node.

    - ``shape``: nodes along each axis.
    - ``router``: buffers and routing.
    - ``stalls``: every link can be stalled, for tests.

    Members
    -------
    i_X_Y_Z : In(FlitStream), o_X_Y_Z : Out(FlitStream)
        Flits from and to the node at x, y, z.
    sent_X_Y_Z : Out(7)
        By `Port`: a flit leaves its router by that port in this cycle.
    dropped_X_Y_Z : Out(16), dropped_ports_X_Y_Z : Out(7)
        Status of its router, see `rtl.noc.router.Router`.
    dead_links : In(DeadLinkEntry) array
        Dead links, the same for all routers; present if ``router`` has dead links.
    stall_X_Y_Z : In(8)
        One cycle later the links out of that router by the `Port` of each set bit pass nothing, and
        with bit 7 set the link from its node; present with ``stalls``.

    Latency: an otherwise empty mesh delivers a flit ``hops + 1`` cycles after taking it.

    Source: TW-SNN sec. 4.3, fig. 8(a).
    """

    shape = Parameter(MeshShape)
    router = Parameter(RouterShape)
    stalls = Parameter(bool)

    def __init__(self, *, shape: MeshShape, router: RouterShape, stalls: bool = False):
        self.shape, self.router, self.stalls = shape, router, stalls
        super().__init__(mesh_members(shape, router, stalls=stalls))

    @property
    def module_name(self) -> str:
        return f"mesh_{self.shape}_{self.router}{'_stalls' if self.stalls else ''}"

    @staticmethod
    def views(shape: MeshShape) -> dict[str, tuple[View, ...]]:
        """Of each router of a mesh of ``shape``, by its name."""
        names = {node: f"router_{node_name(node)}" for node in shape.every()}
        return {name: below(name, Router.views(shape.ports(node))) for node, name in names.items()}

    def elaborate(self, platform):
        m = Module()
        routers, stalls = {}, {}
        for node in self.shape.every():
            routers[node] = router = Router(shape=self.router, ports=self.shape.ports(node))
            name = node_name(node)
            m.submodules[f"router_{name}"] = place(router, platform)
            m.d.comb += router.here.eq(Cat(C(at, 3) for at in node))
            if self.router.dead_links:
                m.d.comb += router.dead_links.eq(self.dead_links)
            stall = self._stall(m, name)
            join(m, flipped(getattr(self, f"i_{name}")), router.i_local, stall[len(Port)])
            join(m, router.o_local, flipped(getattr(self, f"o_{name}")), stall[Port.LOCAL])
            for status in ("sent", "dropped", "dropped_ports"):
                m.d.comb += getattr(self, f"{status}_{name}").eq(getattr(router, status))
            stalls[node] = stall
        for node, router in routers.items():
            for port in router.ports:
                if port is not Port.LOCAL:
                    there = routers[tuple(a + d for a, d in zip(node, port.step, strict=True))]
                    join(
                        m,
                        getattr(router, f"o_{port.name.lower()}"),
                        getattr(there, f"i_{port.opposite.name.lower()}"),
                        stalls[node][port],
                    )
        return m

    def _stall(self, m: Module, name: str) -> Value | list[None]:
        """Stalled links of the router ``name``, from a register."""
        if not self.stalls:
            return [None] * STALL_BITS
        stalled = Signal(STALL_BITS, name=f"stalled_{name}")
        m.d.sync += stalled.eq(getattr(self, f"stall_{name}"))
        return stalled


def join(m: Module, source, sink, stalled: Value | None) -> None:
    """A link from ``source`` to ``sink``, which passes nothing while it is ``stalled``."""
    if stalled is None:
        connect(m, source, sink)
        return
    m.d.comb += [
        sink.payload.eq(source.payload),
        sink.valid.eq(source.valid & ~stalled),
        source.ready.eq(sink.ready & ~stalled),
    ]
