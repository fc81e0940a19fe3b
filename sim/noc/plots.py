"""Latency against load as PNG. Only this module of the room imports matplotlib, an extra."""

import itertools
from collections.abc import Sequence

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from trispike.models.mesh.traffic import Pattern
from trispike.sim.noc.saturation import Curve
from trispike.sim.report import published
from trispike.sim.report.png import figure_of, png

_LOOKS = {  # colours of Okabe and Ito, told apart by line and marker as well
    Pattern.UNIFORM: {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    Pattern.TRANSPOSE: {"color": "#009E73", "linestyle": ":", "marker": "v"},
    Pattern.BITCOMP: {"color": "#D55E00", "linestyle": "--", "marker": "s"},
    Pattern.HOTSPOT: {"color": "#555555", "linestyle": "-.", "marker": "^"},
    Pattern.NEIGHBOUR: {"color": "#CC79A7", "linestyle": "-", "marker": "x"},
}
_HIGHEST = 100
"""Latency at which the axis ends: a saturated mesh has none, it grows with the run."""

_SATURATES = "up to a load without a steady latency"
_FAINT = 0.3

_COLUMNS = 2
"""Panels side by side: a page is not wider."""


def latency(curves: Sequence[Curve]) -> bytes:
    """Latency from offer against offered load, one panel a mesh (PNG). ``curves`` are not empty.

    A curve ends with its last steady run; from there a faint line goes up to the load of the next.
    """
    meshes = list(dict.fromkeys(curve.mesh for curve in curves))
    with style.context("default"):
        columns = min(_COLUMNS, len(meshes))
        rows = -(-len(meshes) // columns)
        figure = figure_of(4.1 * columns + 0.6, 3.2 * rows + 0.9)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in panels.flat[len(meshes) :]:
            axes.set_visible(False)
        for axes, mesh in zip(panels.flat, meshes, strict=False):
            for curve in curves:
                if curve.mesh == mesh:
                    _draw(axes, curve)
            axes.set_title(f"mesh {mesh}", fontsize=10)
            axes.set_yscale("log")
            axes.set_ylim(1, _HIGHEST)
            axes.grid(alpha=0.25)
        for axes in panels[-1]:
            axes.set_xlabel("offered load, flits per node and cycle")
        for axes in panels[:, 0]:
            axes.set_ylabel("mean latency, cycles")
        named = {}
        for axes in panels.flat:
            lines, labels = axes.get_legend_handles_labels()
            named |= dict(zip(labels, lines, strict=True))
        named[_SATURATES] = Line2D([], [], color="black", linewidth=1, alpha=_FAINT)
        figure.legend(named.values(), named.keys(), fontsize=8, loc="outside lower center", ncols=3)
        return png(figure)


def _draw(axes: Axes, curve: Curve) -> None:
    pattern = Pattern(curve.pattern)
    look = _LOOKS[pattern]
    shown = [point for point in curve.points if point.latency.mean is not None]
    steady = list(itertools.takewhile(lambda point: point.steady, shown))
    axes.plot(
        [point.offered for point in steady],
        [point.latency.mean for point in steady],
        label=f"{curve.pattern}, measured",
        markersize=4,
        linewidth=1.2,
        **look,
    )
    if steady and len(steady) < len(shown):
        axes.plot(
            [steady[-1].offered, shown[len(steady)].offered],
            [steady[-1].latency.mean, _HIGHEST],
            color=look["color"],
            linewidth=1,
            alpha=_FAINT,
        )
    if curve.bisection is not None:
        bound = {"linestyle": (0, (1, 3)), "label": f"{curve.pattern}, bound by the bisection"}
        axes.axvline(curve.bisection, color=look["color"], linewidth=0.8, **bound)
    if (curve.mesh, pattern) == ("4x4x4", Pattern.UNIFORM):
        axes.plot(
            [one.rate for one in published.BOOKSIM],
            [one.latency for one in published.BOOKSIM],
            label="uniform, BookSim2 (4 cycles a router)",
            color="black",
            marker="+",
            linewidth=0.8,
        )
