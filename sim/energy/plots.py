"""The figure of layers' energies as PNG. It needs matplotlib, the ``plots`` extra."""

from matplotlib import style

from trispike.sim.energy.record import Widths
from trispike.sim.energy.width_tables import caption
from trispike.sim.energy.widths import WIDTHS
from trispike.sim.report.png import figure_of, png

_COLOURS = ("#0072B2", "#E69F00", "#555555")
"""Of Okabe and Ito."""


def widths(entry: Widths) -> bytes:
    """Energy of each layer and of all, as in TW-SNN's fig. 16: what memory takes is hatched."""
    names = [*(f"{n}: {layer.layer}" for n, layer in enumerate(entry.layers, 1)), "sum"]
    with style.context("default"):
        figure = figure_of(9, 4.2)
        axes = figure.subplots()
        breadth = 0.8 / len(WIDTHS)
        for k, (bits, colour) in enumerate(zip(WIDTHS, _COLOURS, strict=True)):
            places = [n + (k - (len(WIDTHS) - 1) / 2) * breadth for n in range(len(names))]
            logic = [layer.logic_nj(bits) for layer in entry.layers]
            memory = [layer.memory_nj(bits) for layer in entry.layers]
            for parts in (logic, memory):
                parts.append(sum(parts))
            axes.bar(places, logic, breadth, color=colour, label=f"{bits} bits")
            axes.bar(
                places,
                memory,
                breadth,
                bottom=logic,
                color=colour,
                alpha=0.6,
                hatch="//",
                edgecolor="white",
            )
        axes.set_xticks(range(len(names)), names, rotation=20, ha="right", fontsize=8)
        axes.set_ylabel("nJ of a prediction; hatched: memory")
        axes.grid(axis="y", alpha=0.25)
        axes.legend(title="weights")
        figure.suptitle(caption(entry), fontsize=10)
        return png(figure)
