"""What `make noc` is asked to run."""

import dataclasses
import functools
from collections.abc import Iterable

from trispike.golden.mesh.routes import Routes
from trispike.models.errors import BadInput
from trispike.models.mesh import traffic as models_traffic
from trispike.models.mesh.topology import (
    MAX_DEAD_LINKS,
    DeadLink,
    MeshShape,
    Node,
    RouterShape,
    Routing,
    node_name,
)
from trispike.models.mesh.traffic import Pattern, Traffic

_NUMBERS = ("rate", "bursts", "multicast", "stalls", "seed", "cycles", "warmup")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """One run: the mesh, its traffic, and how it is driven. See `models.mesh.traffic.generate`.

    - ``mesh``, ``router``, ``dead_links``: the network.
    - ``pattern``, ``rate``, ``bursts``, ``multicast``, ``cycles``, ``seed``: the traffic.
    - ``warmup``: cycle from which flits are counted.
    - ``stalls``: chance of a node's taking nothing, in each cycle.
    """

    mesh: MeshShape
    router: RouterShape
    dead_links: tuple[DeadLink, ...] = ()
    pattern: Pattern
    rate: float
    bursts: float = 0.0
    multicast: float = 0.0
    cycles: int
    seed: int = 0
    warmup: int
    stalls: float = 0.0

    def __post_init__(self):
        models_traffic.check(self.rate, self.cycles, self.bursts, self.multicast)
        if not 0 <= self.stalls < 1:
            raise BadInput(f"STALLS must be a chance from 0 to less than 1, not {self.stalls:g}")
        if not 0 <= self.warmup < self.cycles:
            raise BadInput(
                f"WARMUP must be from 0 to less than CYCLES = {self.cycles}, not {self.warmup}"
            )
        if self.seed < 0:
            raise BadInput(f"SEED must be 0 or more, not {self.seed}")

    def names(self) -> dict[str, object]:
        """What tells this run from others, as plain values by the names of a `figures.Point`."""
        return {
            "mesh": str(self.mesh),
            "router": str(self.router),
            "dead_links": tuple(map(str, self.dead_links)),
            "pattern": self.pattern.value,
            **{name: getattr(self, name) for name in _NUMBERS},
        }

    @property
    def routes(self) -> Routes:
        """The paths of the mesh."""
        return _routes(self.mesh, self.router.routing, self.dead_links)

    def traffic(self) -> Traffic:
        """What the nodes offer."""
        return models_traffic.generate(
            self.mesh,
            self.pattern,
            self.rate,
            cycles=self.cycles,
            seed=self.seed,
            bursts=self.bursts,
            multicast=self.multicast,
        )


@functools.cache
def _routes(mesh: MeshShape, routing: Routing, dead_links: tuple[DeadLink, ...]) -> Routes:
    """One for all runs of a mesh, as it keeps the paths that it has found."""
    return Routes(mesh=mesh, routing=routing, dead_links=dead_links)


def parse_dead_links(text: str | None, mesh: MeshShape) -> tuple[DeadLink, ...]:
    """Dead links from text like ``1.1.0,2.0.1``: each the link from that node up."""
    links = []
    for word in (text or "").split(","):
        if not word:
            continue
        parts = word.split(".")
        if len(parts) != 3 or not all(part.isdecimal() and len(part) < 4 for part in parts):
            raise BadInput(f"DEAD must be like 1.1.0 (the link up from that node), not {word!r}")
        link = DeadLink(**dict(zip("xyz", map(int, parts), strict=True)))
        mesh.detour(link)
        if link in links:
            raise BadInput(f"DEAD names the link {link} twice; name it once")
        links.append(link)
    if len(links) > MAX_DEAD_LINKS:
        raise BadInput(f"DEAD may name at most {MAX_DEAD_LINKS} links, not {len(links)}")
    return tuple(links)


def check_routes(routes: Routes, pairs: Iterable[tuple[Node, Node]] | None = None) -> None:
    """`BadInput` if dead links cut some nodes off, or could make flits wait in a circle.

    With ``pairs`` of source and destination no other nodes have to be joined.
    """
    if not routes.dead_links:
        return
    broken = routes.broken(pairs)
    if broken:
        source, destination, link = broken
        names = [node_name(node) for node in (source, destination)]
        remedy = "name ROUTING=detour" if routes.routing is Routing.XYZ else "leave dead links out"
        raise BadInput(
            f"the link {link} is dead, and {routes.routing.value} routing leads from {names[0]} to "
            f"{names[1]} over it: {remedy}"
        )
    if routes.cycle_of_waiting():
        dead = ", ".join(map(str, routes.dead_links))
        raise BadInput(
            f"with the dead links {dead} flits could wait for each other in a circle: leave one out"
        )
