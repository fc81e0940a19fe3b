"""Synaptic operations: what a spike sets going."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from trispike.golden.layers.convolution import windows
from trispike.models.network.layers import Layer
from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealNetwork


def effective_operations(
    network: Network | RealNetwork, counts: Sequence[np.ndarray]
) -> tuple[int, ...]:
    """One for each input spike and each weight other than 0 that it meets, of each layer.

    NeuroBench calls these effective; an operation of the hardware is every weight that it reads,
    the zeros too. ``counts`` are the spikes of each input of each layer: int, shape (inputs,); a
    convolution's meet the weights of every window that they lie in.
    """
    operations = []
    for layer, spikes in zip(network.layers, counts, strict=True):
        if (maps := layer.shape.maps) is not None:
            spikes = windows(maps, spikes).sum(axis=0)
        operations.append(int(spikes @ np.count_nonzero(layer.weights, axis=1)))
    return tuple(operations)


def weight_reads(layer: Layer, counts: np.ndarray) -> int:
    """Rows of weights that are read: one for each spike, at each window that it is in.

    ``counts`` are the spikes of each input: int, shape (inputs,).
    """
    return int((counts if layer.maps is None else windows(layer.maps, counts)).sum())


def tap_reads(layer: Layer, spikes: np.ndarray) -> int:
    """Words that a convolution reads of its line buffers: taps of windows with a spike, in a lane.

    ``spikes``: its input, bool or pixels, shape (..., inputs).
    """
    if layer.maps is None:
        return 0
    volume = layer.volume
    maps = spikes.reshape(-1, volume.channels, volume.positions) != 0
    taps = sum(maps[:, k :: layer.lanes].any(axis=1).sum(axis=0) for k in range(layer.lanes))
    one = dataclasses.replace(layer.maps, volume=dataclasses.replace(volume, channels=1))
    return int(windows(one, taps).sum())
