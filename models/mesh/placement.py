"""Placements of a network's parts on a mesh whose busiest place has few flits, over few hops."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from trispike.models.mesh import flits, multicast
from trispike.models.mesh.loads import Balance, Traffic, Ways, credits, traffic
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
"""With up to so many nodes, pairs of an assignment are exchanged as long as that helps."""

_GROWN_PARTS = 2048
"""Placements are grown from as many starts as have so many parts in all, and from one at least."""

_NEAREST = 32
"""Free nodes that are tried for each part of a placement that grows."""

_REFINED_NODES = 256
"""The best placements are refined, as many as have so many nodes in all, and two at least."""

_PAIRS = 1 << 13
"""Pairs of nodes that a refinement tries to exchange: the nearest."""

_TRIED_RECEIVERS = 1 << 19
"""Exchanges that a refinement tries at most, times the most receivers of a sender."""


def flows(
    shape: NetworkShape, spikes: Sequence[np.ndarray], node: NodeShape = FULL_NODE
) -> np.ndarray:
    """Flits per timestep from each sender to each receiver.

    A spike is a flit for each node that it has to go to, a potential is
    `models.mesh.flits.POTENTIAL_FLITS`, of each neuron in each timestep. Each source ends its
    timestep with one flit to each of its destinations, and each of these gives it a credit with one
    flit back (docs/node.md); the host's virtual nodes are sources too. A multicast counts once for
    each of its receivers here, and once on each link in `models.mesh.loads.loads`.

    - ``shape``: the network.
    - ``spikes``: mean spikes per timestep of each neuron, of the input first and then of each
      layer: floats of shape (neurons,).
    - ``node``: what the nodes are.

    Returns float64, shape (parts + 1, parts + 1): from, to; 0 is the host, then the parts.
    """
    every = parts(shape, node)
    flits_between = credits(shape, node)
    last = len(shape.layers) - 1
    for k, part in enumerate(every, 1):
        if part.layer == 0:
            flits_between[0, k] += spikes[0].sum() + len(virtual_nodes(shape))
        sent = spikes[part.layer + 1][part.first : part.first + part.neurons].sum() + 1
        if not shape.layers[part.layer].fires:
            sent += flits.POTENTIAL_FLITS * part.neurons
        receivers = [o for o, other in enumerate(every, 1) if other.layer == part.layer + 1]
        for other in receivers if part.layer < last else [0]:
            flits_between[k, other] += sent
    return flits_between


def place(
    shape: NetworkShape,
    mesh: MeshShape,
    sent: np.ndarray,
    node: NodeShape = FULL_NODE,
    *,
    unicast: bool = False,
) -> Mapping:
    """A mapping whose busiest place has few flits of ``sent``, over few hops.

    The same for the same arguments. `BadInput` if ``mesh`` is too small. With ``unicast`` it is a
    quadratic assignment of flits times hops. With multicasts that is one of the starts; in others
    the first layer stands along ways of the host's multicasts, and the rest is added part by part.
    The best of them are refined by exchanges of nodes that lower `models.mesh.loads.Balance.cost`.
    """
    check_room(shape, mesh, node)
    numbers = _assigned(mesh, sent)
    if not unicast:
        numbers = _balanced(shape, mesh, sent, node, numbers)
    places = tuple(mesh.node(number) for number in numbers)
    return Mapping(shape=shape, mesh=mesh, places=places, node=node, unicast=unicast)


def _assigned(mesh: MeshShape, sent: np.ndarray) -> list[int]:
    """Node numbers of the parts with few flits times hops, and few flits of the node at `HOST`.

    The latter share a port into the mesh with the host's, and the host is often who sends most. A
    quadratic assignment, solved approximately by SciPy: FAQ (Vogelstein et al. 2015), and on
    meshes of up to 64 nodes exchanges of pairs after it.
    """
    from scipy.optimize import quadratic_assignment  # here, as it would slow every command's start

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
    return solved.col_ind[1 : len(sent)].tolist()


def _hops(nodes: Sequence[Node]) -> np.ndarray:
    """Hops between any two of ``nodes``."""
    at = np.array(nodes)
    return np.abs(at[:, np.newaxis] - at[np.newaxis]).sum(axis=2)


def _balanced(
    shape: NetworkShape, mesh: MeshShape, sent: np.ndarray, node: NodeShape, assigned: list[int]
) -> list[int]:
    """Node numbers of the parts with a low `Balance.cost`, no higher than that of ``assigned``."""
    flows, ways = traffic(shape, sent, node), Ways(mesh)
    first = sum(part.layer == 0 for part in parts(shape, node))
    host = mesh.number(HOST)
    starts = [Balance(ways, flows, [host, *assigned])]
    count = max(1, _GROWN_PARTS // len(assigned))
    for stand in itertools.islice(_first_layers(mesh, first), count):
        rest = [None] * (len(assigned) - len(stand))
        starts.append(Balance(ways, flows, [host, *stand, *rest]))
        _grow(starts[-1], ways, flows)
    starts.sort(key=lambda start: start.cost)
    best = starts[: max(2, _REFINED_NODES // mesh.nodes)]
    tries = _TRIED_RECEIVERS // max(len(flow.receivers) for flow in flows)
    for start in best:
        _refine(start, ways, tries)
    return min(best, key=lambda start: start.cost).at[1:]


def _first_layers(mesh: MeshShape, count: int) -> Iterator[list[int]]:
    """Where ``count`` parts of the first layer may stand so that few flits of the host reach all.

    The host's ways begin along x, y or z; two that differ in this have no node in common. Yields
    node numbers along as few ways as have room; last an empty list, for none of these.
    """
    ends = {}
    for node in itertools.islice(mesh.every(), 1, None):
        axis = next(axis for axis in range(3) if node[axis])
        ends.setdefault(axis, {}).setdefault(sum(node), []).append(node)
    for ways in range(1, len(ends) + 1):
        found = [
            destinations
            for axes in itertools.combinations(sorted(ends), ways)
            for lengths in itertools.product(*(ends[axis] for axis in axes))
            if sum(lengths) == count
            for destinations in itertools.product(
                *(ends[axis][length] for axis, length in zip(axes, lengths, strict=True))
            )
        ]
        for destinations in found:
            nodes = (multicast.way(HOST, destination) for destination in destinations)
            yield [mesh.number(node) for node in itertools.chain(*nodes)]
        if found:
            break
    yield []


def _grow(balance: Balance, ways: Ways, flows: Iterable[Traffic]) -> None:
    """Put each part that stands nowhere yet, in their order, where it costs least."""
    senders = [set() for _ in balance.at]
    for flow in flows:
        for part in flow.receivers:
            senders[part].add(flow.sender)
    free = set(range(ways.mesh.nodes)).difference(balance.at[1:])
    for part, stands in enumerate(balance.at):
        if stands is None:
            near = [balance.at[k] for k in senders[part] if balance.at[k] is not None]
            hops = {node: sum(ways.distances[node][other] for other in near) for node in free}
            nearest = sorted(free, key=lambda node: (hops[node], node))[:_NEAREST]
            best = min(nearest, key=lambda node: balance.cost_after({part: node}))
            balance.move({part: best})
            free.remove(best)


def _refine(balance: Balance, ways: Ways, tries: int) -> None:
    """Exchange what stands at two nodes while that helps, with ``tries`` at most."""
    every = itertools.combinations(range(ways.mesh.nodes), 2)
    pairs = sorted(every, key=lambda pair: (ways.distances[pair[0]][pair[1]], pair))[:_PAIRS]
    stands = [0] * ways.mesh.nodes
    for part, node in enumerate(balance.at[1:], 1):
        stands[node] = part
    improved = True
    while improved and tries > 0:
        improved = False
        for one, other in pairs[:tries]:
            moves = {stands[one]: other, stands[other]: one}
            moves.pop(0, None)
            if moves and balance.improve(moves):
                stands[one], stands[other] = stands[other], stands[one]
                improved = True
        tries -= len(pairs)
