"""Networks for tests: some that no training made, and why trained ones may have to wait."""

import dataclasses
import itertools
import random
from pathlib import Path

import numpy as np

from tb.kit.oracles import random_layer
from trispike.models.data import datasets
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.description import Network, NetworkShape
from trispike.models.network.real_network import RealLayer, RealNetwork

NO_MNIST = (
    "MNIST is not part of the repository: name a folder with its files by "
    f"{datasets.FOLDER_VARIABLE} to run this test"
)
"""Reason of a skip."""


def random_network(sizes: tuple[int, ...], seed: int, name: str = "random") -> Network:
    """A random network with layers of ``sizes``, the same for the same seed."""
    rng = random.Random(seed)
    layers = NetworkShape(name=name, sizes=sizes).layers
    made = tuple(random_layer(rng, layer.inputs, layer.neurons) for layer in layers)
    return Network(name=name, layers=made)


def save(network: Network, folder: Path) -> Path:
    """Weight file of ``network`` in ``folder``, with a card that claims nothing."""
    path = folder / f"{network.name}.npz"
    card = Card(
        name=network.name,
        sizes=network.shape.sizes,
        data="none",
        data_sha256={},
        recipe={"name": "random"},
        seed=0,
        epochs=0,
        threads=1,
        test_seed=0,
        held_out_accuracy=(),
        accuracy=(),
        spikes=(),
        operations=0.0,
        zeros=(),
    )
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


def card_of(network, folder, data="digits") -> Card:
    """A card for ``network`` that claims nothing but its data set."""
    save(random_network((1, 1), 0), folder)
    _, card = weights.load(folder / "random.npz")
    for suffix in (".npz", ".json"):
        (folder / f"random{suffix}").unlink()
    return dataclasses.replace(card, name=network.name, sizes=network.shape.sizes, data=data)
