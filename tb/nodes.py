"""The mesh of small nodes that tests share, so that it is compiled once."""

from models.mesh import MeshShape, RouterShape, Routing
from models.node import NodeShape

MESH = MeshShape(x=3, y=2, z=2)
ROUTER = RouterShape(routing=Routing.DETOUR, dead_links=1)
NODE = NodeShape(inputs=128, neurons=32)
