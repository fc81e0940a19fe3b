"""Latency against load as PNG. Only this module of the room imports matplotlib, an extra."""

from collections.abc import Sequence

from matplotlib import style
from matplotlib.axes import Axes

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
_HIGHEST = 1000
"""Latency at which the axis ends: a saturated mesh has none, it grows with the run."""


def latency(curves: Sequence[Curve]) -> bytes:
    """Latency from offer against offered load, one panel a mesh (PNG). ``curves`` are not empty."""
    meshes = list(dict.fromkeys(curve.mesh for curve in curves))
    with style.context("default"):
        figure = figure_of(4.2 * len(meshes) + 0.6, 4.8)
        panels = figure.subplots(1, len(meshes), sharey=True, squeeze=False)[0]
        for axes, mesh in zip(panels, meshes, strict=True):
            for curve in curves:
                if curve.mesh == mesh:
                    _draw(axes, curve)
            axes.set_title(f"mesh {mesh}", fontsize=10)
            axes.set_xlabel("offered load, flits per node and cycle")
            axes.set_yscale("log")
            axes.set_ylim(1, _HIGHEST)
            axes.grid(alpha=0.25)
        panels[0].set_ylabel("mean latency, cycles")
        named = {}
        for axes in panels:
            lines, labels = axes.get_legend_handles_labels()
            named |= dict(zip(labels, lines, strict=True))
        figure.legend(named.values(), named.keys(), fontsize=8, loc="outside lower center", ncols=3)
        return png(figure)


def _draw(axes: Axes, curve: Curve) -> None:
    pattern = Pattern(curve.pattern)
    look = _LOOKS[pattern]
    shown = [point for point in curve.points if point.latency.mean is not None]
    axes.plot(
        [point.offered for point in shown],
        [min(point.latency.mean, 10 * _HIGHEST) for point in shown],
        label=f"{curve.pattern}, measured",
        markersize=4,
        linewidth=1.2,
        markevery=[point.steady for point in shown],
        **look,
    )
    if curve.bisection is not None:
        axes.axvline(curve.bisection, color=look["color"], linewidth=0.8, linestyle=(0, (1, 3)))
    if (curve.mesh, pattern) == ("4x4x4", Pattern.UNIFORM):
        axes.plot(
            [one.rate for one in published.BOOKSIM],
            [one.latency for one in published.BOOKSIM],
            label="uniform, BookSim2 (4 cycles a router)",
            color="black",
            marker="+",
            linewidth=0.8,
        )
