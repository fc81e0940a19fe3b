"""Convolutional networks that others trained, from NIR files of exactly ternary weights.

``python -m tb.kit.outside FILE.nir NAME.npz`` writes a weight file and its card, which
``make sim WEIGHTS=NAME.npz DATA=cifar10`` takes.
"""

import hashlib
import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.maps import Maps
from trispike.models.network.origin import Imported
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder, ReadOut
from trispike.models.network.volume import Volume


def chain(path: Path) -> list[tuple[str, Any]]:
    """Kind and content of each node, from the input to the output."""
    import nir

    graph = nir.read(path)
    following = dict(graph.edges)
    if len(following) != len(graph.edges):
        raise ValueError(f"{path.name} must be a chain of nodes")
    name, nodes = "input", []
    while name:
        nodes.append((type(graph.nodes[name]).__name__, graph.nodes[name]))
        name = following.pop(name, None)
    return nodes


def load(path: Path) -> Network:
    """The network in ``path``: pixels in, one timestep, the largest potential is the label.

    Its nodes are a chain: convolutions with a threshold and perhaps a pool, and an affine layer.
    A scale of the weights is taken out of biases and thresholds, exactly. ValueError for what is
    not such a network.
    """
    nodes = chain(path)
    _, given = nodes.pop(0)
    volume = Volume(**dict(zip(("channels", "height", "width"), _shape(given), strict=True)))
    layers = []
    while nodes:
        kind, node = nodes.pop(0)
        if kind == "Conv2d":
            pool = _pool(nodes[1:3])
            maps = Maps(
                volume=volume,
                kernel=tuple(node.weight.shape[2:]),
                stride=_one(kind, node, "stride"),
                padding=_one(kind, node, "padding"),
                pool=pool,
            )
            if _one(kind, node, "dilation") != 1 or node.groups != 1:
                raise ValueError("dilation and groups of a convolution must be 1")
            layers.append(_layer(maps, node, _threshold(*nodes[0]), pixels=not layers))
            volume = layers[-1].shape.output
            del nodes[: 3 if pool > 1 else 1]
        elif kind == "Affine":
            layers.append(_layer(Maps.whole(volume), node, None, pixels=not layers))
            volume = layers[-1].shape.output
        elif kind not in ("Flatten", "Output"):
            raise ValueError(f"a node must not be {kind} here")
    return Network(
        name=path.stem,
        layers=tuple(layers),
        read_out=ReadOut.POTENTIAL,
        encoder=Encoder.DIRECT,
    )


def _shape(node: Any) -> list[int]:
    return np.asarray(node.input_type["input"]).tolist()


def _one(kind: str, node: Any, field: str) -> int:
    """The value of ``field`` for both sides of a map."""
    values = set(np.ravel(getattr(node, field)).tolist())
    if len(values) != 1:
        raise ValueError(f"{field} of a {kind} must be one number, not {values}")
    return values.pop()


def _pool(nodes: list[tuple[str, Any]]) -> int:
    """Side of the squares that are pooled: their spikes are added up, and one is enough."""
    (kind, pool), (then, over) = nodes
    if kind != "SumPool2d":
        return 1
    side = _one(kind, pool, "kernel_size")
    least = over.threshold if then == "Threshold" else np.array(1)
    if _one(kind, pool, "stride") != side or _one(kind, pool, "padding") != 0:
        raise ValueError("a pool must take squares that lie side by side")
    if least.min() < 0 or least.max() >= 1:
        raise ValueError("a pool must be followed by a threshold from 0 to 1")
    return side


def _threshold(kind: str, node: Any) -> list[float]:
    """The threshold of each channel."""
    if kind != "Threshold":
        raise ValueError(f"a convolution must be followed by a threshold, not {kind}")
    values = node.threshold.reshape(len(node.threshold), -1)
    if (values != values[:, :1]).any():
        raise ValueError("a channel must have one threshold")
    return values[:, 0].tolist()


def _layer(
    maps: Maps, node: Any, thresholds: list[float] | None, *, pixels: bool
) -> LayerParameters:
    """``node`` with weights (outputs, channels, rows, columns), or (outputs, inputs)."""
    scale = float(np.abs(node.weight).max())
    ternary = node.weight / scale
    if not np.isin(ternary, (-1, 0, 1)).all():
        raise ValueError("weights must be ternary, but for a scale")
    ternary = ternary.reshape(-1, maps.volume.channels, *maps.kernel).transpose(2, 3, 1, 0)
    bias = [Fraction(value) / Fraction(scale) for value in node.bias.tolist()]
    fields = {"bias": np.zeros(len(bias), np.int8), "b": 0, "threshold": None}
    if thresholds is not None:  # scale * S + bias > threshold, and S is an integer
        least = [Fraction(t) / Fraction(scale) - b for t, b in zip(thresholds, bias, strict=True)]
        fields["threshold"] = np.array([math.floor(value) for value in least])
    elif all(value.denominator == 1 for value in bias):
        fields |= {"bias": np.array([int(value) for value in bias]), "b": None}
    else:
        raise ValueError("biases of the last layer must be multiples of its weights' scale")
    return LayerParameters(
        weights=ternary.reshape(maps.fan_in, -1).astype(np.int8),
        a=None if pixels else 1,
        maps=maps,
        **fields,
    )


def convert(source: Path, target: Path) -> None:
    """Write the network in ``source`` to the weight file ``target`` and its card beside it."""
    network = load(source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    origin = Imported(file=source.name, sha256=digest)
    weights.save(target, network, Card(shape=network.shape, origin=origin))


if __name__ == "__main__":
    convert(*map(Path, sys.argv[1:]))
