"""Networks for tests: some that no training made, and why trained ones may have to wait."""

import itertools
import random
from pathlib import Path

import numpy as np

from tb.kit.oracles import random_layer
from trispike.models.data import datasets
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.layers import Bias, Dense, Threshold
from trispike.models.network.numbers import LANES
from trispike.models.network.origin import Made, Trained
from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.models.network.shape import NetworkShape, ReadOut

NO_MNIST = (
    "MNIST is not part of the repository: name a folder with its files by "
    f"{datasets.FOLDER_VARIABLE} to run this test"
)
"""Reason of a skip."""


def random_network(sizes: tuple[int, ...], seed: int, name: str = "random") -> Network:
    """A random network of the seed's neurons in layers of ``sizes``, the same for the same seed."""
    return random_network_of(NetworkShape.dense(name=name, sizes=sizes), seed)


def random_network_of(shape: NetworkShape, seed: int) -> Network:
    """A random network of ``shape``, the same for the same seed."""
    rng = random.Random(seed)
    layers = tuple(random_layer(rng, layer) for layer in shape.layers)
    return Network(name=shape.name, layers=layers, read_out=shape.read_out)


def random_shape(seed: int) -> NetworkShape:
    """One to four layers and any lanes; mostly with thresholds, biases and potentials of their own.

    Of each three seeds two have POTENTIAL as read-out.
    """
    rng = random.Random(f"shape {seed}")
    sizes = [rng.choice([1, 2, 9, 30, 66, 130]) for _ in range(rng.randint(1, 4))]
    sizes.append(rng.choice([1, 2, 3, 10, 17]))
    read_out = ReadOut.POTENTIAL if seed % 3 else ReadOut.COUNT
    layers = []
    for k, (inputs, neurons) in enumerate(itertools.pairwise(sizes), 2):
        silent = k == len(sizes) and read_out is ReadOut.POTENTIAL
        each = rng.choice([Threshold.EACH, Threshold.EACH, Threshold.ONE])
        layers.append(
            Dense(
                inputs=inputs,
                neurons=neurons,
                threshold=Threshold.NONE if silent else each,
                bias=rng.choice([Bias.EACH, Bias.EACH, Bias.TERNARY]),
            )
        )
    return NetworkShape.of("random", tuple(layers), read_out).with_lanes(rng.choice(LANES))


def save(network: Network, folder: Path) -> Path:
    """Weight file of ``network`` in ``folder``, with a card that claims nothing."""
    path = folder / f"{network.name}.npz"
    card = Card(shape=network.shape, origin=Made(how="random, for a test"))
    weights.save(path, network, card)
    return path


def real_network(sizes, seed: int, name: str = "real") -> RealNetwork:
    """Weights in eighths, whose sums float32 holds exactly in any order."""
    rng = np.random.default_rng(seed)
    layers = tuple(
        RealLayer(
            weights=rng.integers(-9, 10, (inputs, neurons)) / 8.0,
            bias=rng.integers(-9, 10, neurons) / 8.0,
            threshold=float(rng.integers(-3, 4)),
        )
        for inputs, neurons in itertools.pairwise(sizes)
    )
    return RealNetwork(name=name, layers=layers)


def card_of(network, data="digits") -> Card:
    """A card for ``network`` that claims nothing but its data set."""
    origin = Trained(
        data=data, data_sha256={}, recipe={"name": "random"}, seed=0, epochs=0, threads=1
    )
    return Card(shape=network.shape, origin=origin)
