"""The measurements of `make accuracy` against an independent loop."""

import statistics
import threading

import numpy as np
import pytest

from tb.kit.networks import random_network, real_network
from trispike.golden import run_real
from trispike.models.data import encoders
from trispike.models.data.spikes import encode
from trispike.models.errors import BadInput
from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.sim.accuracy import measure
from trispike.sim.training.tally import accuracy_by_timestep, accuracy_over_seeds


def _images(count: int, pixels: int, classes: int, seed: int = 1):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, pixels), dtype=np.uint8)
    return images, rng.integers(0, classes, count, dtype=np.uint8)


def _oracle(network, images, labels, timesteps, seed):
    """Accuracy, spikes and operations, one weight at a time."""
    right = [0] * timesteps
    fired = [0] * (len(network.layers) + 1)
    operations = 0
    for n, image in enumerate(images):
        counts = [0] * network.layers[-1].weights.shape[1]
        spikes = encode(image[np.newaxis], timesteps, seed, n)[0].tolist()
        for t, active in enumerate(spikes):
            fired[0] += sum(active)
            for k, layer in enumerate(network.layers):
                a, b = (layer.a, layer.b) if isinstance(network, Network) else (1, 1)
                values = [b * float(x) for x in layer.bias]
                for i, spike in enumerate(active):
                    for j in range(len(values)):
                        weight = float(layer.weights[i, j])
                        if spike and weight != 0:
                            values[j] += a * weight
                            operations += 1
                active = [value > layer.threshold for value in values]
                fired[k + 1] += sum(active)
            counts = [count + spike for count, spike in zip(counts, active, strict=True)]
            right[t] += counts.index(max(counts)) == labels[n]
    steps = len(images) * timesteps
    return [x / len(images) for x in right], [x / steps for x in fired], operations / steps


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [random_network, real_network])
def test_against_the_oracle(kind, seed):
    """Accuracy of every length, spikes and operations of ternary and of real networks."""
    network = kind((12, 9, 7, 4), seed)
    images, labels = _images(15, 12, 4, seed)
    measured = accuracy_by_timestep(network, images, labels, timesteps=5, seed=seed)
    accuracy, spikes, operations = _oracle(network, images, labels, 5, seed)
    assert measured.accuracy == pytest.approx(accuracy)
    assert measured.spikes == pytest.approx(spikes)
    assert measured.operations == pytest.approx(operations)
    assert operations > 0


def test_real_network_fires_strictly_above():
    """Sums from zero each timestep, and potentials in float32."""
    layer = RealLayer(weights=np.array([[0.5], [0.25]]), bias=np.array([0.25]), threshold=0.75)
    spikes = np.array([[[True, False], [True, True], [True, False]]])
    result = run_real(RealNetwork(name="edge", layers=(layer,)), spikes)
    assert result.potentials[0].dtype == np.float32
    assert result.potentials[0].tolist() == [[[0.75], [1.0], [0.75]]]
    assert result.spikes[0].tolist() == [[[False], [True], [False]]]
    assert result.scores.tolist() == [[1]]


def test_seeds_and_their_spread():
    """Each seed is a measurement of its own; mean and sample deviation are over them."""
    network = random_network((12, 9, 4), 5)
    images, labels = _images(30, 12, 4)
    seeds = (3, 0, 8)
    spread = accuracy_over_seeds(network, images, labels, timesteps=3, seeds=seeds)
    assert spread.seeds == seeds
    for seed, measured in zip(seeds, spread.measurements, strict=True):
        alone = accuracy_by_timestep(network, images, labels, timesteps=3, seed=seed)
        assert measured == alone
    for t in range(3):
        values = [one.accuracy[t] for one in spread.measurements]
        mean = sum(values) / 3
        assert spread.mean[t] == pytest.approx(mean)
        square = sum((value - mean) ** 2 for value in values) / 2
        assert spread.deviation[t] == pytest.approx(square**0.5)
    assert len({one.accuracy for one in spread.measurements}) > 1
    assert spread.operations == pytest.approx(
        statistics.fmean(one.operations for one in spread.measurements)
    )
    single = accuracy_over_seeds(network, images, labels, timesteps=3, seeds=[3])
    assert single.deviation is None


@pytest.mark.parametrize("seeds", [[], [1, 1], [-1], [0.5]])
def test_bad_seeds(seeds):
    images, labels = _images(3, 12, 4)
    with pytest.raises(BadInput, match=r"seeds? must be"):
        accuracy_over_seeds(random_network((12, 4), 0), images, labels, timesteps=1, seeds=seeds)


@pytest.mark.parametrize("jobs", [1, 3])
def test_measured_together_as_alone(monkeypatch, jobs):
    """Encoded once for all networks, shared out among threads: the same as each for itself."""
    monkeypatch.setattr("trispike.sim.training.tally._BATCH_BYTES", 4 * 4 * 1024 * 7)  # 7 images
    networks = [
        random_network((12, 9, 4), 1),
        real_network((12, 6, 4), 2),
        random_network((12, 4), 3),
    ]
    images, labels = _images(40, 12, 4)
    settings = {"timesteps": 4, "seeds": (0, 1)}
    encoded, done = [], []

    def counting(*arguments):
        encoded.append(arguments)
        return encoders.encode(*arguments)

    alone = [accuracy_over_seeds(network, images, labels, **settings) for network in networks]
    monkeypatch.setattr("trispike.sim.training.tally.encode", counting)
    together = measure.measure(
        networks, images, labels, jobs=jobs, progress=done.append, **settings
    )
    assert together == alone
    assert len(encoded) == measure.batches(40, 4, 2) == 12
    assert done == list(range(1, 13))


def test_interrupted_measurement_stops(monkeypatch):
    """Batches that were not started do not run, and no thread continues."""
    monkeypatch.setattr("trispike.sim.training.tally._BATCH_BYTES", 1)
    images, labels = _images(5000, 12, 4)

    def stop(_):
        raise KeyboardInterrupt

    ran = []
    monkeypatch.setattr(
        "trispike.sim.training.tally.encode", lambda *a: ran.append(a) or encoders.encode(*a)
    )
    with pytest.raises(KeyboardInterrupt):
        measure.measure(
            [random_network((12, 4), 0)],
            images,
            labels,
            timesteps=2,
            seeds=(0,),
            jobs=2,
            progress=stop,
        )
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(timeout=10)
            assert not thread.is_alive()
    assert len(ran) < 5000
