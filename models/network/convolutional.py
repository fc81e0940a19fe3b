"""The convolutional networks that come with Trispike."""

import re
from typing import Any

from trispike.models.network.layers import Bias, Convolution, Dense, Layer, Step, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import FIRST_SPIKE, WEIGHTED, Neuron
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume

_LAYER = re.compile(r"(\d+)(?:c(\d)(?:s(\d))?(?:p(\d))?(?:-mp(\d))?)?")

_NORMALISED = {"threshold": Threshold.EACH, "bias": Bias.TERNARY}
"""Neurons that start from zero, normalised per channel: a threshold has all of it."""

_CARRYING = {"threshold": Threshold.EACH, "bias": Bias.EACH}
"""Others need a bias besides, as a potential that is carried on grows by it at each timestep."""

_SILENT = {"threshold": Threshold.NONE, "bias": Bias.EACH}


def layers_of(
    volume: Volume, text: str, hidden: dict[str, Any], last: dict[str, Any], pixels: bool = False
) -> tuple[Layer, ...]:
    """The layers on ``volume`` that ``text`` lists as ``12c5-mp2-512-10`` does.

    ``12c5`` is a convolution of 12 channels and a kernel of 5 x 5, ``32c5s2p2`` one of stride and
    padding 2, ``-mp2`` pools what comes before it, ``512`` is a dense layer of as many neurons.
    ``hidden`` and ``last`` are fields of the layers; with ``pixels`` the first takes these.
    """
    layers: list[Layer] = []
    matches = list(_LAYER.finditer(text))
    for k, match in enumerate(matches, 1):
        neurons, kernel, stride, padding, pool = (int(n) if n else None for n in match.groups())
        fields = {**(last if k == len(matches) else hidden), "pixels": pixels and k == 1}
        if kernel:
            maps = Maps(
                volume=volume,
                kernel=(kernel, kernel),
                stride=stride or 1,
                padding=padding or 0,
                pool=pool or 1,
            )
            layers.append(Convolution(maps=maps, channels=neurons, **fields))
        elif volume.positions > 1:
            layers.append(Convolution(maps=Maps.whole(volume), channels=neurons, **fields))
        else:
            layers.append(Dense(inputs=volume.channels, neurons=neurons, **fields))
        volume = layers[-1].output
    return tuple(layers)


_MNIST, _CIFAR_10 = Volume(channels=1, height=28, width=28), Volume(channels=3, height=32, width=32)

DC_CONV = NetworkShape.of(
    "dc12_64_512",
    layers_of(_MNIST, "12c5-mp2-64c5-mp2-512-10", _NORMALISED, _SILENT),
    ReadOut.POTENTIAL,
)
"""Yin 2017's convolutional SNN-DC."""

WS_CONV = NetworkShape.of(
    "ws12_64",
    layers_of(
        _MNIST,
        "12c5-mp2-64c5-mp2-10",
        {**_CARRYING, "neuron": WEIGHTED, "step": Step.EACH},
        {**_SILENT, "neuron": Neuron(phases=WEIGHTED.phases)},
    ),
    ReadOut.POTENTIAL,
    Encoder.BITS,
)
"""Kim 2018's second network, of weighted spikes; pools give the OR of spikes, not those of the
neuron that got most."""

FIRST_CONV = NetworkShape.of(
    "first32_16",
    layers_of(
        _MNIST,
        "32c5s2p2-16c5s2p2-10",
        {**_CARRYING, "neuron": FIRST_SPIKE},
        {**_CARRYING, "neuron": FIRST_SPIKE},
    ),
    ReadOut.FIRST,
    Encoder.LATENCY,
)
"""Zhou 2021's network for MNIST: SCNN(5,32,2), SCNN(5,16,2), FC(10)."""


def _vgg(name: str, text: str) -> NetworkShape:
    """A network of CIFAR-10's pixels whose neurons start from zero at each timestep."""
    layers = layers_of(_CIFAR_10, text, _NORMALISED, _SILENT, pixels=True)
    return NetworkShape.of(name, layers, ReadOut.POTENTIAL, Encoder.DIRECT)


VGG = (
    _vgg("vgg7s", "32c3p1-32c3p1-mp2-64c3p1-64c3p1-mp2-128c3p1-128c3p1-mp2-10"),
    _vgg("vgg5", "64c3p1-mp2-128c3p1-128c3p1-mp2-512-512-10"),
    _vgg(
        "vgg9",
        "64c3p1-mp2-128c3p1-256c3p1-mp2-256c3p1-512c3p1-mp2-512c3p1-mp2-512c3p1-10",
    ),
    _vgg(
        "vgg16",
        "64c3p1-64c3p1-mp2-128c3p1-128c3p1-mp2-256c3p1-256c3p1-256c3p1-mp2-"
        "512c3p1-512c3p1-512c3p1-mp2-512c3p1-512c3p1-512c3p1-mp2-512-512-10",
    ),
)
"""TW-SNN's VGG5, VGG9 and VGG16 for CIFAR-10, and a smaller one. Dense layers have 512 neurons."""

CONVOLUTIONAL = (DC_CONV, WS_CONV, FIRST_CONV, *VGG)
"""All of them."""
