"""The table of what neurons cost: for a terminal, and as Markdown for docs/results.md."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.neurons.record import Cost
from trispike.sim.report.markdown import markdown_table

_HEAD = (
    "neuron",
    "NAND2 of a PE",
    "NAND2 of 784-256-256-10",
    "Fmax, MHz",
    "trained network",
    "T",
    "cycles",
    "nJ",
    "accuracy",
)


def _row(cost: Cost) -> list[str]:
    accuracy = "" if cost.all_accuracy is None else f"{cost.all_accuracy:.2%}"
    return [
        f"{cost.neuron} ({cost.paper})",
        f"{cost.element:,.0f}",
        f"{cost.chip:,.0f}",
        f"{cost.fmax:.1f}",
        f"{cost.network} ({'-'.join(map(str, cost.sizes))}), {cost.data}",
        str(cost.timesteps),
        f"{cost.cycles:,.1f}",
        f"{cost.energy:,.1f}",
        accuracy or f"{cost.accuracy:.2%} of {cost.images}",
    ]


def terminal(costs: Sequence[Cost]) -> Table:
    """The table of ``costs``."""
    table = Table(title="what neurons cost", box=box.SIMPLE_HEAD)
    for k, head in enumerate(_HEAD):
        table.add_column(head, justify="left" if k in (0, 4) else "right")
    for cost in costs:
        table.add_row(*_row(cost))
    return table


def remarks(costs: Sequence[Cost]) -> list[str]:
    """What the figures are."""
    images = ", ".join(f"{cost.network} {cost.images}" for cost in costs)
    return [
        f"PE, chip and clock: mapped to {costs[0].library}, measured; memory banks not counted",
        f"cycles of an image: measured in the RTL, equal to the models; test images: {images}",
        "nJ of an image: derived, events times their energies, at 65 nm",
        "accuracy: of all test images, by the integer golden model (the network's card)",
    ]


def markdown(costs: Sequence[Cost]) -> str:
    """The section of docs/results.md."""
    lines = "\n".join(f"- {remark}" for remark in remarks(costs))
    return (
        "`make neurons`; what each neuron computes, and its hardware, is in "
        f"[neurons.md](neurons.md).\n\n{markdown_table(_HEAD, [_row(c) for c in costs])}\n\n{lines}"
    )
