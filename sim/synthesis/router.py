"""A router mapped to standard cells: its units, and its links."""

import dataclasses

from trispike.models.mesh.topology import RouterShape, Routing
from trispike.sim.synthesis.figures import BlockFigures, block_figures, total
from trispike.sim.synthesis.fit import Scaled, scaled
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.synthesis.timing import Link, Timing, link

UNITS = (
    ("input units", "input_unit_"),
    ("output units", "output_unit_"),
    ("router: crossbar's wires, status", "router_"),
)
"""Units of a router, and the prefixes of their modules' names."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouterSynthesis:
    """One router with all seven ports, mapped and timed.

    depth, routing, dead_links: Parameters of the router, see `models.mesh.topology.RouterShape`.
    timing: Longest path between registers of the router.
    links: Paths from this router to the next one, and back.
    """

    library: str
    depth: int
    routing: str
    dead_links: int
    nand2: str
    nand2_area: float
    units: tuple[BlockFigures, ...]
    timing: Timing
    links: tuple[Link, ...]
    yosys: str
    opensta: str

    @property
    def shape(self) -> RouterShape:
        """The router."""
        return RouterShape(
            depth=self.depth, routing=Routing(self.routing), dead_links=self.dead_links
        )

    @property
    def total(self) -> BlockFigures:
        """Sum over all units, as one instance: the router."""
        return total("router", self.units, instances=1)

    @property
    def period(self) -> float:
        """Shortest clock period in ns, of paths in the router and along its links."""
        return max(self.timing.period, *(each.period for each in self.links))

    @property
    def fmax(self) -> float:
        """Highest clock frequency in MHz."""
        return 1000 / self.period

    @property
    def scaled(self) -> Scaled | None:
        """The router scaled to TW-SNN's technology."""
        return scaled(self.library, self.total, self.period)


def links(mapped: Mapped) -> tuple[Link, ...]:
    """The two links between routers: flits, and the ``ready`` that answers them."""
    return (
        link(mapped, "flits", "o_*__valid o_*__payload*", "i_*__valid i_*__payload*"),
        link(mapped, "ready", "i_*__ready", "o_*__ready"),
    )


def figures(
    shape: RouterShape, mapped: Mapped, timing: Timing, *, yosys: str, opensta: str
) -> RouterSynthesis:
    """Everything that is reported of the router of ``shape``."""
    return RouterSynthesis(
        library=mapped.library.name,
        depth=shape.depth,
        routing=shape.routing.value,
        dead_links=shape.dead_links,
        nand2=mapped.nand2,
        nand2_area=mapped.nand2_area,
        units=block_figures(mapped, UNITS),
        timing=timing,
        links=links(mapped),
        yosys=yosys,
        opensta=opensta,
    )
