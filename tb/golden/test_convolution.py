"""Convolutions of the golden model, against loops over windows, taps and channels."""

import dataclasses
import random

import numpy as np
import pytest

from tb.kit.equations import behaviour_of
from tb.kit.oracles import random_convolution, random_layer, random_maps, random_volume
from trispike.golden import run, run_layer
from trispike.golden.layers import convolution
from trispike.models.network.layers import Convolution
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import CONTINUOUS, INTEGRATE_AND_FIRE
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder, ReadOut
from trispike.models.network.volume import Volume


def _window(maps: Maps, values: np.ndarray, row: int, column: int) -> list[int]:
    """What a window sees of ``values``, the flattened maps: tap by tap, all channels of each."""
    height, width = maps.volume.height, maps.volume.width
    seen = []
    for tap_row in range(maps.kernel[0]):
        for tap_column in range(maps.kernel[1]):
            y = row * maps.stride + tap_row - maps.padding
            x = column * maps.stride + tap_column - maps.padding
            for channel in range(maps.volume.channels):
                inside = 0 <= y < height and 0 <= x < width
                seen.append(int(values[(channel * height + y) * width + x]) if inside else 0)
    return seen


def _expected(layer: LayerParameters, timesteps: np.ndarray) -> tuple[list, list]:
    """Potentials and spikes of an image in each timestep, in the order of flattened maps."""
    maps, channels = layer.maps, range(layer.weights.shape[1])
    out = maps.output(len(channels))
    potentials = [[] for _ in timesteps]
    spikes = [[False] * out.size for _ in timesteps]
    windows = {
        (row, column): [_window(maps, values, row, column) for values in timesteps]
        for row in range(maps.rows)
        for column in range(maps.columns)
    }
    for channel in channels:
        for (row, column), trains in windows.items():
            y, x = row // maps.pool, column // maps.pool
            for t, (u, spike) in enumerate(behaviour_of(layer, channel, trains)):
                potentials[t].append(u)
                if spike and y < out.height and x < out.width:
                    spikes[t][(channel * out.height + y) * out.width + x] = True
    return potentials, spikes


def _random_convolution(rng: random.Random) -> Convolution:
    maps = random_maps(rng, random_volume(rng, channels=rng.randint(1, 3), longest=7), widest=5)
    fixed = {"neuron": INTEGRATE_AND_FIRE} if rng.random() < 0.3 else {}
    shape = random_convolution(rng, maps, rng.randint(1, 4), **fixed)
    if shape.neuron.phases <= 3 and rng.random() < 0.3:
        shape = dataclasses.replace(shape, pixels=True)
    return shape


@pytest.mark.parametrize("seed", range(80))
def test_any_convolution(seed, monkeypatch):
    rng, values = random.Random(seed), np.random.default_rng(seed)
    if seed % 2:  # one timestep at once
        monkeypatch.setattr(convolution, "_VALUES_AT_ONCE", 1)
    layer = random_layer(rng, shape := _random_convolution(rng))
    assert layer.shape == shape
    size = (2, rng.randint(1, 6), shape.volume.size)
    given = values.random(size) < values.choice([0.1, 0.5, 0.9])
    if shape.pixels:
        given = given * values.integers(0, 256, size, dtype=np.uint8)
    did = run_layer(layer, given)
    for image, timesteps in enumerate(given):
        potentials, spikes = _expected(layer, timesteps)
        assert did.potentials[image].tolist() == potentials
        assert did.spikes[image].tolist() == spikes
    assert did.potentials.dtype == np.int32
    alone = run_layer(layer, given[1])
    assert np.array_equal(alone.potentials, did.potentials[1])
    assert np.array_equal(alone.spikes, did.spikes[1])


def test_random_convolutions_are_of_every_kind():
    """The cases above have every kernel, stride, padding, pool and neuron that they should."""
    shapes = [_random_convolution(random.Random(seed)) for seed in range(80)]
    maps = [shape.maps for shape in shapes]
    neurons = [shape.neuron for shape in shapes]
    assert {m.stride for m in maps} == {1, 2}
    assert {m.pool for m in maps} == {1, 2, 3}
    assert {m.padding for m in maps} >= {0, 1, 2}
    assert {k for m in maps for k in m.kernel} >= {1, 2, 3, 4, 5, 7}
    assert {m.is_whole for m in maps} == {m.leaves_out for m in maps} == {True, False}
    for kind in ("carries", "leak", "synapse", "once", "has_state"):
        assert {bool(getattr(neuron, kind)) for neuron in neurons} == {True, False}, kind
    assert {neuron.phases > 1 for neuron in neurons} == {True, False}
    assert {shape.pixels for shape in shapes} == {True, False}


def _layer(maps, channels, **more) -> LayerParameters:
    fields = {
        "weights": np.ones((maps.fan_in, channels), np.int8),
        "bias": np.zeros(channels, np.int8),
        "a": 1,
        "b": 0,
        "threshold": 0,
    }
    return LayerParameters(**fields | {"maps": maps} | more)


def _network() -> Network:
    """Pixels of 2x3x3 seen by four windows, of which one position is left, and a dense layer."""
    maps = Maps(volume=Volume(channels=2, height=3, width=3), kernel=(2, 2), pool=2)
    weights = np.zeros((8, 3), np.int8)
    weights[0, 0] = weights[7, 1] = weights[1, 2] = 1  # both corners of a window; a channel each
    first = _layer(maps, 3, weights=weights, a=None, threshold=np.array([10, 10, 200]))
    whole = Maps.whole(first.shape.output)
    last = _layer(whole, 2, weights=np.array([[1, 0], [-1, 1], [1, 1]]), a=5, threshold=None)
    return Network(
        name="corners",
        layers=(first, last),
        read_out=ReadOut.POTENTIAL,
        encoder=Encoder.DIRECT,
    )


def test_a_network():
    """By hand: the upper left pixel that a window sees, the lower right one, the second map's."""
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 1, 1], image[1, 2, 2], image[1, 0, 0] = 11, 10, 201
    result = run(_network(), image.reshape(1, 1, 18))
    upper, lower, second = result.potentials[0].reshape(3, 2, 2).tolist()
    assert upper == [[0, 0], [0, 11]]
    assert lower == [[0, 0], [0, 10]]
    assert second == [[201, 0], [0, 0]]
    assert result.spikes[0].tolist() == [[[True, False, True]]]
    assert result.scores.tolist() == [[10, 5]]
    assert result.labels.tolist() == [0]


def test_no_images():
    result = run(_network(), np.zeros((0, 3, 18), np.uint8))
    assert [part.shape for part in result.spikes] == [(0, 3, 3), (0, 3, 2)]
    assert result.potentials[0].shape == (0, 3, 12)
    assert result.labels.shape == (0,)


def test_saturations_of_every_window_are_counted():
    maps = Maps(volume=Volume(channels=1, height=1, width=5), kernel=(1, 2), pool=1)
    most = 2**17 - 1
    layer = _layer(maps, 1, a=127, b=None, bias=np.array([100_000]), neuron=CONTINUOUS)
    layer = dataclasses.replace(layer, threshold=most)
    did = run_layer(layer, np.ones((3, 2, 5), bool))
    assert (did.potentials[:, 1] == most).all()
    assert did.saturations == 3 * 4


@pytest.mark.parametrize("windows", [1, 5, 9])
def test_some_images_at_once(windows, monkeypatch):
    """How many are computed together changes nothing."""
    spikes = np.random.default_rng(3).integers(0, 256, (5, 2, 18), np.uint8)
    wanted = run(_network(), spikes)
    monkeypatch.setattr("trispike.golden.layers.convolution._VALUES_AT_ONCE", windows * 4 * 8 // 2)
    result = run(_network(), spikes)
    for one, other in zip(result.potentials, wanted.potentials, strict=True):
        assert np.array_equal(one, other)
