"""The two figures as PNG. Only this module imports matplotlib, the ``plots`` extra."""

from collections.abc import Sequence

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator

from trispike.models.network.presets import TABLE_1
from trispike.sim.accuracy.cost import Cost
from trispike.sim.accuracy.record import Entry
from trispike.sim.report import published
from trispike.sim.report.png import figure_of, png

_LOOKS = {  # colours of Okabe and Ito, told apart by line and marker as well
    "trispike": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "trispike-sparse": {"color": "#009E73", "linestyle": ":", "marker": "v"},
    "tw-snn": {"color": "#D55E00", "linestyle": "--", "marker": "s"},
    "tw-snn-32bit": {"color": "#555555", "linestyle": "-.", "marker": "^"},
    "trispike-32bit": {"color": "#CC79A7", "linestyle": "-.", "marker": "D"},
}
_PUBLISHED = {published.TW_SNN: "*", published.YIN: "D"}
_TICKS = (1, 2, 3, 5, 10, 20, 35, 60, 100, 255)


def accuracy(data: str, entries: Sequence[Entry]) -> bytes:
    """Accuracy against timesteps, one panel a network, with the bands of the seeds (PNG).

    ``entries`` are one or more, all of ``data``.
    """
    with style.context("default"):
        figure = figure_of(9, 6.6)
        panels = figure.subplots(2, 2, sharex=True, sharey=True)
        longest = max(entry.timesteps for entry in entries)
        _time_axis(panels[0, 0], longest)
        ends = []
        for axes, layer in zip(panels.flat, TABLE_1, strict=True):
            entries_of_layer = [entry for entry in entries if entry.source.layer == layer]
            ends.append([_curve(axes, entry) for entry in entries_of_layer])
            _printed_points(axes, data, layer, longest)
            axes.set_title(f"{layer} ({TABLE_1[layer]})", fontsize=10)
            axes.grid(alpha=0.25)
        for axes, names in zip(panels.flat, ends, strict=True):  # when the limits are known
            _write_names(axes, names)
        for axes in panels[1]:
            axes.set_xlabel("timesteps T")
        for axes in panels[:, 0]:
            axes.set_ylabel("accuracy, %")
        figure.suptitle(
            f"Accuracy on {data}: measured curves, mean and range over {_seeds(entries)}; "
            "black points published",
            fontsize=11,
        )
        return png(figure)


def _seeds(entries: Sequence[Entry]) -> str:
    counts = {len(entry.spread.seeds) for entry in entries}
    if counts == {1}:
        return "one spike seed"
    return f"{counts.pop()} spike seeds" if len(counts) == 1 else "their spike seeds"


def _time_axis(axes: Axes, longest: int) -> None:
    """A logarithmic axis of timesteps, with room for names at its right end."""
    axes.set_xscale("log")
    axes.set_xlim(0.88, 1.1 * max(longest, 2) ** 1.35)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    ticks = [t for t in _TICKS if t <= longest]
    axes.set_xticks(ticks, [str(t) for t in ticks])


def _curve(axes: Axes, entry: Entry) -> tuple[float, float, str]:
    """Draw an entry's mean and range; returns where its curve ends and the recipe's name."""
    look, times = _LOOKS[entry.source.recipe], range(1, entry.timesteps + 1)
    mean = [100 * x for x in entry.spread.mean]
    axes.plot(times, mean, markersize=2.5, linewidth=1.2, **look)
    columns = list(
        zip(*(measurement.accuracy for measurement in entry.spread.measurements), strict=True)
    )
    low, high = ([100 * pick(column) for column in columns] for pick in (min, max))
    axes.fill_between(times, low, high, color=look["color"], alpha=0.2, linewidth=0)
    return mean[-1], times[-1], entry.source.recipe


def _write_names(axes: Axes, ends: Sequence[tuple[float, float, str]]) -> None:
    """Write the recipes' names right of the points ``ends``, moved apart to avoid overlap."""
    if not ends:
        return
    low, high = axes.get_ylim()
    gap = 0.065 * (high - low)
    order = sorted(ends)
    places = []
    for y, _, _ in order:
        places.append(max(y, places[-1] + gap) if places else y)
    shift = sum(y - height for (y, _, _), height in zip(order, places, strict=True)) / len(order)
    shift = min(shift, high - gap / 2 - places[-1])
    for (_, x, recipe), height in zip(order, places, strict=True):
        axes.annotate(
            recipe,
            (x, height + shift),
            xytext=(8, 0),
            textcoords="offset points",
            color=_LOOKS[recipe]["color"],
            fontsize=8.5,
            va="center",
        )


def _printed_points(axes: Axes, data: str, layer: str, longest: int) -> None:
    """Mark the accuracies that papers print for a network."""
    for printed in published.accuracies(data):
        if printed.layer != layer or printed.timesteps > longest:
            continue
        point = (printed.timesteps, printed.percent)
        axes.plot(
            *point,
            marker=_PUBLISHED[printed.paper],
            color="black",
            markerfacecolor="white",
            markersize=9 if printed.paper == published.TW_SNN else 6,
            linestyle="none",
            zorder=5,
        )
        leftwards = printed.timesteps**2 > longest  # where there is more room
        axes.annotate(
            f"{printed.paper}, {printed.bits}-bit, published: {printed.percent:g}",
            point,
            xytext=(-8 if leftwards else 8, 0),
            textcoords="offset points",
            fontsize=7.5,
            ha="right" if leftwards else "left",
            va="center",
        )


def quantisation(data: str, costs: Sequence[Cost]) -> bytes:
    """Cost of ternary weights for each network, at one timestep and at the most measured (PNG).

    ``costs`` are one or more, all of ``data``.
    """
    with style.context("default"):
        figure = figure_of(8.8, 4.2)
        longest = min(cost.timesteps for cost in costs)
        times = sorted({1, longest})
        panels = figure.subplots(1, len(times), sharey=True, squeeze=False)[0]
        for axes, t in zip(panels, times, strict=True):
            _cost_panel(axes, data, costs, t)
        lines, names = panels[0].get_legend_handles_labels()
        below = {"loc": "outside lower center", "ncols": 4, "fontsize": 8.5}
        figure.legend(lines, names, title=_note(costs), title_fontsize=8.5, **below)
        panels[0].set_ylabel("32-bit minus ternary, points")
        figure.suptitle(f"What ternary weights cost on {data}", fontsize=11)
        return png(figure)


def _note(costs: Sequence[Cost]) -> str:
    """What the costs are against, and why some are negative."""
    note = f"32-bit weights: {', '.join(dict.fromkeys(cost.baseline for cost in costs))}."
    negative = [cost for cost in costs if min(cost.mean(1), cost.mean(cost.timesteps)) < 0]
    if not negative:
        return note
    note += " Below 0 the ternary weights are the more accurate ones"
    others = dict.fromkeys(
        f"{cost.recipe} is another recipe"
        for cost in negative
        if not cost.recipe.startswith(cost.baseline.removesuffix("-32bit"))
    )
    return f"{note}: {', '.join(others)}." if others else f"{note}."


def _cost_panel(axes: Axes, data: str, costs: Sequence[Cost], timesteps: int) -> None:
    """Draw dots with standard deviations, and the range that TW-SNN prints."""
    printed = published.cost(data)
    if printed:
        said = f"{printed.paper}, published: {printed.least:g} to {printed.most:g} (T not printed)"
        band = {"color": "black", "alpha": 0.08, "linewidth": 0, "label": said}
        axes.axhspan(printed.least, printed.most, **band)
    recipes = list(dict.fromkeys(cost.recipe for cost in costs))
    for k, recipe in enumerate(recipes):
        costs_of_recipe = [cost for cost in costs if cost.recipe == recipe]
        offset = 0.2 * (k - (len(recipes) - 1) / 2)
        look = _LOOKS[recipe]
        axes.errorbar(
            [list(TABLE_1).index(cost.layer) + offset for cost in costs_of_recipe],
            [cost.mean(timesteps) for cost in costs_of_recipe],
            yerr=[cost.deviation(timesteps) or 0.0 for cost in costs_of_recipe],
            color=look["color"],
            marker=look["marker"],
            markersize=5,
            linestyle="none",
            capsize=3,
            label=recipe,
        )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(TABLE_1)), list(TABLE_1))
    axes.set_xlim(-0.5, len(TABLE_1) - 0.5)
    axes.set_title(f"T = {timesteps}", fontsize=10)
    axes.grid(axis="y", alpha=0.25)
