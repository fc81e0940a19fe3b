"""Tables of layers' energies with weights of several widths: for a terminal, and as Markdown."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.cost.constants import TARGET
from trispike.sim.energy.record import Widths
from trispike.sim.energy.tables import accuracy
from trispike.sim.energy.widths import WIDTHS
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import WIDTH_GAINS

_TERNARY, *_WIDER = WIDTHS

_HEADS = (
    "layer",
    "spikes in",
    "neurons reached",
    *(f"{bits} bits, nJ" for bits in WIDTHS),
    f"memory, {_TERNARY} bits",
)


def rows(entry: Widths) -> list[tuple[str, ...]]:
    """A row for each layer, and their sum."""
    lines = [
        (
            f"{number}: {layer.layer}",
            f"{sum(layer.spikes):.1f}",
            f"{sum(layer.reached):.0f}",
            *(f"{layer.nj(bits):.2f}" for bits in WIDTHS),
            f"{layer.memory_nj(_TERNARY) / (layer.nj(_TERNARY) or 1):.0%}",
        )
        for number, layer in enumerate(entry.layers, 1)
    ]
    memory = sum(layer.memory_nj(_TERNARY) for layer in entry.layers)
    total = (
        "sum",
        f"{sum(sum(layer.spikes) for layer in entry.layers):.1f}",
        f"{sum(sum(layer.reached) for layer in entry.layers):.0f}",
        *(f"{entry.nj(bits):.2f}" for bits in WIDTHS),
        f"{memory / (entry.nj(_TERNARY) or 1):.0%}",
    )
    return [*lines, total]


def caption(entry: Widths) -> str:
    """What the table of ``entry`` is of."""
    return (
        f"{entry.network} on {entry.data}, T = {entry.timesteps}: nJ of a prediction, {TARGET}, "
        f"TW-SNN's eq. 14-17, {entry.images:,} images"
    )


def terminal(entry: Widths) -> Table:
    """The table of ``entry``."""
    table = Table(title=caption(entry), box=box.SIMPLE_HEAD)
    for head in _HEADS:
        table.add_column(head, justify="left" if head == "layer" else "right", no_wrap=True)
    *layers, total = rows(entry)
    for row in layers:
        table.add_row(*row)
    table.add_row(*total, style="bold")
    return table


def remarks(entry: Widths) -> list[str]:
    """Notes printed below the table."""
    return [
        "spikes and neurons: measured by the golden model, means of an image; energies: derived",
        *(_gain(entry, bits) for bits in _WIDER),
        *accuracy(entry),
    ]


def _gain(entry: Widths, bits: int) -> str:
    times = entry.nj(bits) / (entry.nj(_TERNARY) or 1)
    printed = next(each for each in WIDTH_GAINS if each.bits == bits)
    return (
        f"weights of {bits} bits: {times:.2f} times the energy; {printed.paper}, published: "
        f"{printed.times:g} times {printed.energy:,.0f} nJ, {printed.network} on {printed.data}, "
        f"T = {printed.timesteps}"
    )


def markdown(entries: Sequence[Widths]) -> str:
    """The whole record."""
    parts = [_INTRODUCTION]
    for entry in entries:
        notes = "\n".join(f"- {line}" for line in remarks(entry))
        parts += [f"{caption(entry)}.", markdown_table(_HEADS, rows(entry)), notes]
        parts.append(f"![Energy of each layer of {entry.network}]({entry.figure})")
    return "\n\n".join(parts)


_INTRODUCTION = """\
`make energy WIDTHS=1 LAYER=... DATA=... T=...`; the equations, and what is assumed, are in \
[energy.md](energy.md)."""
