"""What the harness of a chip logs for a timeline, and the lines that it is written in.

A line is a kind, a layer's number from 0, a cycle, and a value in hexadecimal:

=== =========================================================================================
a   what the layer does (`rtl.probe.Activity`), once it is something else: state, busy, ready,
    the last lowest
i   what the first layer takes
o   the spikes of the layer, as they are taken
r   a prediction, the layer being 0; before the others of its cycle
=== =========================================================================================
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILE = "timeline"
"""Name of the log in a run's folder."""


class Line(NamedTuple):
    """A line of the log."""

    kind: str
    layer: int
    cycle: int
    value: int


def lines(path: Path) -> Iterator[Line]:
    """The lines of the log ``path``, but for one that an interrupted simulator has not ended."""
    with path.open() as file:
        for line in file:
            if line.endswith("\n"):
                kind, layer, cycle, value = line.split()
                yield Line(kind, int(layer), int(cycle), int(value, 16))
