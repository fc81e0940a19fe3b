"""Tables of a mapped node: for a terminal, and as Markdown beside TW-SNN's table 5."""

import dataclasses
from collections.abc import Iterator, Sequence

from rich.table import Table

from trispike.sim.cost.scaling import OSU_180, TW_SNN_65
from trispike.sim.report import published
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import SILICON, TW_SNN, NodePart
from trispike.sim.report.terminal import plain_table
from trispike.sim.synthesis import tables
from trispike.sim.synthesis.figures import BlockFigures
from trispike.sim.synthesis.fit import scaled
from trispike.sim.synthesis.node import ADDRESS_LUT, AER_LUT, NodeSynthesis
from trispike.sim.synthesis.tables import DERIVED, MEASURED, PUBLISHED
from trispike.sim.synthesis.timing import Timing

PRINTED = {AER_LUT: published.AER_LUT, ADDRESS_LUT: published.ADDRESS_LUT}
"""Units of the network interface in TW-SNN's table 5."""

_PARTS = (published.INTERFACE, published.CLUSTER, published.ROUTER)

WHOLE = NodePart(
    paper=TW_SNN,
    what="node",
    process=published.ROUTER.process,
    area=sum(each.area for each in _PARTS),
    megahertz=min(each.megahertz for each in _PARTS),
    where="derived from table 5",
)
"""The published node, computed from its parts: the sum of the areas, the lowest of the clocks."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One row of either table: name, figures, period in ns (0: none), figures of table 5."""

    name: str
    part: BlockFigures
    period: float = 0.0
    printed: NodePart | None = None
    whole: bool = False


def lines(entry: NodeSynthesis) -> Iterator[Row]:
    """The rows of ``entry``; ``whole`` are the rows that are not part of another row."""
    interface, cluster, router = entry.interface, entry.cluster, entry.router
    for part in interface.blocks:
        yield Row(name=f"NI: {part.block}", part=part, printed=PRINTED.get(part.block))
    period = interface.timing.period
    yield _whole("network interface", interface.total, period, published.INTERFACE)
    yield Row(name="the same less the timestep protocol", part=entry.bare_interface)
    for part in cluster.blocks:
        if not part.memory_bits:
            yield Row(name=f"cluster: {part.block}", part=part)
    period = cluster.timing.period
    yield _whole("neuron cluster, without banks", cluster.total, period, published.CLUSTER)
    yield _whole("memory map, between the two", entry.between)
    name = f"router, depth {router.depth}, {router.routing}"
    yield _whole(name, router.total, router.period, published.ROUTER)
    yield _whole("node", entry.total, entry.period, WHOLE)


def _whole(
    name: str, part: BlockFigures, period: float = 0.0, printed: NodePart | None = None
) -> Row:
    return Row(name=name, part=part, period=period, printed=printed, whole=True)


def terminal(entry: NodeSynthesis) -> Table:
    """The table of ``entry``; fits 100 columns."""
    table = plain_table(_title(entry), ["part"], ["cells", "flip-flops", "um2", "NAND2", "MHz"])
    for row in lines(entry):
        part = row.part
        numbers = (part.cells, part.flip_flops, part.area, part.gates)
        style = "bold" if row.whole else ""
        table.add_row(row.name, *(f"{n:,.0f}" for n in numbers), _clock(row), style=style)
    return table


def remarks(entry: NodeSynthesis) -> list[str]:
    """Notes printed below the table."""
    found = [
        f"cells, areas, clocks: {MEASURED}; NAND2, sums: {DERIVED}, {tables.unit(entry)}",
        f"memory banks, {entry.cluster.total.memory_bits:,} bits, are not counted",
        tables.speed(entry),
    ]
    for what, timing in _timings(entry):
        found.append(
            f"longest path, {what}, {timing.period:.2f} ns: {timing.start} to {timing.end}"
        )
        found += tables.hops(timing, what)
    return [*found, *_beside(entry)]


def _beside(entry: NodeSynthesis) -> list[str]:
    """The figures of table 5, and ours scaled to its technology."""
    if scaled(entry.library, entry.total) is None:
        return [f"not scaled to {TW_SNN_65}: the technology of {entry.library} is not known"]
    areas = f"by the square of the node (1) and by {SILICON.gate_area:.2f} um2 a gate (2)"
    found = [f"scaled to {TW_SNN_65}, {DERIVED}, areas {areas}, beside {TW_SNN} table 5:"]
    for row in lines(entry):
        if row.printed is not None:
            fitted = scaled(entry.library, row.part, row.period)
            kind = DERIVED if row.printed is WHOLE else PUBLISHED
            ours = f"{fitted.shrunk:,.0f} (1), {fitted.gates:,.0f} (2) um2{_at(fitted.fmax)}"
            theirs = f"{row.printed.area:,.0f} um2{_at(row.printed.megahertz)}"
            found.append(f"  {row.name}: {ours}; {theirs}, {kind}")
    return found


def _at(megahertz: float) -> str:
    return f" at {megahertz:,.0f} MHz" if megahertz else ""


_HEAD = (
    "part",
    "gates",
    "flip-flops",
    "area, um2",
    "Fmax, MHz",
    "65 nm: area (1), um2",
    "area (2), um2",
    "Fmax, MHz",
    "table 5: area, um2",
    "Fmax, MHz",
    "ours over table 5's: area (1)",
    "area (2)",
    "Fmax",
)

_KINDS = ("", DERIVED, *[MEASURED] * 3, *[DERIVED] * 3, *[PUBLISHED] * 2, *[DERIVED] * 3)
"""Origin of each column's figures."""


def markdown(entries: Sequence[NodeSynthesis]) -> str:
    """The section of docs/results.md: all nodes, beside table 5, and their longest paths."""
    parts = [_conditions(entries)]
    for each in entries:
        body = [list(_KINDS), *(_cells(each, row) for row in lines(each))]
        parts += [f"{_title(each)}:", markdown_table(_HEAD, body), _paths(each)]
    return "\n\n".join([*parts, _legend()])


def _title(entry: NodeSynthesis) -> str:
    return (
        f"node, {entry.inputs} inputs, {entry.neurons} neurons, entries: {entry.sources} and "
        f"{entry.destinations}, cells: {entry.library}"
    )


def _conditions(entries: Sequence[NodeSynthesis]) -> str:
    return (
        f"`make synth BLOCK=node`, {tables.versions(entries)}: a node, its network interface "
        "(NI) unit by unit, and the router of depth 4 from the table above. What is counted, and "
        "what is different in TW-SNN's node, is in [synthesis.md](synthesis.md#a-node)."
    )


def _clock(row: Row) -> str:
    return f"{1000 / row.period:.1f}" if row.period else ""


def _cells(entry: NodeSynthesis, row: Row) -> list[str]:
    part, printed, fitted = row.part, row.printed, scaled(entry.library, row.part, row.period)
    name = f"**{row.name}**" if row.whole else row.name
    cells = [name, f"{part.gates:,.0f}", f"{part.flip_flops:,}", f"{part.area:,.0f}", _clock(row)]
    cells += _scaled(fitted.shrunk, fitted.gates, fitted.fmax) if fitted else [""] * 3
    if printed is None:
        return [*cells, *[""] * 5]
    kind = f" ({DERIVED})" if printed is WHOLE else ""
    clock = f"{printed.megahertz:g}{kind}" if printed.megahertz else ""
    cells += [f"{printed.area:,.0f}{kind}", clock]
    if fitted is None:
        return [*cells, *[""] * 3]
    cells += [f"{fitted.shrunk / printed.area:.2f}", f"{fitted.gates / printed.area:.2f}"]
    return [*cells, f"{fitted.fmax / printed.megahertz:.2f}" if printed.megahertz else ""]


def _scaled(shrunk: float, gates: float, fmax: float) -> list[str]:
    return [f"{shrunk:,.0f}", f"{gates:,.0f}", f"{fmax:,.0f}" if fmax else ""]


def _timings(entry: NodeSynthesis) -> list[tuple[str, Timing]]:
    return [
        ("network interface", entry.interface.timing),
        ("cluster", entry.cluster.timing),
        ("node", entry.timing),
    ]


def _paths(entry: NodeSynthesis) -> str:
    left = entry.timing.left
    return "\n".join(
        [
            "Longest paths, in names of the Amaranth source; the router's is in the table above:\n",
            *(tables.path(what, timing, what) for what, timing in _timings(entry)),
            f"- left for an SRAM read: {left:.2f} ns, {DERIVED}",
        ]
    )


def _legend() -> str:
    return (
        f"Sums over blocks are {DERIVED}, and so are gates, area divided by that of the library's "
        f"NAND2. Scaled from {OSU_180} to {TW_SNN_65}: areas by the square of the node (1), or as "
        f"gates of {SILICON.gate_area:.2f} um2 (2), as for the router; clocks as delays of logic "
        "(Stillmaker and Baas 2017). Memory banks are not counted; whether they are in table 5's "
        "cluster is not said there. Table 5's node is its sum without TSVs, and the lowest of its "
        "clocks."
    )
