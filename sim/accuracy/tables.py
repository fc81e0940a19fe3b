"""The measurements as a table for a terminal and as Markdown for docs/results.md."""

from collections.abc import Collection, Sequence

from rich.table import Table

from trispike.models.network.presets import TABLE_1
from trispike.sim.accuracy.cost import Cost
from trispike.sim.accuracy.record import Entry
from trispike.sim.accuracy.source import DRAWN, Source
from trispike.sim.report import published
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.terminal import plain_table

_TIMESTEPS = (1, 3, 10)
_MEASURED, _KEPT, _PUBLISHED = "measured", "recorded", "published"
_NOTHING = "-"
_NOT_PRINTED = "not printed"


def _columns(longest: int) -> list[int]:
    """Numbers of timesteps that have a column."""
    return sorted({*(t for t in _TIMESTEPS if t < longest), longest})


def _percent(entry: Entry, timesteps: int, *, spread: bool = True) -> str:
    """Mean accuracy in percent and, for several seeds and on request, its standard deviation."""
    if timesteps > entry.timesteps:
        return _NOTHING
    mean, deviation = entry.spread.mean, entry.spread.deviation
    text = f"{100 * mean[timesteps - 1]:.2f}"
    with_deviation = spread and deviation is not None
    return f"{text} ± {100 * deviation[timesteps - 1]:.2f}" if with_deviation else text


def _points(cost: Cost, timesteps: int) -> str:
    if timesteps > cost.timesteps:
        return _NOTHING
    mean, deviation = round(cost.mean(timesteps), 2) + 0.0, cost.deviation(timesteps)
    text = f"{mean:+.2f}"
    return text if deviation is None else f"{text} ± {deviation:.2f}"


def _texts(data: str, layer: str, bits: int, paper: str | None = None) -> str:
    """Accuracies that papers, or one of them, print for a network: "PAPER: THIS; THAT", or ""."""
    texts: dict[str, list[str]] = {}
    for one in published.accuracies(data):
        if (one.layer, one.bits) == (layer, bits) and paper in (None, one.paper):
            texts.setdefault(one.paper, []).append(one.text)
    return "; ".join(f"{name}: {'; '.join(lines)}" for name, lines in texts.items())


def _rivals(data: str) -> list[tuple[str, str, int]]:
    """Paper, network and width of printed accuracies without a row of ours."""
    widths = {Source(layer="fc256", data=data, recipe=recipe).bits for recipe in DRAWN}
    printed = [one for one in published.accuracies(data) if one.bits not in widths]
    return list(dict.fromkeys((one.paper, one.layer, one.bits) for one in printed))


def _printed_at(data: str, paper: str, layer: str, bits: int, timesteps: int) -> str | None:
    wanted = (paper, layer, bits, timesteps)
    for one in published.accuracies(data):
        if (one.paper, one.layer, one.bits, one.timesteps) == wanted:
            return f"{one.percent:.1f}"
    return None


SPREAD_WIDTH = 100
"""Width of the table of `terminal` with deviations; without them it is 80."""


def terminal(
    data: str, entries: Sequence[Entry], fresh: Collection[Source], width: int = SPREAD_WIDTH
) -> Table:
    """``entries``, all of ``data``, as a table that fits ``width`` columns, at least 80.

    Below `SPREAD_WIDTH` columns it has means without deviations. Entries whose source is not in
    ``fresh`` are marked as taken from the record.
    """
    spread = width >= SPREAD_WIDTH
    what = "mean ± deviation" if spread else "mean"
    columns = _columns(max(entry.timesteps for entry in entries))
    table = plain_table(
        f"accuracy on {data}, % of test images: {what} over spike seeds",
        ["network", "recipe"],
        [*(f"T = {t}" for t in columns), "zeros", "syn.ops"],
    )
    table.add_column("how", style="dim", no_wrap=True)
    for entry in entries:
        source = entry.source
        table.add_row(
            source.layer,
            source.recipe,
            *(_percent(entry, t, spread=spread).replace(" ± ", "±") for t in columns),
            f"{entry.zero_fraction:.0%}",
            f"{entry.spread.operations:,.0f}",
            _MEASURED if source in fresh else _KEPT,
        )
    papers = [(one.paper, one.layer, one.bits) for one in published.accuracies(data)]
    for paper, layer, bits in dict.fromkeys(papers):
        texts = [_printed_at(data, paper, layer, bits, t) or "" for t in columns]
        table.add_row(
            layer, f"{paper.removesuffix(' 2017')} {bits}-bit", *texts, "", "", _PUBLISHED
        )
    return table


def markdown(data: str, entries: Sequence[Entry], costs: Sequence[Cost], figures: list[str]) -> str:
    """The section of docs/results.md about ``data``: figures, tables and how they were measured.

    ``figures`` are the images' paths, relative to the document: accuracy, then, if there are
    ``costs``, quantisation.
    """
    parts = [_conditions(data, entries), f"![Accuracy against timesteps on {data}]({figures[0]})"]
    parts.append(_accuracy_table(data, entries))
    parts.append(_legend(data))
    if costs:
        parts.append(f"![What ternary weights cost on {data}]({figures[1]})")
        parts.append(_cost_table(data, costs))
    else:
        parts.append("What ternary weights cost is not measured: no 32-bit weights were at hand.")
    return "\n\n".join(parts)


def _conditions(data: str, entries: Sequence[Entry]) -> str:
    images = "/".join(f"{n:,}" for n in sorted({entry.images for entry in entries}))
    return (
        f"`make accuracy DATA={data}`: {images} test images, by the golden model. Accuracy is in "
        "percent, mean ± sample standard deviation over the spike seeds; the bands of the figure "
        "are least to most. Synaptic operations and spikes are means of an image and timestep. An "
        "operation is one spike that meets one weight other than 0; `make sim` counts the zeros "
        "too, as the hardware reads them."
    )


def _accuracy_table(data: str, entries: Sequence[Entry]) -> str:
    columns = _columns(max(entry.timesteps for entry in entries))
    head = ["network", "recipe", "weights", *(f"T = {t}" for t in columns), "spike seeds"]
    head += ["zeros", "synaptic operations", "spikes: input; layers", "TW-SNN / Yin", "this row"]
    body = []
    for entry in entries:
        inputs, *layers = (f"{n:.1f}" for n in entry.spread.spikes)
        body.append(
            [
                entry.source.layer,
                f"`{entry.source.recipe}`",
                f"{entry.source.bits}-bit",
                *(_percent(entry, t) for t in columns),
                _seeds(entry.spread.seeds),
                f"{entry.zero_fraction:.2f}",
                f"{entry.spread.operations:,.0f}",
                f"{inputs}; {', '.join(layers)}",
                _texts(data, entry.source.layer, entry.source.bits) or _NOT_PRINTED,
                "measured here",
            ]
        )
    for paper, layer, bits in _rivals(data):
        cells = [_printed_at(data, paper, layer, bits, t) or _NOT_PRINTED for t in columns]
        blanks = [_NOTHING, *[_NOT_PRINTED] * 3]
        texts = _texts(data, layer, bits, paper)
        body.append([layer, paper, f"{bits}-bit", *cells, *blanks, texts, _PUBLISHED])
    return markdown_table(head, body)


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _legend(data: str) -> str:
    networks = ", ".join(f"{name} is {shape}" for name, shape in TABLE_1.items())
    places = dict.fromkeys(
        f"{one.paper} {one.text} ({one.where})" for one in published.accuracies(data)
    )
    sources = f" Published: {'; '.join(places)}." if places else ""
    return (
        f"{networks}. `trispike` is our recipe, `trispike-sparse` the same with more zeros, "
        f"`tw-snn` TW-SNN's with ternary weights, `tw-snn-32bit` and "
        f"`trispike-32bit` the same without ternarisation.{sources} TW-SNN's Fig. 10 draws more "
        "curves than its text has numbers; nothing here is read off a drawing."
    )


def _cost_table(data: str, costs: Sequence[Cost]) -> str:
    columns = _columns(max(cost.timesteps for cost in costs))
    printed = published.cost(data)
    theirs = f"{printed.least} to {printed.most}, T {_NOT_PRINTED}" if printed else _NOT_PRINTED
    head = ["network", "ternary recipe", *(f"T = {t}" for t in columns), "spike seeds"]
    head += ["TW-SNN, over its networks", "this row"]
    body = [
        [
            cost.layer,
            f"`{cost.recipe}`",
            *(_points(cost, t) for t in columns),
            _seeds(cost.seeds),
            theirs,
            "measured here",
        ]
        for cost in costs
    ]
    where = f" TW-SNN: {printed.where}." if printed else ""
    baselines = ", ".join(f"`{name}`" for name in dict.fromkeys(cost.baseline for cost in costs))
    return (
        f"Points of accuracy lost: {baselines} minus the ternary network, with the same spikes; "
        f"mean ± sample standard deviation over the spike seeds.{where}\n\n"
        f"{markdown_table(head, body)}"
    )
