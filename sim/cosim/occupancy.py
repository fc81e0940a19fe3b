"""Where a layer's cycles go, window by window, by the cycle model (`sim.cosim.cycles`)."""

import dataclasses

import numpy as np

from trispike.models.network.layers import Convolution, Layer
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim.cycles import NEVER, Pace, Schedule, by_layer


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Occupancy:
    """What a layer does with each of its windows, one a timestep without maps: int64 (windows,).

    - ``start``: cycle from which it takes spikes, `cycles.NEVER` if it takes none.
    - ``adding``: cycles with a spike in the encoder.
    - ``ending``: cycles of the ``end`` event, and of what the neurons do then (`Pace`).
    - ``stalled``: cycles in which they could fire, but what they gave before is not yet taken.

    It waits for input in all other cycles.
    """

    start: np.ndarray
    adding: np.ndarray
    ending: np.ndarray
    stalled: np.ndarray

    @property
    def stop(self) -> np.ndarray:
        """The first cycle after the window."""
        return self.start + self.adding + self.ending + self.stalled


def occupancies(shape: NetworkShape, spiking: np.ndarray, schedule: Schedule) -> list[Occupancy]:
    """What each layer of the chip of ``shape`` does in a whole run.

    ``spiking`` is what `sim.cosim.cycles.spiking_cycles` gives, ``schedule`` what follows from it.
    """
    inputs = (schedule.entered, *schedule.taken[:-1])
    limits = np.repeat(schedule.result, schedule.steps // len(schedule.result))
    return [
        _occupancy(layer, counts.T.ravel(), given, fire, limits)
        for layer, counts, given, fire in zip(
            shape.layers, by_layer(shape, spiking), inputs, schedule.fire, strict=True
        )
    ]


def _occupancy(
    layer: Layer,
    counts: np.ndarray,
    given: np.ndarray,
    fire: np.ndarray,
    limits: np.ndarray,
) -> Occupancy:
    """That of ``layer``, whose input is taken in the cycles ``given``; ``limits`` end timesteps."""
    pace = Pace.of(layer)
    ready = _ready(layer, given.reshape(len(limits), -1))
    before = np.concatenate([[NEVER], fire[:-1] + pace.after])  # too early to matter after a stop
    begun, fired = ready != NEVER, fire != NEVER
    start = np.where(begun, np.maximum(ready, before), NEVER)
    left = np.repeat(limits, layer.firings) - start  # of an image that stops
    adding = np.where(fired, counts, np.where(begun, np.clip(left, 0, counts), 0))
    ending = np.where(fired, 1 + pace.before + pace.after, 0)
    stalled = np.where(fired, fire - start - counts - 1 - pace.before, 0)
    return Occupancy(start=start, adding=adding, ending=ending, stalled=stalled)


def _ready(layer: Layer, given: np.ndarray) -> np.ndarray:
    """The first cycle in which each window's spikes may be taken: int64 (windows,)."""
    delay = 1
    if isinstance(layer, Convolution):
        maps = layer.maps
        last = [maps.input_rows(row).stop * maps.volume.width - 1 for row in range(maps.rows)]
        given, delay = np.repeat(given[:, last], maps.columns, axis=1), 4
    return np.where(given == NEVER, NEVER, given + delay).ravel()
