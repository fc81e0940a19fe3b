"""A network in another order does the same; where the order is not kept, that is seen."""

import dataclasses

import numpy as np
import pytest

from tb.kit.networks import random_network, random_network_of, random_neurons, save
from trispike import golden
from trispike.models.data import encoders
from trispike.models.data.encoders import encode
from trispike.models.network.layers import Dense, Threshold
from trispike.models.network.numbers import POTENTIAL_MAX
from trispike.models.network.order import Order
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.stimulus import Encoding, Given
from trispike.sim.order.ordering import Ordering, usual
from trispike.sim.tools.cached_verilog import chip_verilog


def _random_order(network, seed, twins=True) -> Ordering:
    rng = np.random.default_rng(seed)
    inputs = network.shape.input.volume.size
    values = rng.permutation(inputs)
    first = network.layers[0]
    if twins and network.encoder is not Encoder.DIRECT:
        room = POTENTIAL_MAX >> (first.neuron.phases - 1)
        most = (room - int(np.abs(first.biases).max())) // max(1, first.a) - inputs
        values = np.append(values, rng.permutation(inputs)[: rng.integers(min(inputs, most) + 1)])
    order = Order(values=tuple(values.tolist()), lanes=int(rng.choice([1, 2, 4, 8])))
    hidden = network.shape.sizes[1:-1]
    return Ordering(network=network, order=order, neurons=tuple(rng.permutation(n) for n in hidden))


def _images(network, count=5):
    rng = np.random.default_rng(9)
    return rng.integers(0, 256, (count, network.shape.input.volume.size), dtype=np.uint8)


def _difference(ordering, timesteps=6):
    images = _images(ordering.network)
    both = (ordering.network, ordering.ordered)
    results = (golden.run(each, encode(each.shape, images, timesteps, 3)) for each in both)
    return ordering.difference(*results)


def test_random_networks():
    """Neurons and fields of every kind, and an order of what has one already."""
    twins = 0
    for seed in range(60):
        network = random_network_of(random_neurons(seed), seed)
        network = dataclasses.replace(network, skip=0)
        ordering = _random_order(network, seed)
        assert _difference(ordering) is None, seed
        again = _random_order(ordering.ordered, seed + 1)
        assert _difference(again) is None, seed
        assert again.ordered.unordered.shape == network.shape
        twins += len(again.order.twins)
    assert twins > 300


def test_changes():
    network = random_network((9, 8, 3), 0)
    ordering = _random_order(network, 1)
    assert ordering.changes
    ordered = ordering.ordered
    same = Ordering(network=ordered, order=usual(ordered), neurons=(np.arange(8),))
    assert not same.changes
    assert not Ordering(network=network, order=usual(network), neurons=(np.arange(8),)).changes


def _as_the_data(order, values):
    return values


def _both_spike(order, values):
    return values[..., list(order.values)]


@pytest.mark.parametrize(("wrong", "twins"), [(_as_the_data, False), (_both_spike, True)])
def test_a_wrong_order_of_inputs_is_seen(wrong, twins, monkeypatch):
    """Weights in another order, and inputs that are not, or of which both spike."""
    ordering = _random_order(random_network((40, 24, 10), 2), 3, twins)
    assert _difference(ordering) is None
    monkeypatch.setattr(encoders, "_ordered", wrong)
    assert _difference(ordering) == "spikes of layer 1"


def test_wrong_neurons_are_seen():
    ordering = _random_order(random_network((40, 24, 10), 2), 3)
    ordered = ordering.ordered
    first, last = ordered.layers
    last = dataclasses.replace(last, weights=np.roll(last.weights, 1, axis=0))
    wrong = dataclasses.replace(ordered, layers=(first, last))
    images = _images(ordered)
    results = [
        golden.run(each, encode(each.shape, images, 4, 3)) for each in (ordering.network, wrong)
    ]
    assert ordering.difference(*results) == "spikes of layer 2"


def test_the_order_is_no_hardware():
    """Without second inputs: the same Verilog."""
    network = random_network((24, 12, 3), 4)
    ordered = _random_order(network, 4, twins=False).ordered
    both = (chip_verilog(each.shape.with_lanes(4)) for each in (network, ordered))
    assert len(set(map(str, both))) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("lanes", [2, 8])
def test_rtl(lanes, tmp_path):
    """The RTL of random networks in a random order gives what the golden model says of them."""
    layers = (Dense(inputs=40, neurons=24), Dense(inputs=24, neurons=10, threshold=Threshold.NONE))
    shape = NetworkShape.of("random", layers, ReadOut.POTENTIAL)
    plain = [random_network_of(shape, seed) for seed in range(2)]
    ordered = [_random_order(network, 5).ordered for network in plain]
    assert ordered[0].shape == ordered[1].shape
    assert len(ordered[0].order.twins) > 5
    model = cosimulation.chip_model(ordered[0], lanes=lanes, optimise=False)
    images = _images(plain[0], 60)
    for network, other in zip(plain, ordered, strict=True):
        expected = golden.run(network, encode(network.shape, images, 3, 7))
        stimulus = Encoding.of(other.shape, images, 3, 7, tmp_path)
        in_data_order = np.zeros((60, 3, len(other.order.values)), dtype=bool)
        in_data_order[..., :40] = encode(network.shape, images, 3, 7)
        labels = []
        for each in (stimulus, Given(in_data_order)):
            found = cosimulation.run(
                save(other, tmp_path), each, range(60), tmp_path, lanes=lanes, model=model
            )
            (outcome,) = found.outcomes
            assert outcome.first is None
            labels.append(outcome.labels.tolist())
        assert labels[0] == expected.labels.tolist() != labels[1]
