"""Weight files: a network's parameters in ``NAME.npz`` and its card in ``NAME.json`` beside it.

The archive holds, for each layer k from 1: ``weights_k``, uint8 of packed two-bit codes (see
`models.network.codes`); for each field with a value a neuron ``NAME_k``, packed codes if it is
ternary, int32 otherwise; and ``constants_k``, int32 of the fields with one value. The shapes are
the card's. Nothing in it is ever unpickled, and the same parameters give the same bytes.
"""

import dataclasses
from pathlib import Path

import numpy as np

from trispike.models.network import codes, weight_file
from trispike.models.network.card import Card, digest
from trispike.models.network.layers import Layer
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.weight_file import Archive, card_path

__all__ = ["DEFAULT_RECIPE", "all_committed", "card_path", "committed", "load", "recipes", "save"]

_FOLDER = Path(__file__).parents[1] / "weights"

DEFAULT_RECIPE = "trispike"
"""The recipe whose weights a network runs with unless told otherwise."""


def committed(layer: str, data: str, recipe: str = DEFAULT_RECIPE) -> Path:
    """Where the weights that come with Trispike for a network and a data set are, or would be.

    ``recipe`` is the name of the training recipe; that of `DEFAULT_RECIPE` is not in the file name.
    """
    suffix = "" if recipe == DEFAULT_RECIPE else f"-{recipe}"
    return _FOLDER / f"{layer}-{data}{suffix}.npz"


def all_committed(data: str) -> list[Path]:
    """The weight files for a data set that come with Trispike, in the order of their names."""
    files = (*_FOLDER.glob(f"*-{data}.npz"), *_FOLDER.glob(f"*-{data}-*.npz"))
    return sorted(files)


def recipes(layer: str, data: str) -> list[str]:
    """Recipes of which weights of a network for a data set come with Trispike."""
    begin = f"{layer}-{data}"
    names = (path.stem.removeprefix(begin) for path in _FOLDER.glob(f"{begin}*.npz"))
    return sorted(name.removeprefix("-") or DEFAULT_RECIPE for name in names)


def _arrays(network: Network) -> dict[str, np.ndarray]:
    arrays = {}
    for k, layer in enumerate(network.layers, 1):
        arrays[f"weights_{k}"] = codes.pack(layer.weights)
        for field in layer.shape.neuron_fields:
            values = getattr(layer, field.name)
            arrays[f"{field.name}_{k}"] = codes.pack(values) if field.ternary else values
        constants = [getattr(layer, field.name) for field in layer.shape.layer_fields]
        arrays[f"constants_{k}"] = np.array(constants, dtype=np.int32)
    return arrays


def save(path: Path, network: Network, card: Card) -> None:
    """Write ``network`` to ``path`` (NAME.npz) and ``card``, with its digest, to NAME.json.

    Each file appears whole or not at all; an old one beside a new one is refused by `load`.
    `BadInput` if the card is of another network or the files cannot be written.
    """
    own = {"skip": network.skip, "stability": network.stability}
    card = dataclasses.replace(card, digest=digest(network), **own)
    weight_file.save(path, network, card, _arrays(network))


def load(path: Path) -> tuple[Network, Card]:
    """The network in the weight file ``path`` and its card.

    `BadInput`, naming the file, if either is missing, damaged or out of range, or if they do not
    belong together.
    """
    layers, card = weight_file.load(path, _layer)
    shape = card.shape
    network = Network(
        name=shape.name,
        layers=layers,
        read_out=shape.read_out,
        encoder=shape.input.encoder,
        groups=shape.groups,
        order=shape.input.order,
        skip=card.skip,
        stability=card.stability,
    )
    weight_file.check_digest(path, card, digest(network))
    return network, card


def _layer(archive: Archive, k: int, shape: Layer) -> LayerParameters:
    synapses = (shape.inputs, shape.neurons)
    packed = archive.array(
        f"weights_{k}", np.uint8, codes.packed_size(shape.inputs * shape.neurons)
    )
    constants = archive.array(f"constants_{k}", np.int32, len(shape.layer_fields)).tolist()
    fields = {field.name: v for field, v in zip(shape.layer_fields, constants, strict=True)}
    for field in shape.neuron_fields:
        name = f"{field.name}_{k}"
        if field.ternary:
            code = archive.array(name, np.uint8, codes.packed_size(shape.neurons))
            fields[field.name] = codes.unpack(code, (shape.neurons,), name)
        else:
            fields[field.name] = archive.array(name, np.int32, shape.neurons)
    return LayerParameters(
        weights=codes.unpack(packed, synapses, f"weights_{k}"),
        neuron=shape.neuron,
        maps=shape.maps,
        **{"a": None, "b": None, "threshold": None, **fields},
    )
