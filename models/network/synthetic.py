"""Networks that nobody trained, of any size, whose spikes neither die out nor fill every layer."""

import math
import re
import statistics

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.parameters import LayerParameters, Network

FIRING = 0.1
"""Share of a layer's neurons that fire at a timestep, about."""

_ZEROS = 1 / 3
"""Share of weights that are 0."""

_SIZE = re.compile(r"(\d{1,3})x(\d{1,4})")


def network(size: str, seed: int) -> Network:
    """The random network of ``size``, like ``16x1024``: 16 layers of 1024 neurons, 1024 inputs.

    Weights are independent, of mean m and variance v. With K inputs spiking a potential is about
    normal, of mean K m and variance K v, which gives the threshold that a share `FIRING` of the
    neurons passes. m is a little below 0, so that to first order a few spikes more or less in one
    layer change nothing in the next. `BadInput` for a size that is none.
    """
    match = _SIZE.fullmatch(size)
    if not match or not (1 <= int(match[1]) and 10 <= int(match[2]) <= 1024):
        raise BadInput(
            f"RANDOM must be layers x neurons like 16x1024, 10 to 1024 neurons, not {size!r}"
        )
    layers, neurons = int(match[1]), int(match[2])
    rng = np.random.default_rng([seed, layers, neurons])
    spikes, passed = neurons * FIRING, statistics.NormalDist().inv_cdf(1 - FIRING)
    variance = 1 - _ZEROS
    mean = -passed * (variance / spikes) ** 0.5 / 2
    threshold = math.floor(mean * spikes + passed * (variance * spikes) ** 0.5)
    chances = ((variance - mean) / 2, _ZEROS, (variance + mean) / 2)
    return Network(
        name=f"random_{layers}x{neurons}",
        layers=tuple(
            LayerParameters(
                weights=rng.choice((-1, 0, 1), (neurons, neurons), p=chances).astype(np.int8),
                bias=rng.choice((-1, 0, 1), neurons).astype(np.int8),
                a=1,
                b=1,
                threshold=threshold,
            )
            for _ in range(layers)
        ),
    )


def images(network: Network, count: int) -> np.ndarray:
    """Images for ``network`` whose pixels all spike with chance `FIRING`: uint8 (count, inputs)."""
    return np.full((count, network.shape.sizes[0]), round(255 * FIRING), dtype=np.uint8)
