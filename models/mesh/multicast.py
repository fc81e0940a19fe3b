"""Which nodes a multicast reaches, and with which flits a sender reaches its receivers.

A multicast leaves a copy at each node on its way but the one where it enters the mesh. Ways are
those of xyz routing without dead links.
"""

import dataclasses
import functools

from trispike.models.mesh.flits import node_code
from trispike.models.mesh.topology import Node


@dataclasses.dataclass(frozen=True, kw_only=True)
class Send:
    """A flit that ``reaches`` these nodes, in the order of its way; the last is its destination."""

    reaches: tuple[Node, ...]

    @property
    def destination(self) -> Node:
        """What stands in the flit."""
        return self.reaches[-1]

    @property
    def multicast(self) -> bool:
        """It leaves copies."""
        return len(self.reaches) > 1


@functools.lru_cache(maxsize=1 << 16)
def way(source: Node, destination: Node) -> tuple[Node, ...]:
    """The nodes after ``source`` on the way to ``destination``, which is the last of them."""
    at, nodes = list(source), []
    for axis, end in enumerate(destination):
        step = 1 if end > at[axis] else -1
        while at[axis] != end:
            at[axis] += step
            nodes.append(tuple(at))
    return tuple(nodes)


@functools.lru_cache(maxsize=1 << 16)
def sends(source: Node, receivers: tuple[Node, ...], *, unicast: bool = False) -> tuple[Send, ...]:
    """As few flits as reach each of ``receivers`` once, and no other node.

    - ``source``: where they enter the mesh; it may be a receiver, as of the host's flits.
    - ``receivers``: different nodes.
    - ``unicast``: a flit for each.

    Two ways from ``source`` either begin with the same link, and then share a node, or share none.
    So there is at most one multicast by each link, and the longest reaches the most.
    """
    wanted, longest = set(receivers), {}
    for receiver in () if unicast else sorted(receivers, key=node_code):
        nodes = way(source, receiver)
        if len(nodes) > 1 and wanted.issuperset(nodes) and node_code(receiver):
            if len(nodes) > len(longest.get(nodes[0], ())):
                longest[nodes[0]] = nodes
    reached = {node: nodes for nodes in longest.values() for node in nodes}
    found = []
    for receiver in receivers:
        nodes = reached.get(receiver, (receiver,))
        if nodes[-1] == receiver:
            found.append(Send(reaches=nodes))
    return tuple(found)
