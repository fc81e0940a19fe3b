"""Tables of energies: for a terminal, and of the whole record as Markdown for docs/results.md."""

import dataclasses
from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.scaling import OSU_180, scaled
from trispike.sim.energy import silicon
from trispike.sim.energy.record import Energy, Widths
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import RIVALS

MEASURED, DERIVED, PUBLISHED = "measured", "derived", "published"

READS, LEAKAGE = "SRAM reads", "SRAM leakage"
"""Kinds of event in memory macros, which have no cells in the netlist."""

PAIRS = (
    ("register clocks", ("register clocks",), ("clock",)),
    (
        "processing elements, registers",
        ("synaptic additions", "biases and thresholds"),
        ("registers", "processing elements"),
    ),
    ("encoders", ("encoder steps",), ("encoders",)),
    ("broadcast, control, read-out", (), ("broadcast, control, configuration", "read-out")),
)
"""Name of a part, its kinds of event, and its parts of the netlist."""


def cells_nj(entry: Energy) -> dict[str, float]:
    """Energy in nJ of a prediction for each part of the netlist, in the cells' technology."""
    parts = {"clock": entry.switching.clock, "registers": entry.switching.registers}
    parts |= entry.switching.logic
    return {name: pj * entry.traced_cycles / 1000 for name, pj in parts.items()}


def netlist_nj(entry: Energy) -> float:
    """Energy in nJ of a prediction at 65 nm, logic by switching and memories by events."""
    logic = sum(scaled(nj, OSU_180, TARGET) for nj in cells_nj(entry).values())
    return logic + entry.traced_events[READS] + entry.traced_events[LEAKAGE]


def rows(entry: Energy) -> list[tuple[str, str, str, str]]:
    """Part, nJ by events, nJ of the cells, and the latter scaled; over the traced images."""
    nj = cells_nj(entry)
    lines = []
    for title, events, parts in PAIRS:
        by_events = sum(entry.traced_events[name] for name in events)
        cells = sum(nj.get(name, 0.0) for name in parts)
        priced = f"{by_events:.2f}" if events else ""
        lines.append((title, priced, f"{cells:.1f}", f"{scaled(cells, OSU_180, TARGET):.2f}"))
    for name in (READS, LEAKAGE):
        value = f"{entry.traced_events[name]:.2f}"
        lines.append((name, value, "", value))
    total = sum(entry.traced_events.values())
    lines.append(("sum", f"{total:.2f}", f"{sum(nj.values()):.1f}", f"{netlist_nj(entry):.2f}"))
    return lines


def terminal(entry: Energy) -> Table:
    """The table of ``entry``."""
    table = Table(
        title=f"{entry.network} on {entry.data}, T = {entry.timesteps}, lanes: {entry.lanes}: nJ "
        f"of a prediction, first {entry.traced_images} images",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("part", no_wrap=True)
    for head in (f"events, {TARGET}", f"switching, {OSU_180}", f"switching, scaled to {TARGET}"):
        table.add_column(head, justify="right")
    *parts, total = rows(entry)
    for row in parts:
        table.add_row(*row)
    table.add_row(*total, style="bold")
    return table


def remarks(entry: Energy) -> list[str]:
    """Notes printed below the table."""
    ratio = sum(entry.traced_events.values()) / netlist_nj(entry)
    energy = sum(entry.events.values())
    power = f"{constants.TW_SNN_POWER.value:g} mW"
    return [
        f"events: {DERIVED} from measured counts; switching: {MEASURED} and priced by OpenSTA",
        f"events over switching: {ratio:.2f}",
        f"by events, all {entry.images:,} images: {energy:.1f} nJ, {entry.cycles:.1f} cycles",
        f"TW-SNN's {power} in as many cycles: {silicon.prediction(entry.cycles):.1f} nJ, {DERIVED}",
        *accuracy(entry),
    ]


def accuracy(entry: Energy | Widths) -> list[str]:
    """The note on the accuracy of ``entry``; none if there is none."""
    known = entry.accuracy is not None
    return [f"accuracy on these images: {entry.accuracy:.2%}"] if known else []


def markdown(entries: Sequence[Energy]) -> str:
    """The whole record: the comparison with others, the parts, the constants."""
    ours = [row for entry in entries if entry.data == "mnist" for row in _ours(entry)]
    rivals = [(*dataclasses.astuple(rival)[:-1], f"{PUBLISHED}, {rival.where}") for rival in RIVALS]
    parts = [_INTRODUCTION, markdown_table(_DESIGNS, [*ours, *rivals])]
    heads = ("part", f"events, {TARGET}", f"switching, {OSU_180}", f"scaled to {TARGET}")
    for entry in entries:
        parts += [_caption(entry), markdown_table(heads, rows(entry))]
    body = [
        (each.what, f"{each.value:g} {each.unit}", str(each.technology), each.source)
        for each in constants.ALL
    ]
    parts += ["Constants:", markdown_table(("constant", "value", "technology", "source"), body)]
    return "\n\n".join(parts)


_INTRODUCTION = """\
`make energy LAYER=... DATA=... T=... LANES=...`; how the figures come about, and what open cells \
cannot tell, is in [energy.md](energy.md)."""

_DESIGNS = (
    "design",
    "technology",
    "weights",
    "accuracy on MNIST",
    "cycles",
    "nJ/prediction, 65 nm",
    "how",
)


def _ours(entry: Energy) -> list[tuple[str, ...]]:
    """Rows of one run in the comparison."""
    name = f"Trispike {entry.network}, T = {entry.timesteps}, lanes: {entry.lanes}"
    accuracy = f"{entry.accuracy:.2%} of {entry.images:,}, {MEASURED}"
    by_switching = netlist_nj(entry) * entry.cycles / entry.traced_cycles
    few = f"{entry.traced_images} images"
    ways = (
        (sum(entry.events.values()), "events, each times its energy"),
        (by_switching, f"switching of the netlist on {few}, scaled from {OSU_180}"),
        (silicon.prediction(entry.cycles), "TW-SNN's power for as many cycles"),
    )
    same = (name, str(TARGET), "2 bits", accuracy, f"{entry.cycles:.1f}, {MEASURED}")
    return [(*same, f"{nj:.1f}", f"{DERIVED}: {how}") for nj, how in ways]


def _caption(entry: Energy) -> str:
    leakage = f"{entry.switching.leakage / 1000:.1f} uW"
    return (
        f"{entry.network} on {entry.data}, T = {entry.timesteps}, lanes: {entry.lanes}: nJ of a "
        f"prediction, first {entry.traced_images} images, {entry.traced_cycles:.1f} cycles each. "
        f"Cells: {entry.library}; their leakage, {leakage}, is not in the sums."
    )
