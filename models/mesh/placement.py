"""Placements of a network's parts on a mesh that need few flits and few hops."""

from collections.abc import Sequence

import numpy as np

from trispike.models.mesh import flits
from trispike.models.mesh.mapping import (
    FULL_NODE,
    HOST,
    Mapping,
    check_room,
    parts,
    virtual_nodes,
)
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, Node
from trispike.models.network.shape import NetworkShape

_SHARED_HOPS = 1000
"""Hops that a flit which shares the host's port counts as: so many that it decides first."""

_EXCHANGED = 64
"""With up to so many nodes, pairs are exchanged after the placement as long as that helps."""


def flows(
    shape: NetworkShape, spikes: Sequence[np.ndarray], node: NodeShape = FULL_NODE
) -> np.ndarray:
    """Flits per timestep from each sender to each receiver.

    A spike is a flit for each node that it has to go to (unicast, TW-SNN sec. 4.3), a potential is
    `models.mesh.flits.POTENTIAL_FLITS`, of each neuron in each timestep. Each source
    ends its timestep with one flit to each of its destinations, and each of these gives it a credit
    with one flit back (docs/node.md); the host's virtual nodes are sources too.

    - ``shape``: the network.
    - ``spikes``: mean spikes per timestep of each neuron, of the input first and then of each
      layer: floats of shape (neurons,).
    - ``node``: what the nodes are.

    Returns float64, shape (parts + 1, parts + 1): from, to; 0 is the host, then the parts.
    """
    every = parts(shape, node)
    flits_between = np.zeros((len(every) + 1, len(every) + 1))
    virtual = len(virtual_nodes(shape))
    last = len(shape.layers) - 1
    for k, part in enumerate(every, 1):
        if part.layer == 0:
            flits_between[0, k] += spikes[0].sum() + virtual
            flits_between[k, 0] += virtual
        sent = spikes[part.layer + 1][part.first : part.first + part.neurons].sum() + 1
        if not shape.layers[part.layer].fires:
            sent += flits.POTENTIAL_FLITS * part.neurons
        receivers = [o for o, other in enumerate(every, 1) if other.layer == part.layer + 1]
        for other in receivers if part.layer < last else [0]:
            flits_between[k, other] += sent
            flits_between[other, k] += 1
    return flits_between


def _hops(nodes: Sequence[Node]) -> np.ndarray:
    """Hops between any two of ``nodes``."""
    at = np.array(nodes)
    return np.abs(at[:, np.newaxis] - at[np.newaxis]).sum(axis=2)


def hop_flits(mapping: Mapping, sent: np.ndarray) -> float:
    """Flits of ``sent``, as from `flows`, times the hops that they make with ``mapping``."""
    return float((sent * _hops([HOST, *mapping.places])).sum())


def shared_flits(mapping: Mapping, sent: np.ndarray) -> float:
    """Flits of ``sent`` by the node at `HOST`, each of which makes one of the host's wait.

    They share a port into the mesh, and the host is often who sends most.
    """
    mine = zip(sent[1:], mapping.places, strict=True)
    return float(sum(row.sum() for row, place in mine if place == HOST))


def cost(mapping: Mapping, sent: np.ndarray) -> float:
    """What a placement should have little of: `shared_flits` first, then `hop_flits`."""
    return hop_flits(mapping, sent) + _SHARED_HOPS * shared_flits(mapping, sent)


def place(
    shape: NetworkShape, mesh: MeshShape, sent: np.ndarray, node: NodeShape = FULL_NODE
) -> Mapping:
    """A mapping of little `cost`, the same for the same arguments.

    A quadratic assignment, solved approximately by SciPy: FAQ (Vogelstein et al. 2015), and on
    meshes of up to 64 nodes exchanges of pairs after it. `BadInput` if ``mesh`` is too small.
    """
    from scipy.optimize import quadratic_assignment  # here, as it would slow every command's start

    check_room(shape, mesh, node)
    # Two places more, whose occupants are fixed: the host, and its port, to which every part sends
    # all its flits once more and which only the node at HOST is away from.
    places = mesh.nodes + 2
    both = np.zeros((places, places))
    both[: len(sent), : len(sent)] = sent + sent.T
    both[1 : len(sent), -1] = both[-1, 1 : len(sent)] = sent[1:].sum(axis=1)
    distances = np.zeros((places, places))
    distances[:-1, :-1] = _hops([*mesh.every(), HOST])
    at_host = mesh.number(HOST)
    distances[at_host, -1] = distances[-1, at_host] = _SHARED_HOPS
    fixed = np.array([[0, mesh.nodes], [mesh.nodes + 1, mesh.nodes + 1]])
    solved = quadratic_assignment(both, distances, options={"partial_match": fixed})
    if mesh.nodes <= _EXCHANGED:
        guess = np.column_stack([np.arange(places), solved.col_ind])
        solved = quadratic_assignment(
            both,
            distances,
            method="2opt",
            options={"partial_match": fixed, "partial_guess": guess[1:-1]},
        )
    at = solved.col_ind[1 : len(sent)]
    places = tuple(mesh.node(int(k)) for k in at)
    return Mapping(shape=shape, mesh=mesh, places=places, node=node)
