"""Accuracy against energy as a table for a terminal and as Markdown for docs/results.md."""

from collections.abc import Sequence

from rich.table import Table

from trispike.sim.accuracy.points import SEED, Point, pareto
from trispike.sim.cost.constants import TARGET
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.published import RIVALS
from trispike.sim.report.terminal import plain_table

_COLUMNS = ("T", "accuracy", "nJ", "cycles", "syn.ops")


def _numbers(point: Point) -> list[str]:
    return [
        str(point.timesteps),
        f"{point.accuracy:.2%}",
        f"{point.nj:.2f}",
        f"{point.cycles:.1f}",
        f"{point.operations:,.0f}",
    ]


def terminal(points: Sequence[Point]) -> Table:
    """``points``, cheapest first; a star marks those that are on the Pareto line."""
    best = pareto(points)
    title = f"energy of a prediction by events, {TARGET}; *: best for it"
    table = plain_table(title, ["network", "recipe"], _COLUMNS)
    table.add_column("", no_wrap=True)
    for point in sorted(points, key=lambda point: point.nj):
        star = "*" * (point in best)
        table.add_row(point.network, point.recipe, *_numbers(point), star)
    return table


def markdown(data: str, points: Sequence[Point], figure: str) -> str:
    """The section of docs/results.md about ``data``, whose figure is at ``figure`` from there."""
    best = pareto(points)
    head = ["network", "recipe", *_COLUMNS[:-1], "synaptic operations", "spikes: input; layers"]
    body = []
    for point in sorted(points, key=lambda point: point.nj):
        inputs, *layers = (f"{spikes:.1f}" for spikes in point.spikes)
        cells = [point.network, f"`{point.recipe}`", *_numbers(point)]
        cells = [f"**{cell}**" if point in best else cell for cell in cells]
        body.append([*cells, f"{inputs}; {', '.join(layers)}"])
    parts = [_conditions(data, points), f"![Accuracy against energy on {data}]({figure})"]
    parts.append(markdown_table(head, body))
    if data == "mnist":
        rivals = [
            (one.paper, one.technology, one.weights, one.accuracy, one.energy, one.where)
            for one in RIVALS
        ]
        heads = ("published", "technology", "weights", "accuracy", "nJ, 65 nm", "where")
        parts.append(markdown_table(heads, rivals))
    return "\n\n".join(parts)


def _conditions(data: str, points: Sequence[Point]) -> str:
    images = "/".join(f"{n:,}" for n in sorted({point.images for point in points}))
    return (
        f"`make accuracy ENERGY=1 DATA={data}`: {images} test images, spike seed {SEED}. Accuracy, "
        "spikes and synaptic operations (of weights other than 0) are measured by the golden "
        "model, cycles by the cycle model, which the RTL equals in every run; energy is derived, "
        f"by events, for {TARGET} ([energy.md](energy.md)). Means of a prediction. Bold: no other "
        "row is as accurate for less. Networks of dense layers whose weights come with Trispike."
    )
