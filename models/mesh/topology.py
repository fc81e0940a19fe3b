"""What a 3D mesh is: its nodes, its routers' ports, dead links, routing."""

import dataclasses
import enum
import re
from collections.abc import Iterator

from trispike.models.errors import BadInput
from trispike.models.mesh.flits import COORDINATE_BITS

MAX_SIDE = 1 << COORDINATE_BITS
"""Most nodes along an axis."""

MAX_DEPTH = 64
"""Most flits that an input buffer may hold."""

MAX_DEAD_LINKS = 4
"""Most dead links that a router can know of."""

DROPPED_BITS = 16
"""Width of a router's counter of dropped flits, which stays at its largest value."""

Node = tuple[int, int, int]
"""Coordinates x, y, z; z is the layer of the stack."""


class Port(enum.IntEnum):
    """The seven ports of a router; a flit that leaves by EAST enters the next router by WEST."""

    LOCAL = 0
    EAST = 1
    WEST = 2
    NORTH = 3
    SOUTH = 4
    UP = 5
    DOWN = 6

    @property
    def step(self) -> Node:
        """Where the neighbour at this port stands, as a difference of coordinates."""
        return _STEPS[self]

    @property
    def opposite(self) -> "Port":
        """The neighbour's port at the other end of the link."""
        return next(port for port in Port if port.step == tuple(-d for d in self.step))


_STEPS = {
    Port.LOCAL: (0, 0, 0),
    Port.EAST: (1, 0, 0),
    Port.WEST: (-1, 0, 0),
    Port.NORTH: (0, 1, 0),
    Port.SOUTH: (0, -1, 0),
    Port.UP: (0, 0, 1),
    Port.DOWN: (0, 0, -1),
}


class Routing(enum.Enum):
    """Routing functions, see docs/noc.md.

    XYZ goes along x, then y, then z. DETOUR does the same, but goes round a dead vertical link by
    the column next to it.
    """

    XYZ = "xyz"
    DETOUR = "detour"


def routing(name: str) -> Routing:
    """The routing function called ``name``; `BadInput` names the known ones."""
    try:
        return Routing(name)
    except ValueError:
        known = ", ".join(each.value for each in Routing)
        raise BadInput(f"ROUTING must be one of {known}, not {name!r}") from None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeadLink:
    """A dead vertical link: between the layers ``z`` and ``z + 1`` of a column, both ways."""

    x: int
    y: int
    z: int

    def __str__(self):
        return f"{self.x}.{self.y}.{self.z}-{self.x}.{self.y}.{self.z + 1}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouterShape:
    """What all routers of a mesh have in common.

    - ``depth``: flits that each input buffer holds, 2 to 64; two keep a port busy in every cycle.
    - ``routing``: the routing function.
    - ``dead_links``: how many dead links a router can be told of, 0 to 4.
    """

    depth: int = 4
    routing: Routing = Routing.XYZ
    dead_links: int = 0

    def __post_init__(self):
        for what, least, most in (("depth", 2, MAX_DEPTH), ("dead_links", 0, MAX_DEAD_LINKS)):
            n = getattr(self, what)
            if isinstance(n, bool) or not isinstance(n, int) or not least <= n <= most:
                raise BadInput(
                    f"router {what} must be an integer from {least} to {most}, not {n!r}"
                )
        if not isinstance(self.routing, Routing):
            raise BadInput(f"routing must be a member of Routing, not {self.routing!r}")

    def __str__(self):
        parts = [f"depth{self.depth}", self.routing.value]
        if self.dead_links:
            parts.append(f"dead{self.dead_links}")
        return "_".join(parts)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshShape:
    """A mesh of ``x`` times ``y`` times ``z`` nodes, 1 to 8 along each axis (TW-SNN sec. 4.3)."""

    x: int
    y: int
    z: int

    def __post_init__(self):
        for axis, n in zip("xyz", self.sides, strict=True):
            if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MAX_SIDE:
                raise BadInput(
                    f"a mesh must have from 1 to {MAX_SIDE} nodes along {axis}, not {n!r}"
                )

    @classmethod
    def parse(cls, text: str) -> "MeshShape":
        """The shape that ``text`` like ``4x4x4`` names."""
        match = re.fullmatch(r"(\d{1,4})x(\d{1,4})x(\d{1,4})", text)
        if not match:
            raise BadInput(f"MESH must be like 4x4x4, not {text!r}")
        return cls(**dict(zip("xyz", map(int, match.groups()), strict=True)))

    def __str__(self):
        return "x".join(map(str, self.sides))

    @property
    def sides(self) -> tuple[int, int, int]:
        """Nodes along x, y and z."""
        return self.x, self.y, self.z

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.x * self.y * self.z

    def every(self) -> Iterator[Node]:
        """The nodes by number: x first, then y, then z."""
        for number in range(self.nodes):
            yield self.node(number)

    def number(self, node: Node) -> int:
        """Number of ``node``, from 0."""
        return node[0] + self.x * (node[1] + self.y * node[2])

    def node(self, number: int) -> Node:
        """The node of that number."""
        return number % self.x, number // self.x % self.y, number // (self.x * self.y)

    def holds(self, node: Node) -> bool:
        """Whether there is such a node."""
        return 0 <= node[0] < self.x and 0 <= node[1] < self.y and 0 <= node[2] < self.z

    def ports(self, node: Node) -> tuple[Port, ...]:
        """Ports of the router at ``node``: those on the mesh's faces are not there."""
        return tuple(
            port
            for port in Port
            if self.holds(tuple(a + d for a, d in zip(node, port.step, strict=True)))
        )

    def detour(self, link: DeadLink) -> Port:
        """Side on which the column lies that stands in for the column of ``link``.

        East of it, so long as there is one; on the eastern face north, in the corner of both south,
        and in a mesh of one row west. With one dead link no cycle of waiting can arise, see
        docs/noc.md. `BadInput` if there is no such link or no other column.
        """
        if not (self.holds((link.x, link.y, link.z)) and link.z + 1 < self.z):
            raise BadInput(f"a mesh of {self} has no vertical link {link}")
        for port in (Port.EAST, Port.NORTH, Port.SOUTH, Port.WEST):
            if port in self.ports((link.x, link.y, link.z)):
                return port
        raise BadInput(f"a mesh of {self} has no way round its dead link {link}")


def node_name(node: tuple[int, int, int]) -> str:
    """``node`` as tables and options call it."""
    return ".".join(map(str, node))
