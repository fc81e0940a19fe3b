"""Synaptic operations: what a spike sets going."""

from collections.abc import Sequence

import numpy as np

from trispike.models.network.layers import Layer
from trispike.models.network.maps import Maps
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.real_network import RealLayer, RealNetwork


def effective_operations(network: Network | RealNetwork, counts: Sequence[np.ndarray]) -> int:
    """One for each input spike and each weight other than 0 that it meets, over all layers.

    NeuroBench calls these effective; an operation of the hardware is every weight that it reads,
    the zeros too. ``counts`` are the spikes of each input of each layer: int, shape (inputs,).
    """
    return sum(map(_effective, network.layers, counts))


def _effective(layer: LayerParameters | RealLayer, counts: np.ndarray) -> int:
    met = np.count_nonzero(layer.weights, axis=1)
    if not layer.shape.maps:
        return int(counts @ met)
    maps, volume = layer.shape.maps, layer.shape.volume
    rows = counts.reshape(volume.channels, volume.height, volume.width)
    total = 0
    for tap, weights in enumerate(met.reshape(maps.taps, -1)):
        y, x = divmod(tap, maps.kernel[1])
        seen = rows[:, _seen(maps, maps.rows, y, volume.height)]
        seen = seen[:, :, _seen(maps, maps.columns, x, volume.width)]
        total += int(seen.sum(axis=(1, 2), dtype=np.int64) @ weights)
    return total


def _seen(maps: Maps, windows: int, place: int, size: int) -> np.ndarray:
    """Rows, or columns, of a map of ``size`` that stand at ``place`` of one of the ``windows``."""
    at = np.arange(windows) * maps.stride - maps.padding + place
    return at[(at >= 0) & (at < size)]


def _windows(layer: Layer) -> np.ndarray:
    """Windows that each position of a convolution's input is in: int, (height, width)."""
    maps, volume = layer.maps, layer.volume
    high, wide = maps.kernel
    rows = [_seen(maps, maps.rows, y, volume.height) for y in range(high)]
    columns = [_seen(maps, maps.columns, x, volume.width) for x in range(wide)]
    return np.multiply.outer(
        np.bincount(np.concatenate(rows), minlength=volume.height),
        np.bincount(np.concatenate(columns), minlength=volume.width),
    )


def weight_reads(layer: Layer, counts: np.ndarray) -> int:
    """Rows of weights that are read: one for each spike, at each window that it is in.

    ``counts`` are the spikes of each input: int, shape (inputs,).
    """
    if not layer.maps:
        return int(counts.sum())
    maps = counts.reshape(layer.volume.channels, -1).sum(axis=0)
    return int(maps @ _windows(layer).ravel())


def tap_reads(layer: Layer, spikes: np.ndarray) -> int:
    """Words that a convolution reads of its line buffers: taps of windows with a spike, in a lane.

    ``spikes``: its input, bool or pixels, shape (..., inputs).
    """
    if not layer.maps:
        return 0
    maps = spikes.reshape(-1, layer.volume.channels, layer.volume.positions) != 0
    lanes = [maps[:, k :: layer.lanes].any(axis=1).sum(axis=0) for k in range(layer.lanes)]
    return int(sum(lanes) @ _windows(layer).ravel())
