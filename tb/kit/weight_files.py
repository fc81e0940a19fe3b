"""Small networks and their weight files, for tests of these."""

import dataclasses
import itertools

import numpy as np

from trispike.models.network import weights
from trispike.models.network.card import Card, Measured
from trispike.models.network.origin import Trained
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import ReadOut


def tiny_network(seed: int = 0, sizes=(5, 3, 2)) -> Network:
    """A network of 5-3-2, or of other ``sizes``, with random parameters."""
    rng = np.random.default_rng(seed)
    layers = tuple(
        LayerParameters(
            weights=rng.integers(-1, 2, (inputs, neurons)),
            bias=rng.integers(-1, 2, neurons),
            a=int(rng.integers(128)),
            b=int(rng.integers(128)),
            threshold=int(rng.integers(-(1 << 17), 1 << 17)),
        )
        for inputs, neurons in itertools.pairwise(sizes)
    )
    return Network(name="tiny", layers=layers)


def tiny_card(network: Network, **changes) -> Card:
    """A card of ``network`` as a training writes it, with ``changes``."""
    card = Card(
        shape=network.shape,
        origin=Trained(
            data="digits",
            data_sha256={"images": "ab" * 32},
            recipe={"name": "by-hand", "beta": 0.01},
            seed=1,
            epochs=2,
            threads=1,
        ),
        measured=Measured(
            test_seed=3,
            held_out_accuracy=(0.25, 0.5),
            accuracy=(0.5, 0.75),
            spikes=(2.0, 1.0, 0.5),
            operations=1.5,
            zeros=(0.25, 0.5),
        ),
    )
    return dataclasses.replace(card, **changes)


def rich_network() -> Network:
    """Thresholds and biases of each neuron, and a last layer that never fires."""
    rng = np.random.default_rng(5)
    hidden = LayerParameters(
        weights=rng.integers(-1, 2, (5, 3)),
        bias=rng.integers(-4000, 4000, 3),
        a=3,
        b=None,
        threshold=rng.integers(-9, 9, 3),
    )
    last = LayerParameters(
        weights=rng.integers(-1, 2, (3, 2)), bias=np.array([1, -1]), a=2, b=7, threshold=None
    )
    return Network(name="tiny", layers=(hidden, last), read_out=ReadOut.POTENTIAL)


def saved(folder, network=None):
    """Path of the weight file of ``network``, or of `tiny_network`, in ``folder``."""
    path = folder / "tiny-digits.npz"
    network = network or tiny_network()
    weights.save(path, network, tiny_card(network))
    return path


def assert_same(one: Network, other: Network):
    """Both networks have the same parameters."""
    assert one.name == other.name
    assert one.shape == other.shape
    for k, (left, right) in enumerate(zip(one.layers, other.layers, strict=True)):
        assert np.array_equal(left.weights, right.weights), k
        assert np.array_equal(left.bias, right.bias), k
        assert (left.a, left.b) == (right.a, right.b), k
        assert np.array_equal(left.threshold, right.threshold), k


def one_line(caught) -> str:
    """The message of a caught error, which must be one line."""
    message = str(caught.value)
    assert "\n" not in message
    return message
