"""Accuracy against energy as PNG. It needs matplotlib, the ``plots`` extra."""

from collections.abc import Sequence

from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from trispike.sim.accuracy.points import Point, pareto
from trispike.sim.cost.constants import TARGET
from trispike.sim.report.png import figure_of, png
from trispike.sim.report.published import RIVALS

_ACCURACIES = (80, 85, 90, 95, 96, 97, 98, 98.5, 99, 99.3)
_ENERGIES = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_MARKERS = "osv^D<>Pp"


def energy(data: str, points: Sequence[Point]) -> bytes:
    """Errors and energies on logarithmic axes: a line a network, published chips, Pareto line.

    ``points`` are one or more, all of ``data``.
    """
    with style.context("default"):
        figure = figure_of(10, 6)
        axes = figure.subplots()
        for k, name in enumerate(dict.fromkeys(point.name for point in points)):
            _network(axes, k, [point for point in points if point.name == name])
        best = pareto(points)
        axes.plot(*_places(best), color="black", linewidth=1, linestyle=":", label="Pareto line")
        if data == "mnist":
            _published(axes)
        _axes(axes)
        axes.legend(loc="lower right", fontsize=8)
        figure.suptitle(
            f"Accuracy on {data} against energy of a prediction, by events for {TARGET}; "
            "white points published",
            fontsize=11,
        )
        return png(figure)


def _places(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [point.nj for point in points], [_error(100 * point.accuracy) for point in points]


def _error(percent: float) -> float:
    return max(100 - percent, 0.01)  # there is no logarithm of 0


def _network(axes: Axes, k: int, points: Sequence[Point]) -> None:
    """The points of network number ``k``, and their numbers of timesteps."""
    colour, marker = colormaps["tab20"](k % 20), _MARKERS[k % len(_MARKERS)]
    look = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1}
    axes.plot(*_places(points), label=points[0].name, **look)
    for point, x, y in zip(points, *_places(points), strict=True):
        where = {"xytext": (0, 4), "textcoords": "offset points", "ha": "center"}
        axes.annotate(str(point.timesteps), (x, y), fontsize=6, color=colour, **where)


def _published(axes: Axes) -> None:
    """Chips that papers print, with their technologies."""
    for rival in RIVALS:
        place = rival.nj, _error(rival.percent)
        axes.plot(*place, marker="D", color="black", markerfacecolor="white", linestyle="none")
        text = f"{rival.paper}\n{rival.technology.partition(' (')[0]}"
        if "scaled" in rival.where and not rival.technology.startswith(f"{TARGET.node} nm"):
            text += f", scaled to {TARGET.node} nm"
        where = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(text, place, fontsize=6.5, **where)


def _axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_yaxis()
    low, high = axes.get_xlim()
    axes.set_xlim(low, 2.2 * high)  # room for the names
    for axis, ticks in (
        (axes.xaxis, _ENERGIES),
        (axes.yaxis, [100 - percent for percent in _ACCURACIES]),
    ):
        low, high = sorted(axis.get_view_interval())
        axis.set_ticks([tick for tick in ticks if low <= tick <= high])
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 - error:g}"))
    axes.set_xlabel("energy of a prediction, nJ; small numbers: timesteps T")
    axes.set_ylabel("accuracy, %, errors on a logarithmic axis")
    axes.grid(alpha=0.25)
