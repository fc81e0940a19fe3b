"""How many flits the links and ports of a mesh carry in a timestep of a network on it."""

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from trispike.models.mesh import multicast
from trispike.models.mesh.mapping import (
    FULL_NODE,
    HOST,
    Mapping,
    parts,
    virtual_nodes,
)
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, Port, node_name
from trispike.models.network.shape import NetworkShape

_PARTS_OF_A_FLIT = 1 << 20
"""Flits are rounded to such parts of one, so that sums are exact in any order."""

_INTO = len(Port)
"""What stands for the LOCAL port into a router, beside the `Port` out of it."""

_SLOTS = len(Port) + 1
"""Ports of a router that are told apart."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Traffic:
    """Flits of one sender in a timestep: ``flits`` for each of ``receivers``.

    ``sender`` and ``receivers`` are 0 for the host, then the parts from 1. With ``unicast`` there
    is a flit for each receiver, else as few as `models.mesh.multicast` needs.
    """

    sender: int
    receivers: tuple[int, ...]
    flits: float
    unicast: bool


def credits(shape: NetworkShape, node: NodeShape = FULL_NODE) -> np.ndarray:
    """Credits per timestep from each receiver to each sender, which has one for each end.

    Returns float64, shape (parts + 1, parts + 1): from, to; 0 is the host, then the parts.
    """
    layers = np.array([part.layer for part in parts(shape, node)])
    last = len(shape.layers) - 1
    given = np.zeros((len(layers) + 1,) * 2)
    given[1:, 1:] = layers[:, np.newaxis] == layers + 1
    given[1:, 0] = len(virtual_nodes(shape)) * (layers == 0)
    given[0, 1:] = layers == last
    return given


def traffic(
    shape: NetworkShape, sent: np.ndarray, node: NodeShape = FULL_NODE, *, unicast: bool = False
) -> tuple[Traffic, ...]:
    """The flits ``sent``, as from `models.mesh.placement.flows`, by sender.

    Spikes, potentials and ends go to all parts of the next layer, from the last one to the host;
    credits always have one receiver each.
    """
    given = credits(shape, node)
    spikes = np.round((sent - given) * _PARTS_OF_A_FLIT) / _PARTS_OF_A_FLIT
    found = []
    for kind, alone in ((spikes, unicast), (given, True)):
        for sender, row in enumerate(kind):
            receivers = tuple(np.flatnonzero(row).tolist())
            if receivers:
                flits = float(row[receivers[0]])
                found.append(
                    Traffic(sender=sender, receivers=receivers, flits=flits, unicast=alone)
                )
    return tuple(found)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Loads:
    """Flits in a timestep of ``mapping``.

    - ``links``: that leave each router by each port: float64, shape (nodes, 7), by `Port`.
    - ``into``: that enter each router by LOCAL: float64, shape (nodes,). The host's and those of
      the node at `HOST` share a port.
    - ``sent``: that the host and each part send.
    - ``multicasts``: how many of these are multicasts.
    """

    mapping: Mapping
    links: np.ndarray
    into: np.ndarray
    sent: tuple[float, ...]
    multicasts: float

    @property
    def hop_flits(self) -> float:
        """Flits over all links between routers."""
        return float(self.links[:, Port.LOCAL + 1 :].sum())

    @property
    def most(self) -> float:
        """Flits at the busiest link or port: a timestep takes no fewer cycles."""
        return float(max(self.links.max(), self.into.max()))

    @property
    def busiest(self) -> str:
        """Where `most` are."""
        mesh = self.mapping.mesh
        if self.into.max() >= self.links.max():
            node = mesh.node(int(self.into.argmax()))
            if node != HOST:
                return f"{node_name(node)}, sending"
            both = HOST in self.mapping.places
            return f"host and {node_name(HOST)}, sending" if both else "host, sending"
        number, port = np.unravel_index(int(self.links.argmax()), self.links.shape)
        return f"{node_name(mesh.node(int(number)))} {Port(int(port)).name.lower()}"


def loads(mapping: Mapping, sent: np.ndarray) -> Loads:
    """Flits at each link and port if ``sent``, as from `models.mesh.placement.flows`, go."""
    flows = traffic(mapping.shape, sent, mapping.node, unicast=mapping.unicast)
    return loads_of(mapping, flows, Ways(mapping.mesh))


def loads_of(mapping: Mapping, flows: Sequence[Traffic], ways: "Ways") -> Loads:
    """`loads` of known `traffic`, with ``ways`` of the mesh that other mappings share."""
    at = mapping.numbers.tolist()
    sums = ways.loads((ways.passed(flow, at), flow.flits) for flow in flows)
    sums = sums.reshape(mapping.mesh.nodes, -1)
    sent, multicasts = [0.0] * len(at), 0.0
    for flow in flows:
        count, copied = ways.counts(flow, at)
        sent[flow.sender] += flow.flits * count
        multicasts += flow.flits * copied
    return Loads(
        mapping=mapping,
        links=sums[:, :_INTO],
        into=sums[:, _INTO],
        sent=tuple(sent),
        multicasts=multicasts,
    )


class Ways:
    """The links and ports that flits pass on ``mesh``, each computed once.

    Nodes are numbers; `Port` p out of the router of node n is place 8n + p, the LOCAL port into it
    is 8n + 7. Parameter ``at`` of its methods has the node of the host and of each part, None of
    one that stands nowhere yet and to which no flits go.
    """

    def __init__(self, mesh: MeshShape):
        self.mesh = mesh
        self.places = mesh.nodes * _SLOTS
        self._nodes = nodes = list(mesh.every())
        corners = np.array(nodes)
        self.distances = np.abs(corners[:, np.newaxis] - corners).sum(axis=2).tolist()
        self._links = {
            (node, tuple(a + d for a, d in zip(node, port.step, strict=True))): (
                _SLOTS * number + port
            )
            for number, node in enumerate(nodes)
            for port in Port
        }
        self._sends = functools.lru_cache(maxsize=1 << 17)(self._sends)
        self._way = functools.lru_cache(maxsize=1 << 18)(self._way)

    def hops(self, flow: Traffic, at: Sequence[int | None]) -> int:
        """Links that ``flow``, one flit for each receiver, passes."""
        source = at[flow.sender]
        if source is None:
            return 0
        receivers = [at[k] for k in flow.receivers if at[k] is not None]
        if flow.unicast:
            distances = self.distances[source]
            return sum([distances[receiver] for receiver in receivers])
        return self._sends(source, tuple(sorted(receivers)))[0]

    def counts(self, flow: Traffic, at: Sequence[int]) -> tuple[int, int]:
        """With how many flits ``flow`` reaches its receivers, and how many are multicasts."""
        if flow.unicast:
            return len(flow.receivers), 0
        sends = self._sends(at[flow.sender], tuple(sorted(at[k] for k in flow.receivers)))[1]
        return len(sends), sum(copied for _, copied in sends)

    def passed(self, flow: Traffic, at: Sequence[int | None]) -> list[np.ndarray]:
        """The places that ``flow`` passes, in an array of int64 for each flit."""
        source = at[flow.sender]
        if source is None:
            return []
        receivers = [at[k] for k in flow.receivers if at[k] is not None]
        if flow.unicast:
            return [self._way(source, receiver, False) for receiver in receivers]
        sends = self._sends(source, tuple(sorted(receivers)))[1]
        return [self._way(source, *send) for send in sends]

    def loads(self, flows: Iterable[tuple[list[np.ndarray], float]]) -> np.ndarray:
        """Flits at each place if so many go over each of the ways: float64, shape (places,)."""
        ways, flits = [], []
        for some, each in flows:
            ways += some
            flits += [each] * len(some)
        if not ways:
            return np.zeros(self.places)
        weights = np.repeat(flits, [len(way) for way in ways])
        return np.bincount(np.concatenate(ways), weights, minlength=self.places)

    def _sends(
        self, source: int, receivers: tuple[int, ...]
    ) -> tuple[int, tuple[tuple[int, bool], ...]]:
        """Hops of all flits; destination of each, and whether it is a multicast."""
        distances = self.distances[source]
        if 1 in [distances[receiver] for receiver in receivers]:
            places = tuple(self._nodes[receiver] for receiver in receivers)
            sends = multicast.sends(self._nodes[source], places)
            found = tuple((self.mesh.number(send.destination), send.multicast) for send in sends)
        else:  # no multicast, as its first node would have to be a receiver
            found = tuple((receiver, False) for receiver in receivers)
        return sum(distances[receiver] for receiver, _ in found), found

    def _way(self, source: int, destination: int, copied: bool) -> np.ndarray:
        """The places that a flit passes; ``copied``: nodes on the way are given it too."""
        ends = self._nodes[source], self._nodes[destination]
        nodes = ends[0], *multicast.way(*ends)
        passed = [_SLOTS * source + _INTO, _SLOTS * destination + Port.LOCAL]
        passed += [self._links[link] for link in itertools.pairwise(nodes)]
        if copied:
            passed += [_SLOTS * self.mesh.number(node) + Port.LOCAL for node in nodes[1:-1]]
        return np.array(passed)


class Balance:
    """The loads of a placement in the making, kept up to date while parts move.

    - ``flows``: `traffic`.
    - ``at``: node number of the host and of each part, None of one that stands nowhere yet.
    """

    def __init__(self, ways: Ways, flows: Sequence[Traffic], at: Sequence[int | None]):
        self.at = list(at)
        self._ways, self._flows = ways, flows
        self._flows_of = [[] for _ in at]
        for k, flow in enumerate(flows):
            for party in {flow.sender, *flow.receivers}:
                self._flows_of[party].append(k)
        self._hops = [ways.hops(flow, self.at) for flow in flows]
        self._hop_flits = sum(f.flits * h for f, h in zip(flows, self._hops, strict=True))
        self._loads = ways.loads((ways.passed(flow, self.at), flow.flits) for flow in flows)
        self._find_busiest()

    @property
    def cost(self) -> tuple[float, float]:
        """What a placement should have little of: flits at the busiest place, then hop flits."""
        return self._most, self._hop_flits

    def cost_after(self, moves: dict[int, int]) -> tuple[float, float]:
        """`cost` if the parts ``moves`` stood at these nodes."""
        changed, hop_flits = self._hops_after(moves)
        return float(self._loads_after(moves, changed).max()), hop_flits

    def move(self, moves: dict[int, int]) -> None:
        """Put the parts ``moves`` at these nodes."""
        changed, hop_flits = self._hops_after(moves)
        self._take(moves, changed, hop_flits, self._loads_after(moves, changed))

    def improve(self, moves: dict[int, int]) -> bool:
        """Put the parts ``moves`` at these nodes if that lowers `cost`; whether it did."""
        changed, hop_flits = self._hops_after(moves)
        if hop_flits >= self._hop_flits and self._busiest.isdisjoint(changed):
            return False
        loads_after = self._loads_after(moves, changed)
        if (float(loads_after.max()), hop_flits) >= self.cost:
            return False
        self._take(moves, changed, hop_flits, loads_after)
        return True

    def _hops_after(self, moves: dict[int, int]) -> tuple[dict[int, int], float]:
        """Hops of each flow that ``moves`` change, by its index, and all hop flits then."""
        after = self._after(moves)
        changed, hop_flits = {}, self._hop_flits
        for part in moves:
            for k in self._flows_of[part]:
                if k not in changed:
                    flow = self._flows[k]
                    changed[k] = self._ways.hops(flow, after)
                    hop_flits += flow.flits * (changed[k] - self._hops[k])
        return changed, hop_flits

    def _loads_after(self, moves: dict[int, int], changed: Iterable[int]) -> np.ndarray:
        after, ways = self._after(moves), self._ways
        differences = []
        for flow in map(self._flows.__getitem__, changed):
            differences.append((ways.passed(flow, self.at), -flow.flits))
            differences.append((ways.passed(flow, after), flow.flits))
        return self._loads + ways.loads(differences)

    def _after(self, moves: dict[int, int]) -> list[int | None]:
        after = self.at.copy()
        for part, node in moves.items():
            after[part] = node
        return after

    def _take(
        self, moves: dict[int, int], changed: dict[int, int], hop_flits: float, loads: np.ndarray
    ) -> None:
        self.at, self._loads, self._hop_flits = self._after(moves), loads, hop_flits
        for k, hops in changed.items():
            self._hops[k] = hops
        self._find_busiest(changed)

    def _find_busiest(self, changed: Iterable[int] | None = None) -> None:
        """Find which flows pass the busiest place; only ``changed`` ones may have been others."""
        place = int(self._loads.argmax())
        if changed is None or place != self._busiest_place:
            changed, self._busiest = range(len(self._flows)), set()
        self._busiest_place, self._most = place, float(self._loads[place])
        for k in changed:
            passes = any(place in way for way in self._ways.passed(self._flows[k], self.at))
            (self._busiest.add if passes else self._busiest.discard)(k)
