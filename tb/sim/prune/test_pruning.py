"""What is pruned changes nothing that is left."""

import dataclasses

import numpy as np
import pytest

from tb.kit.networks import random_convolutions, random_network_of, random_neurons
from trispike import golden
from trispike.models.network.layers import Threshold
from trispike.models.network.numbers import PIXEL_MAX, POTENTIAL_MAX
from trispike.models.network.order import Order
from trispike.models.network.parameters import LayerParameters, Network
from trispike.sim.prune.pruning import inputs_of, prune, zeros


def _with_dead(network, rng):
    """``network`` with hidden neurons whose threshold no potential exceeds, and unread ones."""
    layers = list(network.layers)
    for k, layer in enumerate(layers[:-1]):
        count = layer.shape.neurons
        if layer.shape.threshold is Threshold.EACH:
            out_of_reach = POTENTIAL_MAX >> (layer.neuron.phases - 1)
            threshold = np.where(rng.random(count) < 0.3, out_of_reach, layer.threshold)
            layers[k] = dataclasses.replace(layer, threshold=threshold)
        reader = layers[k + 1]
        read = inputs_of(reader, rng.random(count) < 0.8)
        weights = reader.weights * read[:, np.newaxis]
        layers[k + 1] = dataclasses.replace(reader, weights=weights)
    return dataclasses.replace(network, layers=tuple(layers))


def _compare(network, rng):
    """Compare with the pruned network on random inputs; how many were silent, and unread."""
    found = prune(network)
    shape = (3, 6, network.shape.layers[0].volume.size)
    pixels = network.shape.layers[0].pixels
    spikes = rng.integers(0, PIXEL_MAX + 1, shape, np.uint8) if pixels else rng.random(shape) < 0.4
    whole, pruned = golden.run(network, spikes), golden.run(found.pruned, spikes)
    assert found.difference(whole, pruned) is None
    for spikes, silent in zip(whole.spikes[:-1], found.silent, strict=True):
        assert not spikes.reshape(*spikes.shape[:2], len(silent), -1)[:, :, silent].any()
    return [sum(int(each.sum()) for each in masks) for masks in (found.silent, found.unread)]


@pytest.mark.parametrize("shapes", [random_neurons, random_convolutions])
def test_random_networks(shapes):
    """Dense layers and maps, of every neuron: the rest does the same, bit for bit."""
    counts = np.zeros(2, dtype=int)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        network = random_network_of(shapes(seed), seed)
        network = dataclasses.replace(network, skip=0, stability=None)
        counts += _compare(_with_dead(network, rng), rng)
    assert (counts > 50).all()


def _dense(weights, threshold):
    weights = np.array(weights, dtype=np.int8)
    bias = np.zeros(weights.shape[1], dtype=np.int8)
    return LayerParameters(weights=weights, bias=bias, a=10, b=1, threshold=threshold)


def test_by_hand():
    """One never fires, so that one behind it never does; one is read only by that."""
    first = _dense([[1, 1, 1], [1, 0, 0], [-1, 1, -1]], threshold=10)  # the last reaches 10
    second = _dense([[1, 0], [0, 1], [1, 1]], threshold=15)  # each needs two inputs
    last = _dense([[1, 1], [1, -1]], threshold=5)
    network = Network(name="hand", layers=(first, second, last))
    found = prune(network)
    assert [mask.tolist() for mask in found.silent] == [[False, False, True], [True, True]]
    assert [mask.tolist() for mask in found.unread] == [[True, True, False], [False, False]]
    assert found.pruned.shape.sizes == (3, 1, 1, 2)  # a layer keeps one


def test_an_order_of_inputs_is_kept():
    first = _dense([[1, -1], [1, 1], [1, -1]], threshold=10)
    order = Order(values=(1, 0, 1), lanes=2)
    layers = (first, _dense([[1], [0]], threshold=5))
    found = prune(Network(name="hand", layers=layers, order=order)).pruned
    assert found.shape.sizes == (3, 1, 1)
    assert found.order == order


def test_nothing_to_prune():
    """A network all of whose neurons fire and are read stays as it is."""
    first = _dense([[1, -1], [1, 1]], threshold=5)
    network = Network(name="all", layers=(first, _dense([[1], [-1]], threshold=5)))
    found = prune(network)
    assert not any(mask.any() for mask in (*found.silent, *found.unread))
    assert found.pruned.shape == network.shape


def test_zeros():
    """Rows, and words of 64 neurons, without a weight."""
    weights = np.zeros((5, 70), dtype=np.int8)
    weights[0, 0], weights[1, 69], weights[2, 3:66] = 1, -1, 1
    found = zeros(_dense(weights, threshold=5))
    assert (found.neurons, found.rows, found.empty_rows) == (70, 5, 2)
    assert (found.words, found.empty_words) == (10, 6)
    assert found.weights == pytest.approx(1 - 65 / 350)
