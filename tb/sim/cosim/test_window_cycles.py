"""The cycle model of convolutions against a slow simulation of its description, cycle by cycle."""

import collections
import dataclasses
import functools
import itertools
import random

import numpy as np
import pytest

from tb.kit.oracles import random_convolution, random_maps, random_volume
from trispike.models.network.layers import Convolution, Dense, Layer
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Neuron, Order, Reset
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.sim.cosim.cycles import Pipeline, Schedule, alone, schedule, spiking_cycles
from trispike.sim.cosim.occupancy import occupancies


def _ends(layer: Layer) -> str:
    """What PEs do at the end of a window, a letter a cycle, of which "f" fires."""
    neuron = layer.neuron
    if not neuron.has_state:
        return "f"
    resets = neuron.carries and layer.fires
    late = (neuron.order, neuron.reset) == (Order.RESET_FIRST, Reset.SUBTRACT)
    after = "r" * resets + "l" * (resets and late and len(neuron.leak) > 0)
    return "c" * (len(neuron.synapse) > 0) + "bf" + after + "m" * (layer.kept_bits > 0)


class _Pool:
    """Joins squares of windows; may have none to join."""

    def __init__(self, maps: Maps):
        self._maps, self._place, self._full, self._blocked = maps, 0, False, False

    def step(self, give) -> None:
        self._blocked = self._full
        if self._full and give():
            self._full = False

    def offer(self) -> bool:
        side = self._maps.pool
        row, column = divmod(self._place, self._maps.columns)
        completes = row % side == side - 1 and column % side == side - 1
        if completes and self._blocked:
            return False
        self._full |= completes
        self._place = (self._place + 1) % (self._maps.rows * self._maps.columns)
        return True


class _Windows:
    """A convolution: line buffer, windows, PEs with an output register, pool."""

    def __init__(self, layer: Convolution, counts: list[int]):
        self._maps, self._ends = layer.maps, _ends(layer)
        self._counts = collections.deque(counts)
        self._pool = _Pool(layer.maps) if layer.maps.pool > 1 else None
        self._positions = self._freed = 0
        self._row = 0  # of windows, over all timesteps
        self._waiting = collections.deque()  # windows: earliest cycle, spikes, rows then free
        self._tokens, self._frees, self._full = [], None, False
        self.fires, self.starts, self.stops, self.taken = [], [], [], []

    def accept(self, cycle: int) -> bool:
        """Take a position, if its row has a place."""
        maps = self._maps
        row = self._positions // maps.volume.width
        if row >= self._freed + maps.buffer_rows:
            return False
        self._positions += 1
        while True:
            step, place = divmod(self._row, maps.rows)
            needed = step * maps.volume.height + maps.input_rows(place).stop
            if self._positions < needed * maps.volume.width:
                return True
            last = place == maps.rows - 1
            kept = maps.volume.height if last else maps.input_rows(place + 1).start
            for column in range(maps.columns):
                frees = step * maps.volume.height + kept if column == maps.columns - 1 else None
                self._waiting.append((cycle + 5, self._counts.popleft(), frees))
            self._row += 1

    def step(self, cycle: int, give) -> None:
        """Pass a cycle; ``give`` hands on what is given out and says whether it was taken."""
        if self._pool:
            self._pool.step(give)
            give = self._pool.offer
        if self._full and give():
            self._full = False
        if not self._tokens and self._waiting and self._waiting[0][0] <= cycle:
            _, count, self._frees = self._waiting.popleft()
            self._tokens = list("s" * count + self._ends)
            self.starts.append(cycle - 1)
        if len(self._tokens) == len(self._ends) and self._frees is not None:
            self._freed = self._frees
        if self._tokens and not (self._tokens[0] == "f" and self._full):
            if self._tokens.pop(0) == "f":
                self.fires.append(cycle)
                self._full = True
            if not self._tokens:
                self.stops.append(cycle)


class _Chip:
    """Layers with maps and a read-out, whose source always has the next position."""

    def __init__(self, shape: NetworkShape, spikes: np.ndarray, timesteps: int):
        bounds = itertools.pairwise(np.cumsum([0, *(layer.firings for layer in shape.layers)]))
        self.layers = [
            _Windows(layer, spikes[first:last].T.ravel().tolist())
            for layer, (first, last) in zip(shape.layers, bounds, strict=True)
        ]
        self._timesteps = timesteps
        self._counted = self._pause = 0
        self._due, self._cycle = [], 0
        self.entered, self.results = [], []
        wanted = spikes.shape[1] * shape.input.volume.positions
        while len(self.results) < spikes.shape[1] // timesteps:
            self._step(wanted)

    def _step(self, wanted: int) -> None:
        cycle = self._cycle
        assert cycle < 200_000
        self.results += [cycle] * (cycle in self._due)
        for k in reversed(range(len(self.layers))):
            self.layers[k].step(cycle, functools.partial(self._give, k))
        if len(self.entered) < wanted and self.layers[0].accept(cycle):
            self.entered.append(cycle)
        self._pause = max(0, self._pause - 1)
        self._cycle += 1

    def _give(self, k: int) -> bool:
        """Whether what layer ``k`` gives out is taken in this cycle."""
        last = k == len(self.layers) - 1
        taken = self._read_out() if last else self.layers[k + 1].accept(self._cycle)
        self.layers[k].taken.extend([self._cycle] * taken)
        return taken

    def _read_out(self) -> bool:
        if self._pause:
            return False
        self._counted += 1
        if self._counted % self._timesteps == 0:
            self._pause = 2
            self._due.append(self._cycle + 2)
        return True


def _shape(seed: int) -> NetworkShape:
    """One to three convolutions of any kernels, strides, paddings, pools and neurons."""
    rng = random.Random(seed)
    volume, layers = random_volume(rng, rng.randint(1, 3), 7), []
    for _ in range(rng.randint(1, 3)):
        layers.append(random_convolution(rng, random_maps(rng, volume, 4), rng.randint(1, 3)))
        volume = layers[-1].output
    layers.append(Convolution(maps=Maps.whole(volume), channels=2))
    return NetworkShape.of("windows", tuple(layers))


@pytest.mark.parametrize("seed", range(40))
def test_model_equals_stepping(seed):
    """Whatever enters, fires, is taken, starts: in the same cycles."""
    shape = _shape(seed)
    rng = np.random.default_rng(seed)
    windows = sum(layer.firings for layer in shape.layers)
    spikes = rng.integers(0, rng.choice([1, 2, 5, 20]), (windows, 4))
    made = schedule(shape, spikes, 2)
    chip = _Chip(shape, spikes, 2)
    assert made.result.tolist() == chip.results
    assert made.entered.tolist() == chip.entered
    found = occupancies(shape, spikes, made)
    for k, layer in enumerate(chip.layers):
        assert made.fire[k].tolist() == layer.fires
        assert made.taken[k].tolist() == layer.taken
        assert found[k].start.tolist() == layer.starts
        assert found[k].stop.tolist() == layer.stops


@pytest.mark.parametrize("seed", range(12))
def test_alone(seed):
    """Mean of the timesteps of a layer that waits for nobody; the first comes once more."""
    layer, rng = _shape(seed).layers[0], np.random.default_rng(seed)
    spikes = rng.integers(0, 6, (layer.firings, 4))
    stepped = _Windows(layer, np.concatenate([spikes.T, spikes.T[:1]]).ravel().tolist())
    positions, cycle = 5 * layer.volume.positions, 0
    while len(stepped.fires) < 5 * layer.firings:
        stepped.step(cycle, lambda: True)
        positions -= positions > 0 and stepped.accept(cycle)
        cycle += 1
    ends = stepped.fires[layer.firings - 1 :: layer.firings]
    assert alone(layer, spikes) == (ends[4] - ends[0]) / 4


def test_alone_without_maps():
    """A cycle a spike and one more; at its end a neuron that carries takes two others."""
    layer = Dense(inputs=9, neurons=2)
    assert alone(layer, np.array([[3, 5, 0, 4]])) == 3 + 1
    carries = dataclasses.replace(layer, neuron=Neuron(carries=True))
    assert alone(carries, np.array([[3, 5, 0, 4]])) == 3 + 3


@pytest.mark.parametrize("seed", range(12))
def test_spiking_cycles(seed):
    """The busiest lane of each window's spikes, counted one by one; pixels count unless 0."""
    shape, rng = _shape(seed), np.random.default_rng(seed)
    lanes = random.Random(seed).choice([1, 2, 4])
    shape = shape.with_lanes(lanes)
    vectors, wanted = [], []
    for layer in shape.layers:
        maps, volume = layer.maps, layer.volume
        spikes = rng.integers(0, 3, (2, 2, volume.size))
        vectors.append(spikes)
        image = spikes.reshape(4, volume.channels, volume.height, volume.width)
        for row in range(maps.rows):
            for column in range(maps.columns):
                top = row * maps.stride - maps.padding
                left = column * maps.stride - maps.padding
                inside = [
                    (y, x)
                    for y in range(max(top, 0), min(top + maps.kernel[0], volume.height))
                    for x in range(max(left, 0), min(left + maps.kernel[1], volume.width))
                ]
                counts = [[0] * layer.lanes for _ in range(4)]
                for step in range(4):
                    for channel in range(volume.channels):
                        given = sum(image[step, channel, y, x] != 0 for y, x in inside)
                        counts[step][channel % layer.lanes] += int(given)
                wanted.append([max(each) for each in counts])
    found = spiking_cycles(shape, vectors)
    assert found.dtype == np.int64
    assert found.tolist() == wanted


def test_begun():
    """Steps that a layer took the input of, whole or in part, by hand."""
    early = Schedule(
        entered=np.array([0, 1, 5, -1, -1, -1]),
        fire=(np.array([4, 9, -1]), np.array([6, -1, -1])),
        taken=(np.array([5, -1, -1]), np.array([7, -1, -1])),
        result=np.array([9]),
        steps=3,
    )
    assert early.begun.tolist() == [[True, True, False], [True, False, False]]
    other = Schedule(
        entered=np.array([10, -1]),
        fire=(np.array([12]), np.array([13])),
        taken=(np.array([13]), np.array([14])),
        result=np.array([15]),
        steps=1,
    )
    joined = Schedule.joined([early, other])
    assert joined.entered.tolist() == [0, 1, 5, -1, -1, -1, 10, -1]
    assert [each.tolist() for each in joined.fire] == [[4, 9, -1, 12], [6, -1, -1, 13]]
    assert [each.tolist() for each in joined.taken] == [[5, -1, -1, 13], [7, -1, -1, 14]]
    assert joined.result.tolist() == [9, 15]
    assert joined.steps == 4


@pytest.mark.parametrize(("second", "adding"), [(10, [4, 6, 0]), (5, [4, 5, 0])])
def test_where_cycles_go_until_a_stop(second, adding):
    """By hand: four spikes, the decision five cycles after they fired, and what is begun by then.

    The first vector fires in cycle 6, is taken in 7, and the image stops after cycle 11. The second
    one starts in cycle 6; after five spikes the third may start in cycle 12, which never comes.
    """
    layers = (Dense(inputs=9, neurons=2),)
    shape = NetworkShape.of("stops", layers, ReadOut.COUNT, stops=True)
    spikes = np.array([[4, second, 9]])
    made = schedule(shape, spikes, 3, np.array([1]))
    assert (made.fire[0].tolist(), made.result.tolist()) == ([6, -1, -1], [12])
    (found,) = occupancies(shape, spikes, made)
    assert found.adding.tolist() == adding


def test_in_parts():
    """The steps of a run may come in any number of parts."""
    shape, rng = _shape(3), np.random.default_rng(3)
    spikes = rng.integers(0, 4, (sum(layer.firings for layer in shape.layers), 6))
    pipeline = Pipeline(shape, 2)
    parts = [pipeline.advance(spikes[:, :2]), pipeline.advance(spikes[:, 2:])]
    whole, joined = schedule(shape, spikes, 2), Schedule.joined(parts)
    assert np.array_equal(whole.entered, joined.entered)
    assert np.array_equal(whole.result, joined.result)
    for one, other in zip((*whole.fire, *whole.taken), (*joined.fire, *joined.taken), strict=True):
        assert np.array_equal(one, other)
