"""Neurons said never to fire do not, and of the simpler ones all are found."""

import random

import numpy as np
import pytest

from tb.kit.networks import random_network_of, random_neurons
from trispike.golden.model import run_layer
from trispike.models.network.numbers import MAX_TIMESTEPS, PIXEL_MAX
from trispike.sim.prune.silence import highest_decayed, never_fires


def _fires(layer, neuron, may_spike):
    """Whether ``neuron`` ever fires as its positive inputs always spike, by the golden model."""
    spikes = (layer.weights[:, neuron] == 1) & may_spike
    values = spikes * np.uint8(PIXEL_MAX) if layer.shape.pixels else spikes
    return run_layer(layer, np.tile(values, (1, MAX_TIMESTEPS, 1))).spikes[..., neuron].any()


def _is_simple(neuron):
    return len(neuron.leak) <= 1 and len(neuron.synapse) <= 1


def _hidden(seed):
    shape = random_neurons(seed)
    return [layer for layer in random_network_of(shape, seed).layers if layer.threshold is not None]


@pytest.mark.thorough
def test_against_the_golden_model():
    """The input that lifts a neuron most: it fires, or is said never to, and no third."""
    said = {True: 0, False: 0}
    layers = [(seed, layer) for seed in range(60) for layer in _hidden(seed)]
    for seed, layer in layers:
        may_spike = np.random.default_rng(seed).random(layer.shape.inputs) < 0.8
        never = never_fires(layer, may_spike)
        for neuron in range(0, layer.shape.neurons, 1 + layer.shape.neurons // 4):
            fires = _fires(layer, neuron, may_spike)
            assert not (never[neuron] and fires), (seed, layer.shape, neuron)
            if _is_simple(layer.neuron):
                assert never[neuron] or fires, (seed, layer.shape, neuron)
            said[bool(never[neuron])] += 1
    assert min(said.values()) > 20


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_highest_decayed(count):
    """No smaller value ends above it; with one shift or none it is reached."""
    rng = random.Random(count)
    values = np.arange(-3000, 3000)
    for _ in range(20):
        shifts = tuple(sorted(rng.sample(range(1, 18), count)))
        decayed = values - sum((values >> k for k in shifts), start=np.zeros_like(values))
        highest = np.maximum.accumulate(decayed)
        bound = highest_decayed(values, shifts)
        assert (bound >= highest).all()
        assert (bound - highest <= 2 * count).all()
        if count <= 1:
            assert (bound == highest).all()


def test_more_than_all_decays():
    """Shifts that take more than there is: nothing is said of what is left."""
    assert (highest_decayed(np.array([-100, 0, 100]), (1, 1, 1)) >= 100).all()
