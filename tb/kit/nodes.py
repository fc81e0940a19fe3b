"""The mesh of small nodes that tests share, so that it is compiled once."""

from pathlib import Path

import numpy as np

from trispike import golden
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape, Routing
from trispike.models.network.parameters import Network
from trispike.sim.node.measure import Measured, measure
from trispike.sim.node.run import program
from trispike.sim.node.setting import setting

MESH = MeshShape(x=3, y=2, z=2)
ROUTER = RouterShape(routing=Routing.DETOUR, dead_links=1)
NODE = NodeShape(inputs=128, neurons=32)


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
