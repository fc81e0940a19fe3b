"""Networks of 32-bit weights and their files: what was saved comes back, damage is one line."""

import dataclasses
import random

import numpy as np
import pytest

from tb.kit.networks import card_of, random_network, real_network, save
from trispike.models.errors import BadInput
from trispike.models.network import real_weights, weights
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.models.network.shape import NetworkShape


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.zeros(3)}, "weights must be a 2-dimensional array of real numbers"),
        ({"weights": np.zeros((3, 2), int)}, "weights must be a 2-dimensional array of real"),
        ({"weights": np.full((3, 2), np.nan)}, "weights must be finite"),
        ({"weights": np.full((3, 2), 1e39)}, "weights must be finite"),
        ({"weights": np.zeros((8193, 2))}, "layer inputs must be an integer from 1 to 8192"),
        ({"bias": np.array([0.0, np.inf])}, "bias must be finite"),
        ({"bias": np.zeros(3)}, "bias must have 2 values, not 3"),
        ({"threshold": np.nan}, "threshold must be finite"),
        ({"threshold": 1e39}, "threshold must be finite"),
        ({"threshold": True}, "threshold must be a number, not True"),
        ({"threshold": "1"}, "threshold must be a number, not '1'"),
    ],
)
def test_bad_real_layer(change, message):
    good = {"weights": np.zeros((3, 2)), "bias": np.zeros(2), "threshold": 1.0}
    RealLayer(**good)
    with pytest.raises(BadInput, match=message):
        RealLayer(**{**good, **change})


def test_real_network_is_a_chain():
    network = real_network((5, 3, 2), 0)
    assert network.shape.sizes == (5, 3, 2)
    assert network.layers[0].weights.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        network.layers[0].weights[0, 0] = 1
    with pytest.raises(BadInput, match="layer 2 must take 3 inputs, as layer 1 gives, not 5"):
        RealNetwork(name="x", layers=(network.layers[0], network.layers[0]))
    with pytest.raises(BadInput, match="1 to 512 layers, not 0"):
        RealNetwork(name="x", layers=())


def test_real_weights_come_back(tmp_path):
    """Bit for bit, with the digest; the same network gives the same bytes."""
    rng = np.random.default_rng(0)
    layers = (
        RealLayer(weights=rng.normal(size=(5, 3)), bias=rng.normal(size=3), threshold=0.3),
        RealLayer(weights=rng.normal(size=(3, 2)), bias=rng.normal(size=2), threshold=1),
    )
    network = RealNetwork(name="tiny", layers=layers)
    path, card = tmp_path / "tiny.npz", card_of(network)
    real_weights.save(path, network, card)
    found, found_card = real_weights.load(path)
    assert found_card == dataclasses.replace(card, digest=real_weights.digest(network))
    assert found.name == "tiny"
    for one, other in zip(found.layers, layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.bias, other.bias)
        assert one.threshold == other.threshold == float(np.float32(other.threshold))
    first = path.read_bytes()
    real_weights.save(path, network, card)
    assert path.read_bytes() == first
    with pytest.raises(BadInput, match="must be of tiny 5-3-2, not of other 5-3-2"):
        real_weights.save(
            path,
            network,
            dataclasses.replace(card, shape=NetworkShape.dense(name="other", sizes=(5, 3, 2))),
        )


def test_damaged_real_weights(tmp_path):
    """A flipped bit anywhere is refused in one line that names the file, or changes nothing."""
    network = real_network((5, 3, 2), 0, "tiny")
    path = tmp_path / "tiny.npz"
    real_weights.save(path, network, card_of(network))
    whole, messages = path.read_bytes(), []
    rng = random.Random(3)
    for k in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[k] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            assert real_weights.digest(real_weights.load(path)[0]) == real_weights.digest(network)
        except BadInput as error:
            messages.append(str(error))
    assert all(str(path) in message and "\n" not in message for message in messages)
    assert len(messages) > len(whole) // 3 // 4
    path.write_bytes(whole[:-9])
    with pytest.raises(BadInput, match="damaged or cut short"):
        real_weights.load(path)
    other = real_network((5, 3, 2), 1, "tiny")
    real_weights.save(tmp_path / "other.npz", other, card_of(other))
    path.write_bytes((tmp_path / "other.npz").read_bytes())
    with pytest.raises(BadInput, match=r"tiny\.npz does not belong to tiny\.json: digest"):
        real_weights.load(path)


def test_ternary_file_is_no_real_one(tmp_path):
    """Nor the other way round."""
    path = save(random_network((5, 3), 0), tmp_path)
    with pytest.raises(BadInput, match=r"random\.npz"):
        real_weights.load(path)
    network = real_network((5, 3), 0, "tiny")
    real_weights.save(tmp_path / "tiny.npz", network, card_of(network))
    with pytest.raises(BadInput, match=r"tiny\.npz"):
        weights.load(tmp_path / "tiny.npz")
