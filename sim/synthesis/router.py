"""A router mapped to standard cells: its units, its links, and its figures scaled to 65 nm."""

import dataclasses

from models.mesh import RouterShape, Routing
from sim.published import SILICON
from sim.scaling import OSU_180, TW_SNN_65, Technology, scaled_delay, shrunk
from sim.synthesis.figures import BlockFigures, block_figures, total
from sim.synthesis.flow import Mapped
from sim.synthesis.timing import Link, Timing, link

UNITS = (
    ("input units", "input_unit_"),
    ("output units", "output_unit_"),
    ("router: crossbar's wires, status", "router_"),
)
"""Units of a router, and how the names of their modules begin."""

TECHNOLOGIES: dict[str, Technology] = {"osu018_stdcells": OSU_180}
"""Cell libraries whose figures can be scaled."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouterSynthesis:
    """One router with all seven ports, mapped and timed.

    Parameters
    ----------
    library
        Name of the cell library.
    depth, routing, dead_links
        The router, as in `models.mesh.RouterShape`.
    nand2, nand2_area
        The cell that is the unit of gates, and its area in um2.
    units
        Unit by unit.
    timing
        Longest path between registers of the router.
    links
        From this router to the next one, and back.
    yosys, opensta
        Versions.
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
        """The sum of all units, one router."""
        return total("router", self.units, instances=1)

    @property
    def period(self) -> float:
        """Shortest clock period in ns, of paths in the router and along its links."""
        return max(self.timing.period, *(each.period for each in self.links))

    @property
    def fmax(self) -> float:
        """Highest clock frequency in MHz."""
        return 1000 / self.period


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scaled:
    """A router as it would be in TW-SNN's technology.

    Parameters
    ----------
    shrunk
        Its area in um2, if cells shrank with the square of the node.
    gates
        Its area in um2, if its gates were as large as those of TW-SNN's chip.
    fmax
        Its highest clock in MHz, its period being scaled as delays of logic are.
    """

    shrunk: float
    gates: float
    fmax: float


def scaled(made: RouterSynthesis) -> Scaled | None:
    """``made`` in 65 nm; nothing if the technology of its cells is not known."""
    source = TECHNOLOGIES.get(made.library)
    if source is None:
        return None
    return Scaled(
        shrunk=shrunk(made.total.area, source, TW_SNN_65),
        gates=made.total.gates * SILICON.gate_area,
        fmax=1000 / scaled_delay(made.period, source, TW_SNN_65),
    )


def links(mapped: Mapped) -> tuple[Link, ...]:
    """Flits on their way to the next router, and its answer that it has room."""
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
