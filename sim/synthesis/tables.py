"""A synthesis as a table for a terminal, and all of the record as Markdown for docs/results.md."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import SILICON
from trispike.sim.synthesis.figures import BLOCKS, BlockFigures, Synthesis
from trispike.sim.synthesis.timing import Hop

MEASURED, DERIVED, PUBLISHED = "measured", "derived", "published"


def _cells(part: BlockFigures) -> list[str]:
    numbers = (part.instances, part.cells, part.buffers, part.flip_flops, part.area, part.gates)
    return [*(f"{number:,.0f}" for number in numbers), f"{part.memory_bits:,}"]


def terminal(made: Synthesis) -> Table:
    """The table of ``made``; fits 100 columns."""
    sizes = "-".join(map(str, made.sizes))
    table = Table(
        title=f"{made.network} ({sizes}), lanes: {made.lanes}, cells: {made.library}",
        box=box.SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    table.add_column("block", no_wrap=True)
    for name in ("instances", "cells", "buffers", "flip-flops", "um2", "NAND2", "memory bits"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in made.blocks:
        table.add_row(part.block, *_cells(part))
    table.add_row("chip", *_cells(made.total), style="bold")
    if made.network == SILICON.layer:
        printed = ["", "", "", "", "", f"{SILICON.gates:,}", f"{8 * SILICON.memory_bytes:,}"]
        table.add_row(f"{SILICON.paper}, {PUBLISHED}", *printed)
    return table


def remarks(made: Synthesis) -> list[str]:
    """Notes printed below the table."""
    timing = made.timing
    unit = f"{made.nand2} has {made.nand2_area:g} um2"
    speed = f"Fmax {timing.fmax:.1f} MHz, {timing.period:.2f} ns"
    lines = [
        f"cells, areas, bits: {MEASURED}; NAND2: {DERIVED}, {unit}",
        f"{speed}: {MEASURED} by OpenSTA, without wires and clock tree",
        f"critical path: {timing.start} to {timing.end}",
    ]
    lines += [f"  {arrival(hop)} ns  {place(hop)}" for hop in timing.path]
    if timing.behind_banks:
        lines.append(
            f"time left for an SRAM bank to read: {timing.period - timing.behind_banks:.2f} ns, "
            f"{DERIVED}"
        )
    return lines


def arrival(hop: Hop) -> str:
    """Time at which the path leaves the instance."""
    return f"{hop.arrival:6.2f}"


def place(hop: Hop, top: str = "chip") -> str:
    """Instance below ``top``, number of cells, and signals of the source on the path."""
    where = hop.instance or top
    count = f"{hop.cells} cell{'s' if hop.cells > 1 else ''}"
    return f"{where}: {count}" + (f" by {', '.join(hop.signals)}" if hop.signals else "")


def markdown(entries: Sequence[Synthesis]) -> str:
    """The section of docs/results.md: all chips, their blocks, their critical paths."""
    parts = [
        _conditions(entries),
        _chips(entries),
        _legend(),
        "Gates (NAND2 equivalents) of each kind of block, and its number of instances:",
        _blocks(entries),
        "Critical paths, in names of the Amaranth source:",
        "\n".join(_path(each, entries) for each in entries),
    ]
    return "\n\n".join(parts)


def _conditions(entries: Sequence[Synthesis]) -> str:
    versions = sorted({f"Yosys {each.yosys} and OpenSTA {each.opensta}" for each in entries})
    return (
        f"`make synth LAYER=... LANES=...`, {', '.join(versions)}; the flow, and what is counted, "
        "is in [synthesis.md](synthesis.md). Buffers of broadcast trees are counted; a clock tree "
        "and wires are not modelled; memory banks are macros, and no gates."
    )


def _legend() -> str:
    return (
        f"Cells, buffers, flip-flops, areas, bits and Fmax of our rows are {MEASURED} on the "
        f"mapped netlist; gates are {DERIVED}, area divided by that of the library's NAND2. "
        f"{SILICON.paper}'s row is {PUBLISHED} ({SILICON.where}): an estimate of theirs, and the "
        "clock is the one that the laid-out chip is meant for."
    )


def _name(each: Synthesis, entries: Sequence[Synthesis]) -> str:
    several = len({one.library for one in entries}) > 1
    library = f", {each.library}" if several else ""
    return f"{each.network}, lanes: {each.lanes}{library}"


_CHIP_HEAD = (
    "network",
    "lanes",
    "cells of",
    "gates of logic",
    "cells",
    "of these buffers",
    "flip-flops",
    "area, mm2",
    "SRAM, bits",
    "Fmax, MHz",
    "left for an SRAM read, ns",
    "how",
)


def _chips(entries: Sequence[Synthesis]) -> str:
    body = []
    for each in entries:
        total, timing = each.total, each.timing
        body.append(
            [
                each.network,
                str(each.lanes),
                each.library,
                f"{total.gates:,.0f}",
                f"{total.cells:,}",
                f"{total.buffers:,}",
                f"{total.flip_flops:,}",
                f"{total.area / 1e6:.2f}",
                f"{total.memory_bits:,}",
                f"{timing.fmax:.1f}",
                f"{timing.period - timing.behind_banks:.2f}",
                f"{MEASURED}; gates, time left: {DERIVED}",
            ]
        )
    body.append(
        [
            SILICON.layer,
            "1",
            f"{SILICON.paper}, {SILICON.process}",
            f"{SILICON.gates:,}",
            *[""] * 3,
            f"{SILICON.logic_mm2:.2f}",
            f"{8 * SILICON.memory_bytes:,}",
            f"{SILICON.megahertz:.0f} (clock)",
            "",
            PUBLISHED,
        ]
    )
    return markdown_table(_CHIP_HEAD, body)


def _blocks(entries: Sequence[Synthesis]) -> str:
    head = ["block", *(_name(each, entries) for each in entries)]
    body = []
    for block, _ in BLOCKS:
        row = []
        for each in entries:
            part = next((part for part in each.blocks if part.block == block), None)
            counted = part is not None and not part.memory_bits
            row.append(f"{part.gates:,.0f} ({part.instances})" if counted else "")
        if any(row):
            body.append([block, *row])
    return markdown_table(
        head, [*body, ["chip", *(f"{each.total.gates:,.0f}" for each in entries)]]
    )


def _path(each: Synthesis, entries: Sequence[Synthesis]) -> str:
    hops = "; ".join(f"{place(hop)}, {hop.arrival:.2f} ns" for hop in each.timing.path)
    return (
        f"- {_name(each, entries)}, {each.timing.period:.2f} ns: "
        f"`{each.timing.start}` to `{each.timing.end}` ({hops})"
    )
