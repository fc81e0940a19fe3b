"""Synaptic operations: what a spike sets going."""

from collections.abc import Sequence

import numpy as np

from trispike.golden.layers.convolution import windows
from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealNetwork


def effective_operations(network: Network | RealNetwork, counts: Sequence[np.ndarray]) -> int:
    """One for each input spike and each weight other than 0 that it meets, over all layers.

    NeuroBench calls these effective; an operation of the hardware is every weight that it reads,
    the zeros too. ``counts`` are the spikes of each input of each layer: int, shape (inputs,); a
    convolution's meet the weights of every window that they lie in.
    """
    total = 0
    for layer, spikes in zip(network.layers, counts, strict=True):
        if (maps := layer.shape.maps) is not None:
            spikes = windows(maps, spikes).sum(axis=0)
        total += int(spikes @ np.count_nonzero(layer.weights, axis=1))
    return total
