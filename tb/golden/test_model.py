"""The golden model against a slow one, written separately from the description alone."""

import itertools
import random

import numpy as np
import pytest

from trispike.golden import run, run_layer
from trispike.models.data.spikes import encode
from trispike.models.errors import BadInput
from trispike.models.network.parameters import LayerParameters, Network
from trispike.sim.training.tally import accuracy_by_timestep


def _network(rng: random.Random, sizes: list[int]) -> Network:
    layers = []
    for inputs, neurons in itertools.pairwise(sizes):
        layers.append(
            LayerParameters(
                weights=np.array(
                    [[rng.choice([-1, 0, 1]) for _ in range(neurons)] for _ in range(inputs)]
                ),
                bias=np.array([rng.choice([-1, 0, 1]) for _ in range(neurons)]),
                a=rng.randrange(128),
                b=rng.randrange(128),
                threshold=rng.randrange(-60, 60),
            )
        )
    return Network(name="tiny", layers=tuple(layers))


def _oracle(network, image):
    """One image's spikes (lists of 0 and 1 per timestep) -> potentials, spikes, counts, label."""
    counts = None
    trace = []
    for active in image:
        step = []
        for layer in network.layers:
            values, fired = [], []
            for k in range(len(layer.bias)):
                value = int(layer.bias[k]) * layer.b
                for i, spike in enumerate(active):
                    if spike:
                        value += layer.a * int(layer.weights[i][k])
                values.append(value)
                fired.append(1 if value > layer.threshold else 0)
            step.append((values, fired))
            active = fired
        trace.append(step)
        counts = [c + f for c, f in zip(counts or [0] * len(active), active, strict=True)]
    best = 0
    for k, count in enumerate(counts):
        if count > counts[best]:
            best = k
    return trace, counts, best


@pytest.mark.parametrize("seed", range(12))
def test_against_the_oracle(seed):
    rng = random.Random(seed)
    sizes = [rng.randrange(1, 14) for _ in range(rng.randrange(2, 5))]
    network = _network(rng, sizes)
    count, timesteps = rng.randrange(1, 5), rng.randrange(1, 7)
    density = rng.choice([0.0, 0.2, 0.8, 1.0])
    spikes = np.array(
        [
            [[rng.random() < density for _ in range(sizes[0])] for _ in range(timesteps)]
            for _ in range(count)
        ]
    )
    result = run(network, spikes)
    for n in range(count):
        trace, counts, label = _oracle(network, spikes[n].tolist())
        for t, step in enumerate(trace):
            for k, (values, fired) in enumerate(step):
                assert result.potentials[k][n, t].tolist() == values, (n, t, k)
                assert result.spikes[k][n, t].tolist() == fired, (n, t, k)
        assert result.scores[n].tolist() == counts
        assert result.labels[n] == label
    lean = run(network, spikes, keep_potentials=False)
    assert lean.potentials == ()
    assert np.array_equal(lean.scores, result.scores)
    assert all(np.array_equal(a, b) for a, b in zip(lean.spikes, result.spikes, strict=True))


def _uniform(inputs, neurons, weight, bias, a, b, threshold):
    return LayerParameters(
        weights=np.full((inputs, neurons), weight),
        bias=np.full(neurons, bias),
        a=a,
        b=b,
        threshold=threshold,
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_widest_layer_at_both_extremes(sign):
    extreme = sign * (1024 * 127 + 127)
    layer = _uniform(1024, 3, sign, sign, 127, 127, extreme)
    spikes = np.ones((1, 2, 1024), bool)
    values = run_layer(layer, spikes).potentials
    assert values.dtype == np.int32
    assert (values == extreme).all()
    assert not run(Network(name="edge", layers=(layer,)), spikes).scores.any()  # strictly above
    below = _uniform(1024, 3, sign, sign, 127, 127, extreme - 1)
    assert (run(Network(name="edge", layers=(below,)), spikes).scores == 2).all()


def test_register_width_is_asserted(monkeypatch):
    monkeypatch.setattr("trispike.golden.layers.neuron.POTENTIAL_MAX", 5)
    with pytest.raises(AssertionError, match="left the 18-bit register"):
        run_layer(_uniform(2, 1, 1, 0, 3, 0, 0), np.ones((1, 1, 2), bool))


def test_silence_and_full_input():
    layer = _uniform(5, 2, 1, -1, 2, 3, 6)
    network = Network(name="edge", layers=(layer,))
    silent = run(network, np.zeros((1, 3, 5), bool))
    assert silent.potentials[0].tolist() == [[[-3, -3]] * 3]
    assert silent.scores.tolist() == [[0, 0]]
    assert silent.labels.tolist() == [0]
    assert silent.saturations == (0,)
    full = run(network, np.ones((1, 3, 5), bool))
    assert full.potentials[0].tolist() == [[[7, 7]] * 3]
    assert full.scores.tolist() == [[3, 3]]


def test_potential_starts_from_zero_each_timestep():
    network = Network(name="edge", layers=(_uniform(1, 1, 1, 0, 1, 0, 1),))
    assert not run(network, np.ones((1, 200, 1), bool)).scores.any()


@pytest.mark.parametrize(
    ("fires", "label"),
    [([[0, 1, 1], [0, 1, 1]], 1), ([[1, 0, 0], [0, 0, 1]], 0), ([[0, 0, 1], [0, 1, 1]], 2)],
)
def test_ties_go_to_the_lowest_index(fires, label):
    identity = LayerParameters(
        weights=np.eye(3, dtype=int), bias=np.zeros(3, int), a=1, b=0, threshold=0
    )
    result = run(Network(name="edge", layers=(identity,)), np.array([fires], dtype=bool))
    assert result.labels.tolist() == [label]


def test_no_images():
    network = _network(random.Random(0), [4, 3])
    result = run(network, np.zeros((0, 2, 4), bool))
    assert result.labels.shape == (0,)
    assert result.spikes[0].shape == (0, 2, 3)


@pytest.mark.parametrize(
    "spikes", [np.zeros((1, 2, 5), bool), np.zeros((2, 4), bool), np.zeros((1, 2, 4), np.uint8)]
)
def test_wrong_spikes(spikes):
    with pytest.raises(
        BadInput, match=r"input spikes must be bool of shape \(images, timesteps, 4"
    ):
        run(_network(random.Random(0), [4, 3]), spikes)


@pytest.mark.parametrize("batch_bytes", [1, 1 << 10, 1 << 26])
def test_accuracy_by_timestep(monkeypatch, batch_bytes):
    """Whatever the batch, the same as a run of each length of its own."""
    monkeypatch.setattr("trispike.sim.training.tally._BATCH_BYTES", batch_bytes)
    network = _network(random.Random(3), [12, 9, 4])
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (23, 12), dtype=np.uint8)
    labels = rng.integers(0, 4, 23, dtype=np.uint8)
    measured = accuracy_by_timestep(network, images, labels, timesteps=6, seed=11)
    for timesteps in range(1, 7):
        result = run(network, encode(images, timesteps, 11))
        assert measured.accuracy[timesteps - 1] == np.mean(result.labels == labels)
    layers = (encode(images, 6, 11), *result.spikes)
    assert measured.spikes == pytest.approx([s.sum() / (23 * 6) for s in layers])


@pytest.mark.parametrize("count", [0, 2])
def test_accuracy_needs_as_many_labels(count):
    network = _network(random.Random(3), [12, 4])
    images = np.zeros((count, 12), np.uint8)
    with pytest.raises(BadInput, match="images and labels must be as many"):
        accuracy_by_timestep(network, images, np.zeros(count // 2), timesteps=1, seed=0)


@pytest.mark.parametrize("timesteps", [0, 256])
def test_accuracy_needs_timesteps_in_range(timesteps):
    network = _network(random.Random(3), [12, 4])
    images = np.zeros((2, 12), np.uint8)
    with pytest.raises(BadInput, match="timesteps must be from 1 to 255"):
        accuracy_by_timestep(network, images, np.zeros(2), timesteps=timesteps, seed=0)
