"""The scalable chip: nodes on a mesh."""

from amaranth import *
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.flits import node_code
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.noc.mesh import node_name
from trispike.rtl.noc.route import dead_link_members
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.backbone import Backbone
from trispike.rtl.node.node import Node
from trispike.rtl.parameters import Parameter


class ScalableChip(Block):
    """A node at every router of a mesh; the host beside node 0.0.0 loads it and talks to it.

    - ``mesh``: nodes along each axis.
    - ``router``: buffers and routing.
    - ``node``: what the nodes are.

    Members
    -------
    i : In(FlitStream), o : Out(FlitStream)
        From the host and to it.
    dead_links : In(DeadLinkEntry) array
        Dead links; only there if ``router`` has dead links.
    quiet : Out(1)
        No node has anything to do.

    Source: TW-SNN sec. 4.3, fig. 8(a).
    """

    mesh = Parameter(MeshShape)
    router = Parameter(RouterShape)
    node = Parameter(NodeShape)

    def __init__(self, *, mesh: MeshShape, router: RouterShape, node: NodeShape):
        self.mesh, self.router, self.node = mesh, router, node
        members = {"i": In(FlitStream), "o": Out(FlitStream), "quiet": Out(1)}
        members |= dead_link_members(router)
        super().__init__(members)

    @property
    def module_name(self) -> str:
        return f"scalable_chip_{self.mesh}_{self.router}_{self.node}"

    def elaborate(self, platform):
        m = Module()
        backbone = Backbone(shape=self.mesh, router=self.router)
        m.submodules.backbone = place(backbone, platform)
        connect(m, flipped(self.i), backbone.host_i)
        connect(m, backbone.host_o, flipped(self.o))
        if self.router.dead_links:
            m.d.comb += backbone.dead_links.eq(self.dead_links)
        quiet = []
        for place_ in self.mesh.every():
            name = node_name(place_)
            node = Node(shape=self.node)
            m.submodules[f"node_{name}"] = place(node, platform)
            connect(m, getattr(backbone, f"o_{name}"), node.i)
            connect(m, node.o, getattr(backbone, f"i_{name}"))
            m.d.comb += node.here.eq(C(node_code(place_), NODE_BITS))
            quiet.append(node.quiet)
        m.d.comb += self.quiet.eq(Cat(quiet).all())
        return m
