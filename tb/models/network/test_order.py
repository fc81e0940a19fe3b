"""An order of inputs: what there can be, and that weight files keep it."""

import dataclasses
import json

import numpy as np
import pytest

from tb.kit.networks import random_network
from tb.kit.weight_files import saved, tiny_card, tiny_network
from trispike import golden
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import digest
from trispike.models.network.layers import Dense
from trispike.models.network.order import Order
from trispike.models.network.shape import Encoder, Input, NetworkShape
from trispike.models.network.volume import Volume

_ORDER = Order(values=(3, 1, 4, 0, 1, 2, 3), lanes=2)


def _ordered(network, order):
    first, *others = network.layers
    first = dataclasses.replace(first, weights=first.weights[list(order.values)])
    return dataclasses.replace(network, layers=(first, *others), order=order)


def test_twins():
    assert _ORDER.size == 5
    assert _ORDER.first.tolist() == [3, 1, 5, 0, 2]
    assert _ORDER.twins == [(1, 4), (0, 6)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Order(values=(0, 2)), "each value from 0 on once or twice, not be (0, 2)"),
        (lambda: Order(values=(1, 0, 1, 1)), "once or twice, not be (1, 0, 1, 1)"),
        (lambda: Order(values=(-1, 0)), "once or twice, not be (-1, 0)"),
        (lambda: Order(values=()), "once or twice, not be ()"),
        (lambda: Order(values=(1, 0), lanes=3), "lanes must be one of 1, 2, 4, 8, not 3"),
        (
            lambda: Input(volume=Volume(channels=4), order=_ORDER),
            "must be of 5 values without maps, not of 4 inputs",
        ),
        (
            lambda: Input(volume=Volume(channels=5, height=1, width=5), order=_ORDER),
            "without maps, not of maps of 5x1x5",
        ),
        (
            lambda: Input(volume=Volume(channels=5), order=_ORDER, encoder=Encoder.DIRECT),
            "an order of pixels must name each once",
        ),
        (
            lambda: NetworkShape.of("net", (Dense(inputs=6, neurons=2),), order=_ORDER),
            "layer 1 must take 7 inputs, as the images have, not 6 inputs",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(BadInput) as caught:
        make()
    assert message in str(caught.value)


def test_the_usual_order_is_none():
    plain = tiny_network()
    same = dataclasses.replace(plain, order=Order(values=tuple(range(5)), lanes=2))
    assert same.order is None
    assert same.shape == plain.shape
    assert digest(same) == digest(plain)


def test_round_trip(tmp_path):
    """File and card keep it; a card of another order is not the file's."""
    network = _ordered(tiny_network(), _ORDER)
    card = tiny_card(network)
    path = tmp_path / "tiny.npz"
    weights.save(path, network, card)
    loaded, own = weights.load(path)
    assert loaded.order == own.shape.input.order == _ORDER
    assert loaded.shape.sizes == (7, 3, 2)
    assert str(loaded.shape) == "7-3-2"
    assert np.array_equal(loaded.layers[0].weights, network.layers[0].weights)
    place = weights.card_path(path)
    fields = json.loads(place.read_text())
    for change in ({"lanes": 4}, {"values": [1, 3, 4, 0, 1, 2, 3]}):
        changed = json.loads(place.read_text())
        changed["network"]["input"]["order"].update(change)
        place.write_text(json.dumps(changed))
        with pytest.raises(BadInput, match=r"does not belong to tiny\.json: digest"):
            weights.load(path)
        place.write_text(json.dumps(fields))


def test_a_card_without_one_says_nothing_of_it(tmp_path):
    fields = json.loads(weights.card_path(saved(tmp_path)).read_text())
    assert list(fields["network"]["input"]) == ["volume", "encoder"]


def test_unordered():
    """Back to the inputs that are the data, with the same weights and potentials."""
    plain = random_network((5, 9, 3), 1)
    back = _ordered(plain, _ORDER).unordered
    assert back.shape == plain.shape
    assert plain.unordered is plain
    spikes = np.random.default_rng(2).random((4, 3, 5)) < 0.5
    one, other = golden.run(plain, spikes), golden.run(back, spikes)
    assert all(map(np.array_equal, one.potentials, other.potentials))
