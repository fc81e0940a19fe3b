"""What the PEs of a layer do, as slices: images, their timesteps, and in these each thing done."""

from trispike.models.network.layers import Layer
from trispike.rtl.neuron.operations import sequence, states
from trispike.sim.timeline.events import TraceEvents
from trispike.sim.timeline.images import Images

WAITS_FOR_INPUT = "waits for input"
WAITS_FOR_OUTPUT = "stall: output not taken"
WAITS_FOR_SPIKES = "waits for spikes"


class Work:
    """The track of the PEs of ``layer``."""

    def __init__(self, events: TraceEvents, track: int, layer: Layer, images: Images):
        self._events, self._track, self._images = events, track, images
        self._states, self._firings = states(layer), layer.firings
        operations = sequence(layer)
        self._kept = bool(layer.kept_bits)
        fire = self._states.FIRE
        self._after = len(operations) - operations.index(fire) - 1 if operations else 0
        self._since, self._does = 0, None  # log.Line.value of kind a
        self._fired, self._ends = 0, None  # windows, first cycle beyond the timestep
        self._open = False

    def change(self, cycle: int, does: int) -> None:
        """From ``cycle`` on it ``does`` something else, as `sim.timeline.log` has it."""
        self.until(cycle)
        self._does = does

    def until(self, cycle: int) -> None:
        """What it did up to ``cycle``, which does not belong to it."""
        start, self._since = self._since, cycle
        while self._does is not None and start < cycle and not self._images.over:
            start = self._slice(start, cycle)

    def cut(self, cycle: int) -> None:
        """The image has ended with what was before ``cycle``."""
        self.until(cycle)
        if self._images.over:
            return
        if self._open:
            self._end(cycle)
        if not self._images.begins:
            self._events.end(self._track, cycle)
        self._images.cut()

    def _slice(self, start: int, stop: int) -> int:
        """One slice from ``start`` on, to ``stop`` at most; returns its end."""
        state, busy = self._states(self._does >> 2), self._does & 2
        if busy and not self._open:
            self._begin(start)
        fires = busy and state is self._states.FIRE
        if self._ends is not None:
            stop = min(stop, self._ends)
        elif fires:
            stop = min(stop, start + self._firings - self._fired)
            self._fired += stop - start
            if self._fired == self._firings:
                self._ends = stop + self._after
        self._events.slice(self._track, start, stop - start, self._name(state))
        if stop == self._ends:
            self._end(stop)
        return stop

    def _name(self, state) -> str:
        busy, ready = self._does & 2, self._does & 1
        if not busy:
            return WAITS_FOR_INPUT
        if state is not self._states.HOLD:
            return "integrate" if state.name == "BEGIN" else state.name.lower()
        if not ready:
            return WAITS_FOR_OUTPUT
        return "exchange" if self._kept else WAITS_FOR_SPIKES

    def _begin(self, cycle: int) -> None:
        """A timestep begins, and perhaps an image."""
        now = self._images.now
        if self._images.begins:
            self._events.begin(self._track, cycle, f"image {now['image']}", image=now["image"])
        self._events.begin(self._track, cycle, f"timestep {now['timestep']}", **now)
        self._open = True

    def _end(self, cycle: int) -> None:
        """The timestep ends, and perhaps the image."""
        self._events.end(self._track, cycle)
        self._images.step()
        if self._images.begins:
            self._events.end(self._track, cycle)
        self._fired, self._ends, self._open = 0, None, False
