"""Figures as PNG. Modules that import this one need matplotlib, the extra ``plots``."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DOTS_PER_INCH = 110


def png(figure: Figure) -> bytes:
    """The same bytes whenever the same versions draw the same figure."""
    whole = io.BytesIO()
    figure.savefig(whole, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return whole.getvalue()


def figure_of(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
