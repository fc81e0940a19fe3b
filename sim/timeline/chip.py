"""The timeline of a chip: its input, its layers and its read-out, from the log of the harness.

Tracks in order: the input, of each layer what its PEs do and the spikes that leave it, the
read-out. An image of the read-out lasts from the prediction before to its own, in which its
label stands.
"""

from pathlib import Path

from trispike.models.network.numbers import PIXEL_BITS
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.readout import result_layout
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.timeline import log
from trispike.sim.timeline.events import TraceEvents, trace_events
from trispike.sim.timeline.images import Images
from trispike.sim.timeline.mark import add_mark
from trispike.sim.timeline.vectors import Vectors
from trispike.sim.timeline.work import Work


def chip_timeline(
    path: Path,
    logged: Path,
    shape: NetworkShape,
    images: range,
    timesteps: int,
    *,
    mark: Mismatch | None = None,
    **told: object,
) -> None:
    """Write to ``path`` what is ``logged`` of ``images``, of so many ``timesteps`` each.

    ``shape`` is the chip's. ``mark`` is an instant on a track of its own, below all others, at its
    cycle, or at the end of the log.
    ``told`` is as for `sim.timeline.events.trace_events`.
    """
    with trace_events(path, shape.name, images=[*images], **told) as events:
        chip = _Chip(events, shape, images, timesteps)
        for line in log.lines(logged):
            chip.read(line)
        chip.stop()
        if mark is not None:
            chip.mark(mark)


class _Chip:
    def __init__(self, events: TraceEvents, shape: NetworkShape, images: range, timesteps: int):
        self._events, self._images = events, images
        self._stops, self._last, self._predictions, self._predicted = shape.stops, 0, 0, 0
        results = result_layout(shape.sizes[-1], shape.read_out, shape.groups, stops=shape.stops)
        self._label_mask = (1 << results["label"].width) - 1

        def steps() -> Images:
            return Images(images, None if shape.stops else timesteps)

        first = shape.layers[0]
        bits = PIXEL_BITS if first.pixels else 1
        events.track(0, "input")
        self._input = Vectors(events, 0, first.volume, steps(), bits=bits)
        self._work, self._output = [], []
        for k, layer in enumerate(shape.layers):
            events.track(2 * k + 1, f"layer {k + 1} PEs")
            self._work.append(Work(events, 2 * k + 1, layer, steps()))
            if layer.fires:
                events.track(2 * k + 2, f"layer {k + 1} spikes")
            self._output.append(Vectors(events, 2 * k + 2, layer.output, steps()))
        self._read_out = 2 * len(shape.layers) + 1
        events.track(self._read_out, "read-out")

    def read(self, line: log.Line) -> None:
        """Take the next line of the log."""
        self._last = line.cycle
        match line.kind:
            case "a":
                self._work[line.layer].change(line.cycle, line.value)
            case "i":
                self._input.take(line.cycle, line.value)
            case "o":
                self._output[line.layer].take(line.cycle, line.value)
            case "r":
                self._predict(line.cycle, line.value & self._label_mask)

    def stop(self) -> None:
        """The log has ended."""
        for work in self._work:
            work.until(self._last)

    def mark(self, mismatch: Mismatch) -> None:
        """Something to look at."""
        add_mark(self._events, self._read_out + 1, mismatch, self._last)

    def _predict(self, cycle: int, label: int) -> None:
        image = self._images[self._predictions]
        what = {"image": image, "label": label}
        begun, self._predicted = self._predicted, cycle
        name = f"image {image}: label {label}"
        self._events.slice(self._read_out, begun, cycle - begun, name, **what)
        self._predictions += 1
        if self._stops:
            for vectors in (self._input, *self._output):
                vectors.cut()
            for work in self._work:
                work.cut(cycle)
