"""The networks that come with Trispike, by name."""

import itertools
import re
from collections.abc import Mapping

from trispike.models.errors import BadInput
from trispike.models.network.convolutional import CONVOLUTIONAL
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import (
    CONTINUOUS,
    FIRST_SPIKE,
    INTEGRATE_AND_FIRE,
    WEIGHTED,
    Neuron,
)
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut


def _named(*shapes: NetworkShape) -> dict[str, NetworkShape]:
    return {shape.name: shape for shape in shapes}


TABLE_1 = _named(
    NetworkShape.dense(name="fc256", sizes=(784, 256, 10)),
    NetworkShape.dense(name="fc256_256", sizes=(784, 256, 256, 10)),
    NetworkShape.dense(name="fc1024", sizes=(784, 1024, 10)),
    NetworkShape.dense(name="fc1024_1024", sizes=(784, 1024, 1024, 10)),
)
"""The four networks of TW-SNN's table 1."""


def _silent(
    name: str,
    sizes: tuple[int, ...],
    hidden: Neuron,
    encoder: Encoder,
    *,
    last: Neuron = INTEGRATE_AND_FIRE,
    step: Step = Step.THRESHOLD,
    groups: tuple[int, ...] = (),
) -> NetworkShape:
    """Dense layers with a bias for each neuron; the last never fires, and its potentials answer."""
    *between, end = itertools.pairwise(sizes)
    layers = [
        Dense(
            inputs=inputs,
            neurons=neurons,
            bias=Bias.EACH,
            neuron=hidden,
            step=step,
            pixels=encoder is Encoder.DIRECT and k == 0,
        )
        for k, (inputs, neurons) in enumerate(between)
    ]
    inputs, outputs = end
    layers.append(
        Dense(inputs=inputs, neurons=outputs, bias=Bias.EACH, neuron=last, threshold=Threshold.NONE)
    )
    return NetworkShape.of(name, tuple(layers), ReadOut.POTENTIAL, encoder, groups)


DIET = _silent(
    "diet256_256", (784, 256, 256, 10), Neuron(carries=True, leak=(2, 3)), Encoder.DIRECT
)
"""Rathi 2021's DIET-SNN: pixels, and neurons whose leak is learnt, beginning with 3/8."""

CT = _silent("ct256_256", (1156, 256, 256, 12), CONTINUOUS, Encoder.GIVEN, groups=(10, 2))
"""Yin 2017's SNN-CT, for spikes of moving digits."""

WS = _silent(
    "ws1200_1200",
    (784, 1200, 1200, 10),
    WEIGHTED,
    Encoder.BITS,
    last=Neuron(phases=WEIGHTED.phases),
    step=Step.ONE,
)
"""Kim 2018's first network, of weighted spikes."""

FIRST = NetworkShape.of(
    "first512",
    tuple(
        Dense(inputs=i, neurons=n, bias=Bias.EACH, neuron=FIRST_SPIKE)
        for i, n in ((784, 512), (512, 10))
    ),
    ReadOut.FIRST,
    Encoder.LATENCY,
)
"""Zhou 2021's neurons in one hidden layer: the first output spike is the answer."""

PRESETS = TABLE_1 | _named(DIET, CT, WS, FIRST, *CONVOLUTIONAL)
"""Every network that ``LAYER=`` takes."""


_DENSE = re.compile(r"dense((?:_\d+){2,})")


def preset(name: str, known: Mapping[str, NetworkShape] = PRESETS) -> NetworkShape:
    """Shape of the network called ``name``; `BadInput` names the ``known`` ones.

    ``dense_784_100_10`` is that of any dense layers of the seed's neurons.
    """
    if name in known:
        return known[name]
    if match := _DENSE.fullmatch(name):
        sizes = [int(size) for size in match[1].split("_")[1:]]
        return NetworkShape.dense(name=name, sizes=sizes)
    raise BadInput(
        f"LAYER must be one of {', '.join(known)}, or like dense_784_100_10, not {name!r:.80}"
    )


def dense_name(sizes: str) -> str:
    """The name by which `preset` knows dense layers of ``sizes``, like 784-100-10."""
    name = "dense_" + sizes.replace("-", "_")
    if not _DENSE.fullmatch(name):
        raise BadInput(
            f"SIZES must be inputs and neurons of each layer, like 784-100-10, not {sizes!r:.80}"
        )
    return name
