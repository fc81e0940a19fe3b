"""Networks that no training made, for tests."""

from pathlib import Path

import numpy as np

from models import weights
from models.card import Card
from models.network import LayerParameters, LayerShape, Network, NetworkShape


def random_layer(shape: LayerShape, rng: np.random.Generator) -> LayerParameters:
    """A layer with random weights, biases and constants; about half of its neurons can fire."""
    a, b = int(rng.integers(1, 128)), int(rng.integers(0, 128))
    spread = max(1, int(a * shape.inputs**0.5 / 3))
    return LayerParameters(
        weights=rng.integers(-1, 2, (shape.inputs, shape.neurons)),
        bias=rng.integers(-1, 2, shape.neurons),
        a=a,
        b=b,
        threshold=int(rng.integers(-spread, spread + 1)),
    )


def random_network(sizes: tuple[int, ...], seed: int, name: str = "random") -> Network:
    """A random network with layers of ``sizes``, the same for the same seed."""
    rng = np.random.default_rng(seed)
    shape = NetworkShape(name=name, sizes=sizes)
    return Network(name=name, layers=tuple(random_layer(layer, rng) for layer in shape.layers))


def save(network: Network, folder: Path) -> Path:
    """Weight file of ``network`` in ``folder``, with a card that claims nothing."""
    path = folder / f"{network.name}.npz"
    card = Card(
        name=network.name,
        sizes=network.shape.sizes,
        data="none",
        recipe={"name": "random"},
        seed=0,
        epochs=0,
        test_seed=0,
        accuracy=(),
        spikes=(),
        zeros=(),
    )
    weights.save(path, network, card)
    return path
