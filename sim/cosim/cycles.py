"""The cycle model: when everything happens in the chip, from spike counts alone.

Cycle 0 is the first cycle with a valid input vector; the source always has the next vector ready
and predictions are taken at once. For step s (timesteps of all images in a row) of a layer whose
input vector has N spikes, in its busiest lane if it has several, the events are

- accept: the encoder takes the vector;
- start: the first spikes are taken, at the earliest one cycle after accept, and not before
  the layer has done with step s - 1, as a waiting ``end`` event holds the pipeline;
- end: the ``end`` event is taken, N cycles after start;
- fire: the PEs fire, at the earliest one cycle after end, and not before the vector of step s - 1
  was taken downstream, as the spike flip-flops hold it;
- done: neurons that start each timestep from zero are done as they fire.

Neurons that carry something on take a cycle for each thing that they do with a timestep's sum
(`Pace`): some before they fire, which then is later by as much, and some after it.

The vector is valid downstream one cycle after fire. The encoder is ready for step s + 1 from the
cycle that shows the ``end`` event of step s. The read-out takes a vector a cycle, but after the
last one of a prediction it pauses for one cycle, and the prediction is out two cycles later.

Where images may end early (`models.network.shape.NetworkShape.stops`) each runs alone. With FIRST
it stops one cycle after the read-out took the vector that decided; otherwise four, as the read-out
thinks for three cycles after each vector. What would come after the stop does not happen. The
prediction is out one cycle after the stop. The next image begins in that cycle, or later by a cycle
for each input vector that the first layer had not taken: these are taken for nothing.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trispike.models.network.layers import Dense
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.shape import NetworkShape, ReadOut

NEVER = -1
"""The cycle of what did not happen."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Schedule:
    """Cycles of a run, `NEVER` for what would have come after the end of an image.

    - ``entered``: int64, shape (steps,): the cycle in which the first layer takes its input.
    - ``fire``: int64, shape (layers, steps): the cycle in which a layer's PEs fire.
    - ``taken``: int64, shape (layers, steps): the cycle in which a layer's output vector is taken.
    - ``result``: int64, shape (predictions,): the cycle in which a prediction is taken.
    """

    entered: np.ndarray
    fire: np.ndarray
    taken: np.ndarray
    result: np.ndarray

    @property
    def begun(self) -> np.ndarray:
        """Steps that each layer took the input of: bool, shape (layers, steps)."""
        return np.stack([self.entered, *self.taken[:-1]]) != NEVER


def spiking_cycles(shape: NetworkShape, vectors: Sequence[np.ndarray]) -> np.ndarray:
    """Cycles that each layer's encoder gives spikes in: the spike count of its busiest lane.

    - ``shape``: of the chip: it says how many lanes each layer has.
    - ``vectors``: each layer's input spikes: bool, shape (images, timesteps, inputs), or pixels.

    Returns int64, shape (layers, images * timesteps).
    """
    layers = zip(shape.layers, vectors, strict=True)
    counts = [SPIKING_CYCLES[type(layer)](layer, spikes).reshape(-1) for layer, spikes in layers]
    return np.array(counts, dtype=np.int64)


def _dense_cycles(layer: Dense, spikes: np.ndarray) -> np.ndarray:
    given = spikes != 0  # of pixels, those that are not 0
    lanes = [given[..., k :: layer.lanes].sum(axis=-1) for k in range(layer.lanes)]
    return np.max(lanes, axis=0)


SPIKING_CYCLES: dict[type, Callable[[Any, np.ndarray], np.ndarray]] = {Dense: _dense_cycles}
"""Cycles in which a layer's encoder gives spikes, by kind of layer: a function of its shape and its
input spikes, bool (..., inputs), that returns integers (...)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """Cycles that neurons take at a timestep's end, ``before`` and ``after`` they fire."""

    before: int = 0
    after: int = 0

    @classmethod
    def of(cls, layer: Dense) -> "Pace":
        """That of a ``layer`` (`models.network.neuron.Neuron`).

        Before: the current is added, if there is one, and the bias. After: a spike resets what is
        carried on, and where that leaks later than it is compared, it does so then.
        """
        neuron = layer.neuron
        if not neuron.has_state:
            return cls()
        resets = neuron.carries and layer.fires
        late = neuron.order is Order.RESET_FIRST and neuron.reset is Reset.SUBTRACT
        return cls(
            before=1 + bool(neuron.synapse),
            after=resets + (resets and late and bool(neuron.leak)),
        )


class Pipeline:
    """The pipeline of a chip from reset on; takes the steps of a run in any number of parts.

    - ``shape``: the chip's.
    - ``timesteps``: timesteps per prediction.
    """

    def __init__(self, shape: NetworkShape, timesteps: int):
        paces = [Pace.of(layer) for layer in shape.layers]
        self._paces = [(pace.before, pace.after) for pace in paces]
        self._timesteps = timesteps
        self._steps = 0
        self._stops = shape.stops
        self._thinks = 3 if shape.stops and shape.read_out is not ReadOut.FIRST else 0
        self._begin(0)

    def _begin(self, cycle: int) -> None:
        """Have nothing at work before ``cycle``."""
        layers = len(self._paces)
        self._ready = [cycle] * layers  # the encoder's first cycle ready for the next vector
        self._done = [cycle - 1] * layers  # with the step before
        self._ended = [cycle - 1] * layers
        self._left = [cycle - 1] * layers  # in which the vector of the step before was taken
        self._readout_ready = cycle

    def advance(self, spikes: np.ndarray, decided: np.ndarray | None = None) -> Schedule:
        """Schedule of the next steps, whose cycles go on from those before.

        - ``spikes``: what `spiking_cycles` gives: integers, shape (layers, steps). No step depends
          on a later one.
        - ``decided``: timesteps that each image takes, shape (images,), where images may end early;
          the steps are then those of whole images.
        """
        if not self._stops:
            return self._advance(spikes, self._timesteps)
        parts = [
            self._image(spikes[:, k * self._timesteps : (k + 1) * self._timesteps], timesteps)
            for k, timesteps in enumerate(decided.tolist())
        ]
        return Schedule(
            **{
                field.name: np.concatenate([getattr(part, field.name) for part in parts], axis=-1)
                for field in dataclasses.fields(Schedule)
            }
        )

    def _image(self, spikes: np.ndarray, decided: int) -> Schedule:
        """Schedule of an image that ends early, and of nothing else."""
        whole = self._advance(spikes, decided)
        stop = int(whole.result[0]) - 1
        for cycles in (whole.entered, whole.fire, whole.taken):
            cycles[cycles > stop] = NEVER
        self._begin(stop + 1 + np.count_nonzero(whole.entered == NEVER))
        return whole

    def _advance(self, spikes: np.ndarray, last: int) -> Schedule:
        """The schedule if the prediction comes after ``last`` timesteps of each image."""
        layers, steps = spikes.shape
        entered = np.zeros(steps, dtype=np.int64)
        fire = np.zeros((layers, steps), dtype=np.int64)
        taken = np.zeros((layers, steps), dtype=np.int64)
        counts = spikes.tolist()
        ready, done, ended, left = self._ready, self._done, self._ended, self._left
        paces = self._paces
        results = []
        for s in range(steps):
            valid = 0
            for k in range(layers):
                n = counts[k][s]
                accept = max(valid, ready[k])
                if k:
                    left[k - 1] = accept
                    taken[k - 1, s] = accept
                else:
                    entered[s] = accept
                start = max(accept + 1, done[k])
                ready[k] = start + n if n else max(accept, ended[k]) + 1
                ended[k] = start + n
                before, after = paces[k]
                fires = max(ended[k] + 1 + before, left[k])
                done[k] = fires + after
                fire[k, s] = fires
                valid = fires + 1
            accept = max(valid, self._readout_ready)
            left[-1] = accept
            taken[-1, s] = accept
            self._readout_ready = accept + 1 + self._thinks
            self._steps += 1
            if (self._steps - last) % self._timesteps == 0:
                self._readout_ready = accept + 2 + self._thinks
                results.append(self._readout_ready)
        results = np.array(results, dtype=np.int64)
        return Schedule(entered=entered, fire=fire, taken=taken, result=results)


def schedule(
    shape: NetworkShape, spikes: np.ndarray, timesteps: int, decided: np.ndarray | None = None
) -> Schedule:
    """Schedule of a whole run of the chip of ``shape``.

    - ``spikes``: what `spiking_cycles` gives: integers, shape (layers, steps).
    - ``timesteps``: timesteps per prediction; ``steps`` is a multiple of it.
    - ``decided``: timesteps that each image takes, where images may end early.
    """
    return Pipeline(shape, timesteps).advance(spikes, decided)
