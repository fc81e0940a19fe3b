"""Tables of energies: for a terminal, and of the whole record as Markdown for docs/results.md."""

import dataclasses
from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.scaling import OSU_180, scaled
from trispike.sim.energy import silicon
from trispike.sim.energy.record import Energy, Told, Widths
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import RIVALS

MEASURED, DERIVED, PUBLISHED = "measured", "derived", "published"

MEMORIES = ("SRAM reads", "line buffers, pools, states", "SRAM leakage")
"""Kinds of event in memory macros, which have no cells in the netlist."""

_WAYS = ("events", "switching", "events, no clock gates", "switching, no clock gates")

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


def cells_nj(entry: Energy, told: Told) -> dict[str, float]:
    """Energy in nJ of a prediction at 65 nm for each part of the netlist."""
    parts = {"clock": told.switching.clock, "registers": told.switching.registers}
    parts |= told.switching.logic
    return {
        name: scaled(pj * entry.traced_cycles / 1000, OSU_180, TARGET) for name, pj in parts.items()
    }


def netlist_nj(entry: Energy, told: Told) -> float:
    """Energy in nJ of a prediction at 65 nm, logic by switching and memories by events."""
    logic = sum(cells_nj(entry, told).values())
    return logic + sum(told.traced_events[name] for name in _memories(told))


def _memories(told: Told) -> list[str]:
    return [name for name in MEMORIES if name in told.traced_events]


def ratio(entry: Energy, told: Told) -> float:
    """Events over switching, of the traced images."""
    return sum(told.traced_events.values()) / netlist_nj(entry, told)


def rows(entry: Energy) -> list[tuple[str, ...]]:
    """Part, and nJ by events and by switching with clock gates, then without; traced images."""
    columns = [_column(entry, told) for told in (entry.gated, entry.ungated)]
    return [
        (title, *(text for column in columns for text in column[title])) for title in columns[0]
    ]


def _column(entry: Energy, told: Told) -> dict[str, tuple[str, str]]:
    nj, cells = told.traced_events, cells_nj(entry, told)
    lines = {}
    for title, events, parts in PAIRS:
        priced = f"{sum(nj[name] for name in events):.2f}" if events else ""
        lines[title] = priced, f"{sum(cells.get(name, 0.0) for name in parts):.2f}"
    lines |= {name: (f"{nj[name]:.2f}",) * 2 for name in _memories(told)}
    return lines | {"sum": (f"{sum(nj.values()):.2f}", f"{netlist_nj(entry, told):.2f}")}


def _what(entry: Energy) -> str:
    """What ran, for people."""
    network = " ".join(part for part in (entry.network, entry.recipe) if part)
    return f"{network}, T = {entry.timesteps}, lanes: {entry.lanes}"


def terminal(entry: Energy) -> Table:
    """The table of ``entry``."""
    table = Table(
        title=f"{_what(entry)} on {entry.data}: nJ of a prediction, {TARGET}, first "
        f"{entry.traced_images} images",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("part", no_wrap=True)
    for head in _WAYS:
        table.add_column(head, justify="right")
    *parts, total = rows(entry)
    for row in parts:
        table.add_row(*row)
    table.add_row(*total, style="bold")
    return table


def remarks(entry: Energy) -> list[str]:
    """Notes printed below the table."""
    gated, ungated = (sum(told.events.values()) for told in (entry.gated, entry.ungated))
    whole = f"by events, all {entry.images:,} images: {gated:.1f} nJ, {entry.cycles:.1f} cycles"
    ratios = [ratio(entry, told) for told in (entry.gated, entry.ungated)]
    power = f"{constants.TW_SNN_POWER.value:g} mW"
    return [
        f"events: {DERIVED} from measured counts; switching: {MEASURED}, scaled from {OSU_180}",
        f"events over switching: {ratios[0]:.2f}, without clock gates {ratios[1]:.2f}",
        f"{whole}; {ungated:.1f} nJ without clock gates",
        f"wires and the clock's tree, not in the sums: at most {wires_nj(entry):.1f} nJ, estimated",
        f"TW-SNN's {power} in as many cycles: {silicon.prediction(entry.cycles):.1f} nJ, {DERIVED}",
        *accuracy(entry),
    ]


def wires_nj(entry: Energy) -> float:
    """Estimate in nJ of what wires, and the clock's tree, add at most: ``constants.WIRES``."""
    share = constants.WIRES.value
    return sum(cells_nj(entry, entry.gated).values()) * share / (1 - share)


def accuracy(entry: Energy | Widths) -> list[str]:
    """The note on the accuracy of ``entry``; none if there is none."""
    known = entry.accuracy is not None
    return [f"accuracy on these images: {entry.accuracy:.2%}"] if known else []


def markdown(entries: Sequence[Energy]) -> str:
    """The whole record: the comparison with others, the parts, the constants."""
    ours = [row for entry in entries if entry.data == "mnist" for row in _ours(entry)]
    rivals = [(*dataclasses.astuple(rival)[:-1], f"{PUBLISHED}, {rival.where}") for rival in RIVALS]
    parts = [_INTRODUCTION, markdown_table(_DESIGNS, [*ours, *rivals])]
    for entry in entries:
        parts += [_caption(entry), markdown_table(("part", *_WAYS), rows(entry))]
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
    accuracy = f"{entry.accuracy:.2%} of {entry.images:,}, {MEASURED}"
    more, few = entry.cycles / entry.traced_cycles, f"{entry.traced_images} images"
    ways = [(silicon.prediction(entry.cycles), "TW-SNN's power for as many cycles")]
    for told, how in ((entry.gated, "with clock gates"), (entry.ungated, "without clock gates")):
        ways += [
            (sum(told.events.values()), f"events, {how}"),
            (netlist_nj(entry, told) * more, f"switching of the netlist on {few}, {how}"),
        ]
    same = (
        f"Trispike {_what(entry)}",
        str(TARGET),
        "2 bits",
        accuracy,
        f"{entry.cycles:.1f}, {MEASURED}",
    )
    return [(*same, f"{nj:.1f}", f"{DERIVED}: {how}") for nj, how in ways]


def _caption(entry: Energy) -> str:
    leakage = f"{entry.gated.switching.leakage / 1000:.1f} uW"
    return (
        f"{_what(entry)} on {entry.data}: nJ of a prediction, {TARGET}, first "
        f"{entry.traced_images} images, {entry.traced_cycles:.1f} cycles each. Switching is that "
        f"of {OSU_180}, scaled. Cells: {entry.library}; their leakage, {leakage}, is not in the "
        "sums."
    )
