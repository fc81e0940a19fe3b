"""Networks whose images end early, and images that end at different timesteps."""

import dataclasses
import itertools

import numpy as np

from tb.kit.networks import random_network_of, spread
from trispike import golden
from trispike.models.network.layers import Bias, Dense, Threshold
from trispike.models.network.neuron import Neuron
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape, ReadOut

IMAGES, TIMESTEPS = 60, 12


def spikes_of(inputs: int) -> np.ndarray:
    """Spikes of images that differ, each of a density of its own in each half of its inputs."""
    rng = np.random.default_rng(inputs)
    density = rng.random((IMAGES, 1, 2)).repeat(-(-inputs // 2), axis=2)[..., :inputs]
    return rng.random((IMAGES, TIMESTEPS, inputs)) < density


def early_network(
    read_out: ReadOut, neuron: Neuron, sizes: tuple[int, ...], *, skips: bool = False
) -> Network:
    """The first random network whose `spikes_of` end at several timesteps, the last among them."""
    layers = [
        Dense(inputs=a, neurons=b, threshold=Threshold.EACH, bias=Bias.EACH, neuron=neuron)
        for a, b in itertools.pairwise(sizes)
    ]
    if read_out is ReadOut.POTENTIAL:
        layers[-1] = dataclasses.replace(layers[-1], threshold=Threshold.NONE)
    shape = NetworkShape.of("early", tuple(layers), read_out, stops=True, skips=skips)
    spikes = spikes_of(sizes[0])
    for seed in itertools.count():
        network = spread(random_network_of(shape, seed), spikes)
        decided = golden.run(network, spikes, keep_potentials=False).decided
        if len(np.unique(decided)) >= 5 and TIMESTEPS in decided:
            return network
