"""What a 3D mesh has to do with the flits that it is given: which node receives which, in which
order, over which links. It says nothing of cycles.

Written from docs/noc.md: whole paths, leg by leg, where a router only knows the next step.
"""

import collections
import dataclasses
import graphlib
import itertools
from collections.abc import Iterable

import numpy as np

from trispike.models.mesh import flits
from trispike.models.mesh.topology import DROPPED_BITS, DeadLink, MeshShape, Node, Port, Routing

MAX_DROPPED = (1 << DROPPED_BITS) - 1
"""Where a router's count of dropped flits stays."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Route:
    """The way of a flit.

    - ``nodes``: the nodes whose routers it passes, its source first.
    - ``ports``: the port by which it leaves each of them, LOCAL the last.
    - ``dropped``: it is dropped in the last router, where it wanted to leave by the last port.
    """

    nodes: tuple[Node, ...]
    ports: tuple[Port, ...]
    dropped: bool

    @property
    def hops(self) -> int:
        """Links that it passes."""
        return len(self.nodes) - 1

    @property
    def copies(self) -> tuple[Node, ...]:
        """The nodes that are given a copy if the flit is a multicast."""
        return self.nodes[1:] if self.dropped else self.nodes[1:-1]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Routes:
    """All paths of a mesh.

    - ``mesh``: its nodes.
    - ``routing``: its routing function.
    - ``dead_links``: its dead links; the routers know of them.
    """

    mesh: MeshShape
    routing: Routing = Routing.XYZ
    dead_links: tuple[DeadLink, ...] = ()
    _known: dict[tuple[Node, Node], Route] = dataclasses.field(
        default_factory=dict, compare=False, repr=False
    )

    def path(self, source: Node, destination: Node) -> Route:
        """The path from ``source`` to ``destination``, which may lie outside of the mesh."""
        ends = source, destination
        if ends not in self._known:
            self._known[ends] = self._path(source, destination)
        return self._known[ends]

    def _path(self, source: Node, destination: Node) -> Route:
        nodes, ports = [source], []
        while True:
            for port in self._leg(nodes[-1], destination):
                ports.append(port)
                if port is Port.LOCAL:
                    return Route(nodes=tuple(nodes), ports=tuple(ports), dropped=False)
                (x, y, z), (dx, dy, dz) = nodes[-1], port.step
                there = (x + dx, y + dy, z + dz)
                if not self.mesh.holds(there) or self._dead(nodes[-1], there):
                    return Route(nodes=tuple(nodes), ports=tuple(ports), dropped=True)
                nodes.append(there)

    def _leg(self, here: Node, destination: Node) -> list[Port]:
        """Ports to take from ``here`` until something new has to be thought of."""
        if here == destination:
            return [Port.LOCAL]
        column = destination[:2]
        link = self._in_the_way(here, destination)
        if link is not None and self.routing is Routing.DETOUR:
            step = self.mesh.detour(link).step
            column = (column[0] + step[0], column[1] + step[1])
        for axis, positive, negative in ((0, Port.EAST, Port.WEST), (1, Port.NORTH, Port.SOUTH)):
            distance = column[axis] - here[axis]
            if distance:
                return [positive if distance > 0 else negative] * abs(distance)
        if not self.dead_links:
            distance = destination[2] - here[2]
            return [Port.UP if distance > 0 else Port.DOWN] * abs(distance)
        return [Port.UP if destination[2] > here[2] else Port.DOWN]

    def _in_the_way(self, here: Node, destination: Node) -> DeadLink | None:
        low, high = sorted((here[2], destination[2]))
        for link in self.dead_links:
            if (link.x, link.y) == destination[:2] and low <= link.z < high:
                return link
        return None

    def _dead(self, here: Node, there: Node) -> bool:
        """Whether the link between two neighbours is dead."""
        if here[2] == there[2]:
            return False
        return DeadLink(x=here[0], y=here[1], z=min(here[2], there[2])) in self.dead_links

    def cycle_of_waiting(self) -> list[tuple[Node, Port]] | None:
        """Links that may all wait for one another, or None: then no deadlock can arise.

        A flit holds the buffer behind one link while it waits for the next one on its path; a
        deadlock needs a cycle among these pairs (Dally and Seitz).
        """
        waits = collections.defaultdict(set)
        for source in self.mesh.every():
            for destination in self.mesh.every():
                path = self.path(source, destination)
                links = list(zip(path.nodes, path.ports, strict=True))
                for behind, ahead in itertools.pairwise(links):
                    waits[behind].add(ahead)
        try:
            graphlib.TopologicalSorter(waits).prepare()
        except graphlib.CycleError as error:
            return error.args[1]
        return None

    def broken(
        self, pairs: Iterable[tuple[Node, Node]] | None = None
    ) -> tuple[Node, Node, DeadLink] | None:
        """The first of ``pairs``, of all nodes if None, that no path joins, and the link at fault.

        None if there is none.
        """
        if pairs is None:
            pairs = itertools.product(self.mesh.every(), repeat=2)
        for source, destination in sorted(pairs):
            path = self.path(source, destination)
            if path.dropped:
                x, y, z = path.nodes[-1]
                z -= path.ports[-1] is Port.DOWN
                return source, destination, DeadLink(x=x, y=y, z=z)
        return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expectation:
    """What becomes of the flits that a mesh is given.

    - ``flits``: int64, shape (m,): index of each flit, once for each node that is given it or a
      copy of it, ascending; those of a multicast in the order of its way.
    - ``receivers``: int64, shape (m,): number of that node.
    - ``hops``: int64, shape (m,): links that the flit passes to get there.
    - ``links``: int64, shape (nodes, 7): flits that leave each router by each port.
    - ``drops``: int64, shape (nodes, 7): flits dropped in each router, by the port that they
      wanted.
    """

    flits: np.ndarray
    receivers: np.ndarray
    hops: np.ndarray
    links: np.ndarray
    drops: np.ndarray


def expect(routes: Routes, sources: np.ndarray, sent: np.ndarray) -> Expectation:
    """What becomes of the flits ``sent`` (n,) by the nodes numbered ``sources`` (n,)."""
    mesh = routes.mesh
    links = np.zeros((mesh.nodes, len(Port)), dtype=np.int64)
    drops = np.zeros_like(links)
    columns = flits.destinations(sent).tolist(), flits.is_multicast(sent).tolist()
    kinds = list(zip(sources.tolist(), map(tuple, columns[0]), columns[1], strict=True))
    given = {}
    for kind, count in collections.Counter(kinds).items():
        source, destination, multicast = kind
        path = routes.path(mesh.node(source), destination)
        *passed, last = zip(map(mesh.number, path.nodes), path.ports, strict=True)
        copies = [mesh.number(node) for node in path.copies if multicast]
        for step in (*passed, *((node, Port.LOCAL) for node in copies)):
            links[step] += count
        (drops if path.dropped else links)[last] += count
        given[kind] = list(zip(copies, itertools.count(1)))
        if not path.dropped:
            given[kind].append((last[0], path.hops))
    index = np.repeat(np.arange(len(kinds)), [len(given[kind]) for kind in kinds])
    pairs = [pair for kind in kinds for pair in given[kind]]
    receivers, hops = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Expectation(flits=index, receivers=receivers, hops=hops, links=links, drops=drops)


def link_flits(routes: Routes, sent: np.ndarray) -> np.ndarray:
    """Flits that leave each router by each port.

    ``sent`` says how many flits go from each node to each: floats of shape (nodes, nodes), by
    number. Returns float64 of shape (nodes, 7), by `Port`.
    """
    mesh = routes.mesh
    links = np.zeros((mesh.nodes, len(Port)))
    for source, destination in np.argwhere(sent).tolist():
        path = routes.path(mesh.node(source), mesh.node(destination))
        for node, port in zip(path.nodes, path.ports, strict=True):
            links[mesh.number(node), port] += sent[source, destination]
    return links


def zero_load_latency(hops: Iterable[int]) -> np.ndarray:
    """Cycles from a flit's being taken to its being given, in an empty mesh: one a router."""
    return np.asarray(list(hops), dtype=np.int64) + 1
