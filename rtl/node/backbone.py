"""All of the scalable chip but its nodes: the mesh and the host's port."""

from amaranth import *
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.noc.mesh import Mesh, mesh_members, node_name
from trispike.rtl.node.host_port import HostPort
from trispike.rtl.parameters import Parameter


class Backbone(Block):
    """The mesh, with the host beside node 0.0.0.

    - ``shape``: nodes along each axis.
    - ``router``: buffers and routing.
    - ``stalls``: every link can be stalled, see `rtl.noc.mesh.Mesh`.

    Members
    -------
    i_X_Y_Z : In(FlitStream), o_X_Y_Z : Out(FlitStream)
        Flits from the node at x, y, z and to it.
    host_i : In(FlitStream), host_o : Out(FlitStream)
        Flits from the host and to it.
    sent_X_Y_Z, dropped_X_Y_Z, dropped_ports_X_Y_Z, dead_links, stall_X_Y_Z
        The mesh's.

    Every output comes from registers.
    """

    shape = Parameter(MeshShape)
    router = Parameter(RouterShape)
    stalls = Parameter(bool)

    def __init__(self, *, shape: MeshShape, router: RouterShape, stalls: bool = False):
        self.shape, self.router, self.stalls = shape, router, stalls
        host = {"host_i": In(FlitStream), "host_o": Out(FlitStream)}
        super().__init__({**host, **mesh_members(shape, router, stalls=stalls)})

    @property
    def module_name(self) -> str:
        stalls = "_stalls" if self.stalls else ""
        return f"backbone_{self.shape}_{self.router}{stalls}"

    def elaborate(self, platform):
        m = Module()
        mesh = Mesh(shape=self.shape, router=self.router, stalls=self.stalls)
        port = HostPort()
        m.submodules.mesh = place(mesh, platform)
        m.submodules.host_port = place(port, platform)
        connect(m, flipped(self.host_i), port.host_i)
        connect(m, port.host_o, flipped(self.host_o))
        if self.router.dead_links:
            m.d.comb += mesh.dead_links.eq(self.dead_links)
        for node in self.shape.every():
            name = node_name(node)
            into, out = getattr(self, f"i_{name}"), getattr(self, f"o_{name}")
            mesh_i, mesh_o = getattr(mesh, f"i_{name}"), getattr(mesh, f"o_{name}")
            if node == HOST:
                connect(m, flipped(into), port.node_i)
                connect(m, port.node_o, flipped(out))
                connect(m, port.to_router, mesh_i)
                connect(m, mesh_o, port.from_router)
            else:
                connect(m, flipped(into), mesh_i)
                connect(m, mesh_o, flipped(out))
            for status in ("sent", "dropped", "dropped_ports"):
                m.d.comb += getattr(self, f"{status}_{name}").eq(getattr(mesh, f"{status}_{name}"))
            if self.stalls:
                stall = getattr(mesh, f"stall_{name}")
                m.d.comb += stall.eq(getattr(self, f"stall_{name}"))
        return m
