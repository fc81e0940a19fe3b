"""Random networks, spike densities from 0 to 1: RTL, golden model and cycle model agree."""

from pathlib import Path

import numpy as np
import pytest

from tb.kit.networks import (
    random_convolutions,
    random_network,
    random_network_of,
    random_neurons,
    random_shape,
    save,
    spread,
)
from trispike import golden
from trispike.golden.layers.convolution import windows
from trispike.models.network.numbers import CONSTANT_MAX, MAX_TIMESTEPS, POTENTIAL_MAX
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import ReadOut
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.modelled import model_run
from trispike.sim.cosim.stimulus import Given

CASES = [
    pytest.param((40, 24, 10), 1, 3, id="three-timesteps"),
    pytest.param((1, 1, 1), 1, 1, id="smallest"),
    pytest.param((30, 130, 70, 3), 1, 2, id="partial-banks"),
    pytest.param((33, 9, 100, 5, 2), 1, 1, id="slow-layer-late"),
    pytest.param((41, 24, 3, 10), 2, 3, id="two-lanes"),
    pytest.param((30, 66, 9, 3), 4, 2, id="four-lanes"),
    pytest.param((50, 9, 20, 3, 2), 8, 1, id="eight-lanes"),
]


def _spikes(inputs: int, images: int, timesteps: int, seed: int) -> np.ndarray:
    """Spikes whose density differs a lot between timesteps: none, all, and all between."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0, 0.02, 0.1, 0.3, 0.7, 1], size=(images, timesteps, 1))
    return rng.random((images, timesteps, inputs)) < density


def seen(layer: LayerParameters, inputs: np.ndarray) -> np.ndarray:
    """What the PEs of ``layer`` look at: its inputs, or every window of them."""
    return windows(layer.maps, inputs) if layer.maps else inputs


def _agree(
    networks: list[Network],
    lanes: int | tuple[int, ...],
    timesteps: int,
    tmp_path: Path,
    count: int = 120,
) -> None:
    """Run networks of one shape on one build: weights are data."""
    model = cosimulation.chip_model(networks[0], lanes=lanes, optimise=False)
    for seed, network in enumerate(networks):
        spikes = _spikes(network.shape.sizes[0], count, timesteps, seed)
        if network.shape.layers[0].pixels:
            spikes = spikes * np.random.default_rng(seed).integers(0, 256, spikes.shape, np.uint8)
        images = range(len(spikes))
        if network.shape.stops and seed:
            network = spread(network, spikes[:20])
        weight_file = save(network, tmp_path)
        found = cosimulation.run(
            weight_file, Given(spikes), images, tmp_path / "run", lanes=lanes, model=model
        )
        (outcome,) = found.outcomes
        assert outcome.first is None
        assert not any(outcome.mismatches.values())
        assert len(outcome.labels) == count
        said = model_run(network, network.shape.with_lanes(lanes), Given(spikes), images)
        for field in set(vars(said)) - {"mismatches", "cycles", "seconds"}:
            assert np.array_equal(getattr(said, field), getattr(outcome, field)), field
        result = golden.run(network, spikes, keep_potentials=False)
        assert outcome.decided.tolist() == result.decided.tolist()
        assert (outcome.begun >= outcome.decided).all()
        begun = np.arange(timesteps) < outcome.begun[..., np.newaxis]
        layers = zip(network.layers, (spikes, *result.spikes[:-1]), begun, strict=True)
        met = (
            (seen(layer, inputs[taken] != 0).astype(int) @ (layer.weights != 0)).sum()
            for layer, inputs, taken in layers
        )
        assert outcome.operations == tuple(met)
        given = np.count_nonzero(spikes, axis=2) * begun[0]
        assert outcome.spikes[0].tolist() == given.reshape(-1).tolist()


@pytest.mark.thorough
@pytest.mark.parametrize(("sizes", "lanes", "timesteps"), CASES)
def test_random_networks(sizes, lanes, timesteps, tmp_path):
    _agree([random_network(sizes, seed) for seed in range(4)], lanes, timesteps, tmp_path)


@pytest.mark.thorough
def test_parameters_a_neuron(shape_seed, tmp_path):
    """Thresholds and biases a neuron, POTENTIAL read-out, any lanes."""
    shape = random_shape(shape_seed)
    networks = [random_network_of(shape, 4 * shape_seed + k) for k in range(4)]
    assert networks[0].shape.with_lanes(shape.lanes) == shape
    _agree(networks, shape.lanes, 1 + shape_seed % 4, tmp_path)


def test_neurons(shape_seed, tmp_path):
    """Every kind of neuron, saturating ones too, any read-out and lanes, pixels and spikes."""
    shape = random_neurons(shape_seed)
    networks = [random_network_of(shape, 4 * shape_seed + k) for k in range(4)]
    assert networks[0].shape.with_lanes(shape.lanes) == shape
    skip = max(network.skip for network in networks)
    timesteps = 1 + skip + shape_seed % 9 + 8 * shape.stops
    _agree(networks, shape.lanes, timesteps, tmp_path)


@pytest.mark.thorough
def test_convolutions(shape_seed, tmp_path):
    """Kernels, strides, paddings, pools, neurons and lanes of every kind, pixels and spikes."""
    shape = random_convolutions(shape_seed)
    networks = [random_network_of(shape, 4 * shape_seed + k) for k in range(4)]
    lanes = tuple(layer.lanes for layer in shape.layers)
    assert networks[0].shape.with_lanes(lanes) == shape
    timesteps = 1 + max(network.skip for network in networks) + shape_seed % 5
    slowest = max(layer.firings * (2 + layer.inputs // layer.lanes) for layer in shape.layers)
    images = max(3, min(120, 100_000 // (slowest * timesteps)))
    _agree(networks, lanes, timesteps, tmp_path, images)


@pytest.mark.thorough
@pytest.mark.parametrize("lanes", [1, 8])
def test_corners_of_the_potential(lanes, tmp_path):
    """Output neurons reach -(2**17 - 1) and 2**17 - 1 at each timestep, and add up 255 of them."""
    inputs = 1024
    signs = np.tile(np.array([[1, -1]]), (inputs, 1))
    bias = np.array([1, -1]) * (POTENTIAL_MAX - CONSTANT_MAX * inputs)
    layer = LayerParameters(weights=signs, bias=bias, a=CONSTANT_MAX, b=None, threshold=None)
    network = Network(name="corners", layers=(layer,), read_out=ReadOut.POTENTIAL)
    spikes = np.ones((2, MAX_TIMESTEPS, inputs), dtype=bool)
    result = golden.run(network, spikes)
    assert result.potentials[0].tolist() == [[[POTENTIAL_MAX, -POTENTIAL_MAX]] * 255] * 2
    assert result.scores.tolist() == [[255 * POTENTIAL_MAX, -255 * POTENTIAL_MAX]] * 2
    found = cosimulation.run(
        save(network, tmp_path), Given(spikes), range(2), tmp_path / "run", lanes=lanes
    )
    assert not any(found.outcomes[0].mismatches.values())
    assert found.outcomes[0].labels.tolist() == [0, 0]
