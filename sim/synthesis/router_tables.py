"""Tables of a mapped router: for a terminal, and as Markdown."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.cost.scaling import OSU_180, TW_SNN_65
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import ROUTER, SILICON
from trispike.sim.synthesis.figures import BlockFigures
from trispike.sim.synthesis.router import UNITS, RouterSynthesis
from trispike.sim.synthesis.tables import DERIVED, MEASURED, PUBLISHED, arrival, place
from trispike.sim.synthesis.timing import Link

_ROUTER = "router"


def _name(made: RouterSynthesis) -> str:
    return f"depth {made.depth}, {made.routing}, dead links: {made.dead_links}"


def _cells(part: BlockFigures) -> list[str]:
    numbers = (part.instances, part.cells, part.buffers, part.flip_flops, part.area, part.gates)
    return [f"{number:,.0f}" for number in numbers]


def terminal(made: RouterSynthesis) -> Table:
    """The table of ``made``; fits 100 columns."""
    table = Table(
        title=f"router, 7 ports, {_name(made)}, cells: {made.library}",
        box=box.SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    table.add_column("unit", no_wrap=True)
    for name in ("instances", "cells", "buffers", "flip-flops", "um2", "NAND2"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in made.units:
        table.add_row(part.block, *_cells(part))
    table.add_row(_ROUTER, *_cells(made.total), style="bold")
    return table


def _link(each: Link) -> str:
    return f"{each.what} {each.leaves:.2f} + {each.needs:.2f} ns"


def remarks(made: RouterSynthesis) -> list[str]:
    """Notes printed below the table."""
    timing = made.timing
    speed = f"Fmax {made.fmax:.1f} MHz, {made.period:.2f} ns"
    return [
        f"cells, areas: {MEASURED}; NAND2: {DERIVED}, {made.nand2} has {made.nand2_area:g} um2",
        f"{speed}: {MEASURED} by OpenSTA, without wires and clock tree",
        f"longest path in the router, {timing.period:.2f} ns: {timing.start} to {timing.end}",
        *(f"  {arrival(hop)} ns  {place(hop, _ROUTER)}" for hop in timing.path),
        f"from router to router: {'; '.join(map(_link, made.links))}",
        *_beside(made),
    ]


def _beside(made: RouterSynthesis) -> list[str]:
    """The published router, and ours scaled to its technology."""
    fitted = made.scaled
    if fitted is None:
        return [f"not scaled to {TW_SNN_65}: the technology of {made.library} is not known"]
    what = f"{ROUTER.paper} {ROUTER.where}, {ROUTER.what}, {ROUTER.process}"
    square, gates = fitted.shrunk / ROUTER.area, fitted.gates / ROUTER.area
    return [
        f"{what}: {ROUTER.area:,.0f} um2, {ROUTER.megahertz:g} MHz, {PUBLISHED}",
        f"this one scaled to {TW_SNN_65}, {DERIVED}, and as a part of that:",
        f"  area by the square of the node: {fitted.shrunk:,.0f} um2, {square:.2f}",
        f"  area by {SILICON.gate_area:.2f} um2 a gate: {fitted.gates:,.0f} um2, {gates:.2f}",
        f"  Fmax: {fitted.fmax:,.0f} MHz, {fitted.fmax / ROUTER.megahertz:.2f}",
    ]


_HEAD = (
    "router",
    "technology",
    "gates",
    "cells",
    "flip-flops",
    "area, um2",
    "Fmax, MHz",
    "area of table 5's",
    "Fmax of table 5's",
    "how",
)


def markdown(entries: Sequence[RouterSynthesis]) -> str:
    """The section of docs/results.md: all routers, their units, their longest paths."""
    parts = [
        _conditions(entries),
        markdown_table(_HEAD, [*(row for each in entries for row in _routers(each)), _published()]),
        _legend(),
        "Gates (NAND2 equivalents) of each kind of unit, and its number of instances:",
        _units(entries),
        _PATHS,
        "\n".join(map(_path, entries)),
    ]
    return "\n\n".join(parts)


_PATHS = (
    "Longest paths, in names of the Amaranth source, and links: when the last bit leaves a router, "
    "and what the next one needs before the clock edge. Fmax is of the longer one."
)


def _legend() -> str:
    return (
        f"Cells, flip-flops, areas and Fmax of our rows in 180 nm are {MEASURED} on the mapped "
        f"netlist; gates are {DERIVED}, area divided by that of the library's NAND2. Scaled from "
        f"{OSU_180} to {TW_SNN_65}, {DERIVED}: areas by the square of the node (1), or as gates of "
        f"{SILICON.gate_area:.2f} um2 (2), which is the {SILICON.logic_mm2:g} mm2 of logic of "
        f"{SILICON.paper}'s chip over its {SILICON.gates:,} gates; clocks as delays of logic "
        f"(Stillmaker and Baas 2017). {ROUTER.paper}'s row is {PUBLISHED} ({ROUTER.where}); how "
        "deep that router's buffers are, and whether wires are in its clock, is not said there."
    )


def _conditions(entries: Sequence[RouterSynthesis]) -> str:
    versions = sorted({f"Yosys {each.yosys} and OpenSTA {each.opensta}" for each in entries})
    return (
        f"`make synth BLOCK=router DEPTH=... ROUTING=... DEAD_LINKS=...`, {', '.join(versions)}: a "
        "router with all seven ports ([synthesis.md](synthesis.md#a-router)). Input buffers are "
        "flip-flops, and counted."
    )


def _routers(made: RouterSynthesis) -> list[list[str]]:
    total, fitted = made.total, made.scaled
    found = [
        _name(made),
        made.library,
        f"{total.gates:,.0f}",
        f"{total.cells:,}",
        f"{total.flip_flops:,}",
        f"{total.area:,.0f}",
        f"{made.fmax:.1f}",
        *["", ""],
        f"{MEASURED}; gates: {DERIVED}",
    ]
    if fitted is None:
        return [found]
    clock, ratio = f"{fitted.fmax:,.0f}", f"{fitted.fmax / ROUTER.megahertz:.2f}"
    return [
        found,
        *(
            [
                _name(made),
                f"scaled to {TW_SNN_65} ({number})",
                *[""] * 3,
                f"{area:,.0f}",
                clock,
                f"{area / ROUTER.area:.2f}",
                ratio,
                DERIVED,
            ]
            for number, area in enumerate((fitted.shrunk, fitted.gates), 1)
        ),
    ]


def _published() -> list[str]:
    return [
        f"{ROUTER.paper}: {ROUTER.what}",
        ROUTER.process,
        *[""] * 3,
        f"{ROUTER.area:,.0f}",
        f"{ROUTER.megahertz:g}",
        "1",
        "1",
        PUBLISHED,
    ]


def _units(entries: Sequence[RouterSynthesis]) -> str:
    body = []
    for unit, _ in UNITS:
        row = []
        for each in entries:
            part = next(part for part in each.units if part.block == unit)
            row.append(f"{part.gates:,.0f} ({part.instances})")
        body.append([unit, *row])
    totals = [_ROUTER, *(f"{each.total.gates:,.0f}" for each in entries)]
    return markdown_table(["unit", *map(_name, entries)], [*body, totals])


def _path(each: RouterSynthesis) -> str:
    timing = each.timing
    hops = "; ".join(f"{place(hop, _ROUTER)}, {hop.arrival:.2f} ns" for hop in timing.path)
    return (
        f"- {_name(each)}, {timing.period:.2f} ns: `{timing.start}` to `{timing.end}` ({hops}); "
        f"links: {'; '.join(map(_link, each.links))}"
    )
