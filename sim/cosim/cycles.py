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

A convolution (`models.network.layers.Convolution`) takes its input a position at a time, a cycle
each, and fires at each window. The events above are then those of a window, but that

- accept is that of the last position of the rows that the window waits for (`Maps.input_rows`),
  and start comes at the earliest four cycles later;
- the first position of a row is taken at the earliest one cycle after the end of the last window
  that looks at the row in whose place it comes, `Maps.buffer_rows` rows earlier.

A pool takes a window's spikes as they are valid, but those that complete a square at the earliest
one cycle after the square before was taken; a square is valid one cycle after that.

The vector is valid downstream one cycle after fire. The encoder is ready for step s + 1 from the
cycle that shows the ``end`` event of step s. The read-out takes a vector a cycle, but after the
last one of a prediction it pauses for one cycle, and the prediction is out two cycles later.

Where images may end early (`models.network.shape.NetworkShape.stops`) each runs alone. With FIRST
it stops one cycle after the read-out took the vector that decided; otherwise four, as the read-out
thinks for three cycles after each vector. What would come after the stop does not happen. The
prediction is out one cycle after the stop. The next image begins in that cycle, or later by a cycle
for each input vector that the first layer had not taken: these are taken for nothing.
"""

import collections
import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from trispike.models.network.layers import Convolution, Dense, Layer
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.shape import NetworkShape, ReadOut

NEVER = -1
"""The cycle of what did not happen."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Schedule:
    """Cycles of a run, `NEVER` for what would have come after the end of an image.

    - ``entered``: int64, shape (steps * positions,): the cycle in which the first layer takes its
      input, a position at a time if it takes maps.
    - ``fire``: for each layer int64, shape (steps * firings,): the cycle in which its PEs fire.
    - ``taken``: for each layer int64, shape (steps * positions,): the cycle in which what it gives
      out is taken, a position at a time if these are maps.
    - ``result``: int64, shape (predictions,): the cycle in which a prediction is taken.
    - ``steps``: number of timesteps.
    """

    entered: np.ndarray
    fire: tuple[np.ndarray, ...]
    taken: tuple[np.ndarray, ...]
    result: np.ndarray
    steps: int

    @property
    def begun(self) -> np.ndarray:
        """Steps that each layer took the input of: bool, shape (layers, steps)."""
        inputs = (self.entered, *self.taken[:-1])
        return np.stack([cycles.reshape(self.steps, -1)[:, 0] != NEVER for cycles in inputs])

    @classmethod
    def joined(cls, parts: Sequence["Schedule"]) -> "Schedule":
        """The schedule of parts that follow each other."""
        layers = range(len(parts[0].fire))
        return cls(
            entered=np.concatenate([part.entered for part in parts]),
            fire=tuple(np.concatenate([part.fire[k] for part in parts]) for k in layers),
            taken=tuple(np.concatenate([part.taken[k] for part in parts]) for k in layers),
            result=np.concatenate([part.result for part in parts]),
            steps=sum(part.steps for part in parts),
        )


def spiking_cycles(shape: NetworkShape, vectors: Sequence[np.ndarray]) -> np.ndarray:
    """Cycles that each layer's encoder gives spikes in: the spike count of its busiest lane.

    - ``shape``: of the chip: it says how many lanes each layer has.
    - ``vectors``: each layer's input spikes: bool, shape (images, timesteps, inputs), or pixels.

    Returns int64, shape (firings, images * timesteps): the windows of all layers, one of a layer
    without maps.
    """
    layers = zip(shape.layers, vectors, strict=True)
    counts = [
        SPIKING_CYCLES[type(layer)](layer, spikes).reshape(-1, layer.firings)
        for layer, spikes in layers
    ]
    return np.concatenate(counts, axis=1).T.astype(np.int64)


def by_layer(shape: NetworkShape, windows: np.ndarray) -> list[np.ndarray]:
    """The parts of ``windows``, whose first axis is that of `spiking_cycles`, for each layer."""
    return np.split(windows, np.cumsum([layer.firings for layer in shape.layers])[:-1])


def _dense_cycles(layer: Dense, spikes: np.ndarray) -> np.ndarray:
    given = spikes != 0  # of pixels, those that are not 0
    lanes = [given[..., k :: layer.lanes].sum(axis=-1) for k in range(layer.lanes)]
    return np.max(lanes, axis=0)


def _convolution_cycles(layer: Convolution, spikes: np.ndarray) -> np.ndarray:
    """Sums of each lane's spikes over the windows, by the sums over rows and columns before."""
    maps, volume = layer.maps, layer.volume
    given = (spikes != 0).reshape(*spikes.shape[:-1], volume.channels, volume.height, volume.width)
    lanes = [given[..., k :: layer.lanes, :, :].sum(axis=-3) for k in range(layer.lanes)]
    counts = np.stack(lanes)
    edge = (maps.padding, maps.padding)
    counts = np.pad(counts, [(0, 0)] * (counts.ndim - 2) + [edge, edge])
    for axis, kernel in zip((-2, -1), maps.kernel, strict=True):
        counts = np.lib.stride_tricks.sliding_window_view(counts, kernel, axis).sum(axis=-1)
    counts = counts[..., :: maps.stride, :: maps.stride].max(axis=0)
    counts = counts[..., : maps.rows, : maps.columns]
    return counts.reshape(*counts.shape[:-2], -1)


SPIKING_CYCLES: dict[type, Callable[[Any, np.ndarray], np.ndarray]] = {
    Dense: _dense_cycles,
    Convolution: _convolution_cycles,
}
"""Cycles in which a layer's encoder gives spikes, by kind of layer: a function of its shape and its
input spikes, bool (..., inputs), that returns integers (...) or, of maps, (..., firings)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """Cycles that neurons take at a timestep's end, ``before`` and ``after`` they fire."""

    before: int = 0
    after: int = 0

    @classmethod
    def of(cls, layer: Layer) -> "Pace":
        """That of a ``layer`` (`models.network.neuron.Neuron`).

        Before: the current is added, if there is one, and the bias. After: a spike resets what is
        carried on, and where that leaks later than it is compared, it does so then; and where it is
        kept in memory it is exchanged for the next window's.
        """
        neuron = layer.neuron
        if not neuron.has_state:
            return cls()
        resets = neuron.carries and layer.fires
        late = neuron.order is Order.RESET_FIRST and neuron.reset is Reset.SUBTRACT
        return cls(
            before=1 + bool(neuron.synapse),
            after=resets + (resets and late and bool(neuron.leak)) + bool(layer.kept_bits),
        )


class _Neurons:
    """The PEs of a layer: spikes of a vector, or a window, and what they do at its end.

    ``give`` hands over what they give out: it is told when that is valid and returns when it is
    taken. Every cycle here is an earliest one before anything has happened.
    """

    def __init__(self, layer: Layer, give: Callable[[int], int], cycle: int):
        pace = Pace.of(layer)
        self._before, self._after = pace.before, pace.after
        self._give = give
        self._done = self.ended = self._left = cycle - 1
        self.counts: Iterator[int] = iter(())
        self.fire: list[int] = []

    def integrate(self, cycle: int) -> int:
        """Take the next vector's spikes from ``cycle`` on; returns when the first or the end is."""
        start = max(cycle, self._done)
        self.ended = start + next(self.counts)
        fires = max(self.ended + 1 + self._before, self._left)
        self._done = fires + self._after
        self.fire.append(fires)
        self._left = self._give(fires + 1)
        return start


class _DenseStage:
    """An encoder that takes whole vectors, before PEs."""

    def __init__(self, layer: Dense, neurons: _Neurons, cycle: int):
        self._neurons, self._ready = neurons, cycle

    def take(self, valid: int) -> int:
        """Take a vector that is ``valid`` from a cycle on; returns when."""
        neurons = self._neurons
        accept = max(valid, self._ready)
        before = neurons.ended
        start = neurons.integrate(accept + 1)
        ended = neurons.ended
        self._ready = ended if ended > start else max(accept, before) + 1
        return accept


class _WindowStage:
    """An encoder that takes a position of maps at a time, before PEs."""

    def __init__(self, layer: Convolution, neurons: _Neurons, cycle: int):
        self._maps, self._neurons = layer.maps, neurons
        self._ready = cycle
        self._waits_for = [layer.maps.input_rows(row) for row in range(layer.maps.rows)]
        self._column = 0  # of the next position
        self._next = 0  # row of windows
        self._free = collections.deque([cycle] * layer.maps.buffer_rows)  # rows, since when
        self._complete: list[int] = []  # the map's rows, since when

    def take(self, valid: int) -> int:
        """Take a position that is ``valid`` from a cycle on; returns when."""
        maps = self._maps
        accept = max(valid, self._ready, self._free[0])
        self._ready = accept + 1
        self._column += 1
        if self._column == maps.volume.width:
            self._column = 0
            self._free.popleft()
            self._complete.append(accept)
            self._work()
        return accept

    def _work(self) -> None:
        """Do every row of windows whose rows are there."""
        maps, neurons = self._maps, self._neurons
        while self._next < maps.rows and len(self._complete) == self._waits_for[self._next].stop:
            for _ in range(maps.columns):
                neurons.integrate(self._complete[-1] + 4)
            following = self._next + 1
            end = maps.volume.height
            if following < maps.rows:
                end = self._waits_for[following].start
            passed = end - self._waits_for[self._next].start
            self._free.extend([neurons.ended + 1] * passed)
            self._next = following
        if self._next == maps.rows:
            self._next, self._complete = 0, []


class _PoolStage:
    """Joins squares of positions."""

    def __init__(self, maps: Maps, give: Callable[[int], int], cycle: int):
        self._maps, self._give = maps, give
        self._row, self._column = 0, 0
        self._left = cycle - 1

    def take(self, valid: int) -> int:
        """Take a position that is ``valid`` from a cycle on; returns when."""
        maps, side = self._maps, self._maps.pool
        row, column = self._row, self._column
        self._column = (column + 1) % maps.columns
        self._row = (row + (self._column == 0)) % maps.rows
        if not row % side == column % side == side - 1:
            return valid
        accept = max(valid, self._left + 1)
        self._left = self._give(accept + 1)
        return accept


STAGES = {Dense: _DenseStage, Convolution: _WindowStage}
"""What takes the input of each kind of layer, by the cycle."""


class Pipeline:
    """The pipeline of a chip from reset on; takes the steps of a run in any number of parts.

    - ``shape``: the chip's.
    - ``timesteps``: timesteps per prediction.
    """

    def __init__(self, shape: NetworkShape, timesteps: int):
        self._shape, self._timesteps = shape, timesteps
        self._positions = shape.input.volume.positions if shape.layers[0].maps else 1
        self._steps = 0
        self._thinks = 3 if shape.stops and shape.read_out is not ReadOut.FIRST else 0
        self._begin(0)

    def _begin(self, cycle: int) -> None:
        """Have nothing at work before ``cycle``."""
        self._neurons: list[_Neurons] = []
        self._taken: list[list[int]] = []
        self._results: list[int] = []
        self._last = self._timesteps
        self._readout_ready = cycle
        take = self._read_out
        for layer in reversed(self._shape.layers):
            taken: list[int] = []
            give = functools.partial(_noted, take, taken)
            if layer.maps and layer.maps.pool > 1:
                give = _PoolStage(layer.maps, give, cycle).take
            neurons = _Neurons(layer, give, cycle)
            take = STAGES[type(layer)](layer, neurons, cycle).take
            self._neurons.insert(0, neurons)
            self._taken.insert(0, taken)
        self._take = take

    def _read_out(self, valid: int) -> int:
        """Take a vector of the last layer that is ``valid`` from a cycle on; returns when."""
        accept = max(valid, self._readout_ready)
        self._readout_ready = accept + 1 + self._thinks
        self._steps += 1
        if (self._steps - self._last) % self._timesteps == 0:
            self._readout_ready = accept + 2 + self._thinks
            self._results.append(self._readout_ready)
        return accept

    def advance(self, spikes: np.ndarray, decided: np.ndarray | None = None) -> Schedule:
        """Schedule of the next steps, whose cycles go on from those before.

        - ``spikes``: what `spiking_cycles` gives: integers, shape (firings, steps). No step depends
          on a later one.
        - ``decided``: timesteps that each image takes, shape (images,), where images may end early;
          the steps are then those of whole images.
        """
        if not self._shape.stops:
            return self._advance(spikes, self._timesteps)
        parts = [
            self._image(spikes[:, k * self._timesteps : (k + 1) * self._timesteps], timesteps)
            for k, timesteps in enumerate(decided.tolist())
        ]
        return Schedule.joined(parts)

    def _image(self, spikes: np.ndarray, decided: int) -> Schedule:
        """Schedule of an image that ends early, and of nothing else."""
        whole = self._advance(spikes, decided)
        stop = int(whole.result[0]) - 1
        for cycles in (whole.entered, *whole.fire, *whole.taken):
            cycles[cycles > stop] = NEVER
        self._begin(stop + 1 + np.count_nonzero(whole.entered == NEVER))
        return whole

    def _advance(self, spikes: np.ndarray, last: int) -> Schedule:
        """The schedule if the prediction comes after ``last`` timesteps of each image."""
        self._last = last
        steps = spikes.shape[1]
        for neurons, counts in zip(self._neurons, by_layer(self._shape, spikes), strict=True):
            neurons.counts = iter(counts.T.ravel().tolist())
        entered = [self._take(0) for _ in range(steps * self._positions)]
        whole = Schedule(
            entered=np.array(entered, dtype=np.int64),
            fire=tuple(np.array(each.fire, dtype=np.int64) for each in self._neurons),
            taken=tuple(np.array(each, dtype=np.int64) for each in self._taken),
            result=np.array(self._results, dtype=np.int64),
            steps=steps,
        )
        for each in (self._results, *self._taken, *(neurons.fire for neurons in self._neurons)):
            each.clear()
        return whole


def _noted(take: Callable[[int], int], taken: list[int], valid: int) -> int:
    """What ``take`` returns, put on the list ``taken``."""
    accept = take(valid)
    taken.append(accept)
    return accept


def schedule(
    shape: NetworkShape, spikes: np.ndarray, timesteps: int, decided: np.ndarray | None = None
) -> Schedule:
    """Schedule of a whole run of the chip of ``shape``.

    - ``spikes``: what `spiking_cycles` gives: integers, shape (firings, steps).
    - ``timesteps``: timesteps per prediction; ``steps`` is a multiple of it.
    - ``decided``: timesteps that each image takes, where images may end early.
    """
    return Pipeline(shape, timesteps).advance(spikes, decided)


def alone(layer: Layer, spikes: np.ndarray) -> float:
    """Mean cycles of a timestep of ``layer`` if its input is there and its output taken at once.

    ``spikes``: its part of what `spiking_cycles` gives: integers, shape (firings, steps).
    """
    spikes = np.concatenate([spikes, spikes[:, :1]], axis=1)  # the last to be begun is not counted
    neurons = _Neurons(layer, lambda valid: valid, 0)
    neurons.counts = iter(spikes.T.ravel().tolist())
    stage = STAGES[type(layer)](layer, neurons, 0)
    steps = spikes.shape[1]
    for _ in range(steps * (layer.volume.positions if layer.maps else 1)):
        stage.take(0)
    ends = neurons.fire[layer.firings - 1 :: layer.firings]
    return (ends[-1] - ends[0]) / (steps - 1)
