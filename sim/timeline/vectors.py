"""Spike vectors on a timeline: an instant for each that has a spike, on a track of their own."""

from trispike.models.network.volume import Volume
from trispike.sim.timeline.events import TraceEvents
from trispike.sim.timeline.images import Images


class Vectors:
    """What a layer takes or gives on ``track``: a vector a timestep, or a position of ``volume``.

    ``bits``: of a value; all that are not 0 count as spikes.
    """

    def __init__(
        self, events: TraceEvents, track: int, volume: Volume, images: Images, *, bits: int = 1
    ):
        self._events, self._track, self._volume, self._bits = events, track, volume, bits
        self._images = images
        self._position = 0

    def take(self, cycle: int, value: int) -> None:
        """The next vector, taken in ``cycle``: its channels, the first one lowest."""
        if self._images.over:
            return
        neurons = self._spiking(value)
        if neurons:
            what = {"spikes": len(neurons), **self._images.now, "neurons": neurons}
            name = f"{len(neurons)} spike{'s' * (len(neurons) > 1)}"
            self._events.instant(self._track, cycle, name, **what)
        self._position = (self._position + 1) % self._volume.positions
        if self._position == 0:
            self._images.step()

    def _spiking(self, value: int) -> list[int]:
        mask, channel, neurons = (1 << self._bits) - 1, 0, []
        while value:
            if value & mask:
                neurons.append(channel * self._volume.positions + self._position)
            value >>= self._bits
            channel += 1
        return neurons

    def cut(self) -> None:
        """The image has ended."""
        self._position = 0
        self._images.cut()
