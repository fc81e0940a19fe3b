"""A synthesis as a table for a terminal, and all of the record as Markdown for docs/results.md."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import SILICON
from trispike.sim.report.terminal import plain_table
from trispike.sim.synthesis.figures import BLOCKS, BlockFigures, Synthesis, total
from trispike.sim.synthesis.node import NodeSynthesis
from trispike.sim.synthesis.router import RouterSynthesis
from trispike.sim.synthesis.timing import Hop, Timing

Entry = Synthesis | RouterSynthesis | NodeSynthesis

MEASURED, DERIVED, PUBLISHED = "measured", "derived", "published"


BLOCK_COLUMNS = ("instances", "cells", "buffers", "flip-flops", "um2", "NAND2")


def block_cells(part: BlockFigures) -> list[str]:
    """Figures of ``part``, in the order of ``BLOCK_COLUMNS``."""
    numbers = (part.instances, part.cells, part.buffers, part.flip_flops, part.area, part.gates)
    return [f"{number:,.0f}" for number in numbers]


def _cells(part: BlockFigures) -> list[str]:
    return [*block_cells(part), f"{part.memory_bits:,}"]


def terminal(synthesis: Synthesis) -> Table:
    """The table of ``synthesis``; fits 100 columns."""
    sizes = "-".join(map(str, synthesis.sizes))
    title = f"{synthesis.network} ({sizes}), lanes: {synthesis.lanes}, cells: {synthesis.library}"
    table = plain_table(title, ["block"], [*BLOCK_COLUMNS, "memory bits"])
    for part in synthesis.blocks:
        table.add_row(part.block, *_cells(part))
    table.add_row("chip", *_cells(synthesis.total), style="bold")
    if synthesis.network == SILICON.layer:
        printed = [*[""] * 5, f"{SILICON.gates:,}", f"{8 * SILICON.memory_bytes:,}"]
        table.add_row(f"{SILICON.paper}, {PUBLISHED}", *printed)
    return table


def remarks(synthesis: Synthesis) -> list[str]:
    """Notes printed below the table."""
    timing = synthesis.timing
    lines = [
        f"cells, areas, bits: {MEASURED}; NAND2: {DERIVED}, {unit(synthesis)}",
        speed(timing),
        f"critical path: {timing.start} to {timing.end}",
        *hops(timing, "chip"),
    ]
    if timing.behind_banks:
        lines.append(f"time left for an SRAM bank to read: {timing.left:.2f} ns, {DERIVED}")
    return lines


def unit(synthesis: Entry) -> str:
    """The unit of gate counts."""
    return f"{synthesis.nand2} has {synthesis.nand2_area:g} um2"


def speed(timed: Timing | Entry) -> str:
    """The highest clock."""
    clock = f"Fmax {timed.fmax:.1f} MHz, {timed.period:.2f} ns"
    return f"{clock}: {MEASURED} by OpenSTA, without wires and clock tree"


def hops(timing: Timing, top: str) -> list[str]:
    """A line for each instance on the path below ``top``, and when the path leaves it."""
    return [f"  {hop.arrival:6.2f} ns  {place(hop, top)}" for hop in timing.path]


def place(hop: Hop, top: str) -> str:
    """Instance below ``top``, number of cells, and signals of the source on the path."""
    count = f"{hop.cells} cell{'s' if hop.cells > 1 else ''}"
    signals = f" by {', '.join(hop.signals)}" if hop.signals else ""
    return f"{hop.instance or top}: {count}{signals}"


def path(what: str, timing: Timing, top: str) -> str:
    """The longest path of ``what`` as an item of a list."""
    steps = "; ".join(f"{place(hop, top)}, {hop.arrival:.2f} ns" for hop in timing.path)
    return f"- {what}, {timing.period:.2f} ns: `{timing.start}` to `{timing.end}` ({steps})"


def versions(entries: Sequence[Entry]) -> str:
    """The tools of ``entries``."""
    return ", ".join(sorted({f"Yosys {each.yosys} and OpenSTA {each.opensta}" for each in entries}))


def gates_table(
    kinds: Sequence[tuple], columns: Mapping[str, Sequence[BlockFigures]], title: str, top: str
) -> str:
    """Gates of each of ``kinds``, and instances, a column for the blocks of each design.

    Kinds that no design has gates of are left out; the last row, ``top``, has the sums.
    """
    body = []
    for kind, _ in kinds:
        row = []
        for blocks in columns.values():
            part = next((part for part in blocks if part.block == kind), None)
            counted = part is not None and not part.memory_bits
            row.append(f"{part.gates:,.0f} ({part.instances})" if counted else "")
        if any(row):
            body.append([kind, *row])
    sums = (total(top, blocks, instances=1).gates for blocks in columns.values())
    return markdown_table([title, *columns], [*body, [top, *(f"{gates:,.0f}" for gates in sums)]])


def markdown(entries: Sequence[Synthesis]) -> str:
    """The section of docs/results.md: all chips, their blocks, their critical paths."""
    several = len({one.library for one in entries}) > 1
    named = {
        f"{each.network}, lanes: {each.lanes}{f', {each.library}' if several else ''}": each
        for each in entries
    }
    parts = [
        _conditions(entries),
        _chips(entries),
        _legend(),
        "Gates (NAND2 equivalents) of each kind of block, and its number of instances:",
        gates_table(BLOCKS, {name: each.blocks for name, each in named.items()}, "block", "chip"),
        "Critical paths, in names of the Amaranth source:",
        "\n".join(path(name, each.timing, "chip") for name, each in named.items()),
    ]
    return "\n\n".join(parts)


def _conditions(entries: Sequence[Synthesis]) -> str:
    return (
        f"`make synth LAYER=... LANES=...`, {versions(entries)}; the flow, and what is counted, "
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
        whole, timing = each.total, each.timing
        body.append(
            [
                each.network,
                str(each.lanes),
                each.library,
                f"{whole.gates:,.0f}",
                f"{whole.cells:,}",
                f"{whole.buffers:,}",
                f"{whole.flip_flops:,}",
                f"{whole.area / 1e6:.2f}",
                f"{whole.memory_bits:,}",
                f"{timing.fmax:.1f}",
                f"{timing.left:.2f}",
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
