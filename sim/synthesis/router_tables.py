"""Tables of a mapped router: for a terminal, and as Markdown."""

from collections.abc import Sequence

from rich.table import Table

from trispike.sim.cost.scaling import OSU_180, TW_SNN_65
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import ROUTER, SILICON
from trispike.sim.report.terminal import plain_table
from trispike.sim.synthesis import tables
from trispike.sim.synthesis.router import UNITS, RouterSynthesis
from trispike.sim.synthesis.tables import DERIVED, MEASURED, PUBLISHED
from trispike.sim.synthesis.timing import Link

_ROUTER = "router"


def _name(synthesis: RouterSynthesis) -> str:
    return f"depth {synthesis.depth}, {synthesis.routing}, dead links: {synthesis.dead_links}"


def terminal(synthesis: RouterSynthesis) -> Table:
    """The table of ``synthesis``; fits 100 columns."""
    title = f"router, 7 ports, {_name(synthesis)}, cells: {synthesis.library}"
    table = plain_table(title, ["unit"], tables.BLOCK_COLUMNS)
    for part in synthesis.units:
        table.add_row(part.block, *tables.block_cells(part))
    table.add_row(_ROUTER, *tables.block_cells(synthesis.total), style="bold")
    return table


def _link(each: Link) -> str:
    return f"{each.what} {each.leaves:.2f} + {each.needs:.2f} ns"


def remarks(synthesis: RouterSynthesis) -> list[str]:
    """Notes printed below the table."""
    timing = synthesis.timing
    return [
        f"cells, areas: {MEASURED}; NAND2: {DERIVED}, {tables.unit(synthesis)}",
        tables.speed(synthesis),
        f"longest path in the router, {timing.period:.2f} ns: {timing.start} to {timing.end}",
        *tables.hops(timing, _ROUTER),
        f"from router to router: {'; '.join(map(_link, synthesis.links))}",
        *_beside(synthesis),
    ]


def _beside(synthesis: RouterSynthesis) -> list[str]:
    """The published router, and ours scaled to its technology."""
    fitted = synthesis.scaled
    if fitted is None:
        return [f"not scaled to {TW_SNN_65}: the technology of {synthesis.library} is not known"]
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
        tables.gates_table(UNITS, {_name(each): each.units for each in entries}, "unit", _ROUTER),
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
    return (
        "`make synth BLOCK=router DEPTH=... ROUTING=... DEAD_LINKS=...`, "
        f"{tables.versions(entries)}: a router with all seven ports "
        "([synthesis.md](synthesis.md#a-router)). Input buffers are flip-flops, and counted."
    )


def _routers(synthesis: RouterSynthesis) -> list[list[str]]:
    total, fitted = synthesis.total, synthesis.scaled
    found = [
        _name(synthesis),
        synthesis.library,
        f"{total.gates:,.0f}",
        f"{total.cells:,}",
        f"{total.flip_flops:,}",
        f"{total.area:,.0f}",
        f"{synthesis.fmax:.1f}",
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
                _name(synthesis),
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


def _path(each: RouterSynthesis) -> str:
    links = "; ".join(map(_link, each.links))
    return f"{tables.path(_name(each), each.timing, _ROUTER)}; links: {links}"
