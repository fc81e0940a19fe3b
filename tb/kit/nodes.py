"""The mesh of small nodes that tests share, so that it is compiled once."""

import dataclasses
from pathlib import Path

import numpy as np

from trispike import golden
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, Node, RouterShape, Routing
from trispike.models.network.parameters import Network
from trispike.sim.node.measure import Measured, measure
from trispike.sim.node.run import program
from trispike.sim.node.setting import Setting, setting

MESH = MeshShape(x=3, y=2, z=2)
ROUTER = RouterShape(routing=Routing.DETOUR, dead_links=1)
NODE = NodeShape(inputs=128, neurons=32)


ON_THE_WAY: tuple[Node, ...] = (
    *((1, 0, 0), (2, 0, 0)),
    *((0, 1, 0), (0, 0, 0)),
    *((1, 1, 0), (2, 1, 0)),
)
"""Places of three layers on two nodes each.

One flit reaches both of a layer from the host, from 1.0.0, past the host, and from 0.1.0.
"""


def moved(asked: Setting, places: tuple[Node, ...]) -> Setting:
    """The same with the parts at other ``places``."""
    mapping = dataclasses.replace(asked.mapping, places=places)
    exchange = dataclasses.replace(asked.exchange, mapping=mapping)
    return dataclasses.replace(asked, mapping=mapping, exchange=exchange)


def measured(
    network: Network,
    spikes: np.ndarray,
    node: NodeShape,
    folder: Path,
    *,
    mesh: MeshShape = MESH,
    **how,
) -> Measured:
    """Every flit, link and word of memory as it has to be, or an exception.

    ``network`` on input ``spikes``, on a ``mesh`` of such nodes; ``how`` as `measure` takes it.
    """
    asked = setting(network, mesh, spikes, router=ROUTER, node=node)
    nodes = program(mesh, ROUTER, node, stalls=True, optimise=False)
    done = measure(nodes, asked, folder, read_back="burst", **how)
    expected = golden.run(network, spikes)
    assert done.outputs.labels.tolist() == asked.labels.tolist() == expected.labels.tolist()
    assert np.array_equal(done.outputs.scores, expected.scores)
    return done
