"""Weight files: a network's parameters in ``NAME.npz`` and its card in ``NAME.json`` beside it.

The archive holds, for each layer k from 1: ``weights_k`` and ``bias_k``, uint8 of packed two-bit
codes (see `models.network.codes`), and ``constants_k``, int32 of a, b and threshold. The shapes are
the card's ``sizes``. Nothing in it is ever unpickled, and the same parameters give the same bytes.
"""

import dataclasses
import zipfile
from pathlib import Path

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network import codes, weight_file
from trispike.models.network.card import Card, digest
from trispike.models.network.description import LayerParameters, LayerShape, Network
from trispike.models.network.weight_file import card_path, member

__all__ = ["DEFAULT_RECIPE", "card_path", "committed", "load", "save"]

_FOLDER = Path(__file__).parents[1] / "weights"

DEFAULT_RECIPE = "trispike"
"""The recipe whose weights a network runs with unless told otherwise."""


def committed(layer: str, data: str, recipe: str = DEFAULT_RECIPE) -> Path:
    """Where the weights that come with Trispike for a network and a data set are, or would be.

    ``recipe`` is the name of the training recipe; that of `DEFAULT_RECIPE` is not in the file name.
    """
    suffix = "" if recipe == DEFAULT_RECIPE else f"-{recipe}"
    return _FOLDER / f"{layer}-{data}{suffix}.npz"


def _arrays(network: Network) -> dict[str, np.ndarray]:
    arrays = {}
    for k, layer in enumerate(network.layers, 1):
        arrays[f"weights_{k}"] = codes.pack(layer.weights)
        arrays[f"bias_{k}"] = codes.pack(layer.bias)
        constants = (layer.a, layer.b, layer.threshold)
        arrays[f"constants_{k}"] = np.array(constants, dtype=np.int32)
    return arrays


def save(path: Path, network: Network, card: Card) -> None:
    """Write ``network`` to ``path`` (NAME.npz) and ``card``, with its digest, to NAME.json.

    Each file appears whole or not at all; an old one beside a new one is refused by `load`.
    `BadInput` if the card is of another network or the files cannot be written.
    """
    card = dataclasses.replace(card, digest=digest(network))
    weight_file.save(path, network, card, _arrays(network))


def load(path: Path) -> tuple[Network, Card]:
    """The network in the weight file ``path`` and its card.

    `BadInput`, naming the file, if either is missing, damaged or out of range, or if they do not
    belong together.
    """
    layers, card = weight_file.load(path, ("weights", "bias", "constants"), _layer)
    network = Network(name=card.name, layers=layers)
    weight_file.check_digest(path, card, digest(network))
    return network, card


def _layer(archive: zipfile.ZipFile, k: int, shape: LayerShape) -> LayerParameters:
    weights = member(
        archive, f"weights_{k}", np.uint8, codes.packed_size(shape.inputs * shape.neurons)
    )
    bias = member(archive, f"bias_{k}", np.uint8, codes.packed_size(shape.neurons))
    a, b, threshold = member(archive, f"constants_{k}", np.int32, 3).tolist()
    try:
        return LayerParameters(
            weights=codes.unpack(weights, (shape.inputs, shape.neurons), f"weights_{k}"),
            bias=codes.unpack(bias, (shape.neurons,), f"bias_{k}"),
            a=a,
            b=b,
            threshold=threshold,
        )
    except BadInput as error:
        raise BadInput(f"layer {k}: {error}") from None
