"""Networks for tests: some that no training made, and why trained ones may have to wait."""

import random
from pathlib import Path

from models import datasets, weights
from models.card import Card
from models.network import Network, NetworkShape
from tb.oracles import random_layer

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
