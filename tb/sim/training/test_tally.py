"""What is counted of a network of convolutions."""

import itertools

import numpy as np
import pytest

from trispike.golden import run
from trispike.models.data.spikes import encode
from trispike.models.network.layers import Bias, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import ReadOut
from trispike.models.network.volume import Volume
from trispike.sim.training import tally

VOLUME = Volume(channels=2, height=7, width=6)
MAPS = Maps(volume=VOLUME, kernel=(3, 2), stride=2, padding=1)


def _network() -> Network:
    """A convolution of 3 channels, which gives 4 x 4 places, and a dense layer on them."""
    rng = np.random.default_rng(0)
    hidden = LayerParameters(
        weights=rng.integers(-1, 2, (12, 3)).astype(np.int8),
        bias=np.zeros(3, np.int8),
        a=1,
        b=0,
        threshold=np.array([0, 1, 0]),
        maps=MAPS,
    )
    last = LayerParameters(
        weights=rng.integers(-1, 2, (48, 4)).astype(np.int8),
        bias=np.zeros(4, np.int32),
        a=1,
        b=None,
        threshold=None,
        maps=Maps.whole(MAPS.output(3)),
    )
    assert (hidden.shape.threshold, hidden.shape.bias) == (Threshold.EACH, Bias.TERNARY)
    return Network(name="any", layers=(hidden, last), read_out=ReadOut.POTENTIAL)


def _images(count: int):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (count, VOLUME.size), dtype=np.uint8)
    return images, rng.integers(0, 4, count, dtype=np.uint8)


def _operations(network, spikes, fired) -> int:
    """One weight at a time, over all windows."""
    total = 0
    weights = network.layers[0].weights.reshape(3, 2, 2, 3)
    for maps in spikes.reshape(-1, 2, 7, 6):
        for row, column in itertools.product(range(4), range(4)):
            for y, x, channel in itertools.product(range(3), range(2), range(2)):
                place = 2 * row + y - 1, 2 * column + x - 1
                if 0 <= place[0] < 7 and 0 <= place[1] < 6 and maps[channel, *place]:
                    total += np.count_nonzero(weights[y, x, channel])
    for maps in fired.reshape(-1, 3, 4, 4):
        for channel, row, column in np.argwhere(maps):
            total += np.count_nonzero(network.layers[1].weights[12 * row + 3 * column + channel])
    return total


def test_operations_and_spikes_of_convolutions():
    network = _network()
    images, labels = _images(9)
    measured = tally.accuracy_by_timestep(network, images, labels, timesteps=3, seed=5)
    spikes = encode(images, 3, 5)
    result = run(network, spikes)
    wanted = _operations(network, spikes, result.spikes[0])
    assert measured.operations == pytest.approx(wanted / 27)
    assert measured.spikes == pytest.approx([spikes.sum() / 27, result.spikes[0].sum() / 27, 0])
    assert measured.accuracy[-1] == np.mean(result.labels == labels)


def test_wide_layers_have_small_batches(monkeypatch):
    sizes, told, one = [], [], tally.tally_batch
    monkeypatch.setattr(tally, "_WIDEST", 1)
    monkeypatch.setattr(tally, "_BATCH_BYTES", 4 * 3 * 48 * 2)  # of 16 windows, 3 channels
    monkeypatch.setattr(
        tally, "tally_batch", lambda *a, **k: sizes.append(len(a[1])) or one(*a, **k)
    )
    settings = {"timesteps": 3, "seed": 0, "progress": told.append}
    tally.accuracy_by_timestep(_network(), *_images(5), **settings)
    assert sizes == told == [2, 2, 1]
