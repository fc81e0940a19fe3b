"""The mesh of small nodes that tests share, so that it is compiled once."""

from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape, Routing

MESH = MeshShape(x=3, y=2, z=2)
ROUTER = RouterShape(routing=Routing.DETOUR, dead_links=1)
NODE = NodeShape(inputs=128, neurons=32)
