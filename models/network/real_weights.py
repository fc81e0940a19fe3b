"""Weight files of real networks: ``NAME.npz`` and a card ``NAME.json``, as `models.network.weights`
has.

The archive holds, for each layer k from 1: ``weights_k``, float32 row by row, ``bias_k``, float32,
and ``threshold_k``, one float32.
"""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from trispike.models.network import weight_file
from trispike.models.network.card import Card
from trispike.models.network.layers import Dense
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.models.network.weight_file import Archive


def _arrays(network: RealNetwork) -> dict[str, np.ndarray]:
    arrays = {}
    for k, layer in enumerate(network.layers, 1):
        arrays[f"weights_{k}"] = layer.weights.ravel()
        arrays[f"bias_{k}"] = layer.bias
        arrays[f"threshold_{k}"] = np.array([layer.threshold], dtype=np.float32)
    return arrays


def digest(network: RealNetwork) -> str:
    """sha256 of a network's name and parameters, whatever container they are stored in."""
    total = hashlib.sha256(f"trispike-real-weights\n{network.name}\n{network.shape}\n".encode())
    for array in _arrays(network).values():
        total.update(array.astype("<f4").tobytes())
    return total.hexdigest()


def save(path: Path, network: RealNetwork, card: Card) -> None:
    """Write ``network`` to ``path`` (NAME.npz) and ``card``, with its digest, to NAME.json.

    As `models.network.weights.save`.
    """
    card = dataclasses.replace(card, digest=digest(network))
    weight_file.save(path, network, card, _arrays(network))


def load(path: Path) -> tuple[RealNetwork, Card]:
    """The network in the weight file ``path`` and its card.

    As `models.network.weights.load`.
    """
    layers, card = weight_file.load(path, _layer)
    network = RealNetwork(name=card.shape.name, layers=layers)
    weight_file.check_digest(path, card, digest(network))
    return network, card


def _layer(archive: Archive, k: int, shape: Dense) -> RealLayer:
    weights = archive.array(f"weights_{k}", np.float32, shape.inputs * shape.neurons)
    (threshold,) = archive.array(f"threshold_{k}", np.float32, 1).tolist()
    return RealLayer(
        weights=weights.reshape(shape.inputs, shape.neurons),
        bias=archive.array(f"bias_{k}", np.float32, shape.neurons),
        threshold=threshold,
    )
