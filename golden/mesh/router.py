"""A router cycle by cycle, as docs/noc.md tells it: queues, turns, owners. No bits, no gates."""

import collections
from collections.abc import Mapping

from trispike.golden.mesh.routes import MAX_DROPPED, Routes
from trispike.models.mesh import flits
from trispike.models.mesh.topology import Node, Port


class RouterModel:
    """What a router shows in a cycle, and what it becomes.

    - ``routes``: the mesh that it stands in, and its paths.
    - ``here``: where it stands.
    - ``depth``: flits that each input buffer holds.
    - ``queues``: flits in each input buffer, oldest first.
    - ``dropped``, ``dropped_ports``: its status: how many flits were dropped, and the ports that
      they wanted, without those of the last cycle.
    """

    def __init__(self, routes: Routes, here: Node, depth: int):
        self._routes, self._here, self._depth = routes, here, depth
        self.ports = routes.mesh.ports(here)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.queues = {port: collections.deque() for port in self.ports}
        self._given: dict[Port, set[Port]] = {port: set() for port in self.ports}
        self._owner: dict[Port, Port | None] = dict.fromkeys(self.ports)
        self._turn: dict[Port, Port] = dict.fromkeys(self.ports, max(Port))  # who went last
        self.dropped = 0
        self.dropped_ports: set[Port] = set()
        self._just_dropped: list[Port] = []

    def _wishes(self, port: Port) -> tuple[list[Port], list[Port]]:
        """What the oldest flit that came by ``port`` wants: outputs, and those it is dropped for.

        A multicast from a neighbour wants two, each until it has left there.
        """
        if not self.queues[port]:
            return [], []
        flit = self.queues[port][0]
        to = tuple(flits.SPIKE[axis].get(flit) for axis in "xyz")
        route = self._routes.path(self._here, to)
        wanted = {route.ports[0]}
        dropped = wanted if route.dropped and len(route.nodes) == 1 else set()
        if flits.is_multicast(flit) and port is not Port.LOCAL:
            wanted = wanted | {Port.LOCAL}
        left = wanted - self._given[port]
        return sorted(left - dropped), sorted(left & dropped)

    def ready(self, port: Port) -> bool:
        """Whether a flit can come by ``port``."""
        return len(self.queues[port]) < self._depth

    def shown(self) -> dict[Port, tuple[Port, int]]:
        """By output, the input whose flit is offered there, and the flit."""
        wishes = {port: self._wishes(port)[0] for port in self.ports}
        offers = {}
        for output in self.ports:
            asking = [port for port in self.ports if output in wishes[port]]
            owner = self._owner[output]
            if owner is not None:
                asking = [port for port in asking if port is owner]
            if asking:
                last = self._turn[output]
                chosen = min(asking, key=lambda port, last=last: (port <= last, port))
                offers[output] = chosen, self.queues[chosen][0]
        return offers

    def step(self, arriving: Mapping[Port, int], ready: Mapping[Port, bool]) -> None:
        """Pass a cycle.

        - ``arriving``: flit offered at each input; inputs without one are left out.
        - ``ready``: whether the other end of each output takes a flit.
        """
        offers = self.shown()
        wishes = {port: self._wishes(port) for port in self.ports}
        room = {port: self.ready(port) for port in self.ports}
        for output, (source, flit) in offers.items():
            if self._owner[output] is None:
                self._turn[output] = source
            self._owner[output] = source
            if ready[output]:
                self._given[source].add(output)
                if flits.ends_packet(flit):
                    self._owner[output] = None
        self.dropped = min(self.dropped + len(self._just_dropped), MAX_DROPPED)
        self.dropped_ports.update(self._just_dropped)
        self._just_dropped = []
        for port, (wanted, dropped) in wishes.items():
            self._just_dropped += dropped
            self._given[port].update(dropped)
            if (wanted or dropped) and self._given[port].issuperset(wanted):
                self.queues[port].popleft()
                self._given[port].clear()
        for port, flit in arriving.items():
            if room[port]:
                self.queues[port].append(flit)
