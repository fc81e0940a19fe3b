"""Convolutions: windows of maps, each a vector of inputs, and the pooling of spikes."""

import numpy as np

from trispike.golden.layers.dense import weighted_sums
from trispike.golden.layers.neuron import Behaviour, behaviour
from trispike.models.network.maps import Maps
from trispike.models.network.parameters import LayerParameters

_VALUES_AT_ONCE = 1 << 24
"""Inputs of windows that are made at once, of a few bytes each."""


def windows(maps: Maps, values: np.ndarray) -> np.ndarray:
    """The inputs of every window, from the left to the right and then down.

    ``values``: of flattened maps, shape (..., inputs). Returns the same kind, shape (...,
    positions, fan_in), in the order of `Maps.fan_in`. What lies in the padding is 0.
    """
    volume, (high, wide) = maps.volume, maps.kernel
    flat = values.reshape(-1, volume.channels, volume.height, volume.width)
    edge = (maps.padding, maps.padding)
    flat = np.pad(flat, ((0, 0), (0, 0), edge, edge))
    seen = np.empty((len(flat), maps.rows, maps.columns, high, wide, volume.channels), values.dtype)
    for y in range(maps.rows):
        for x in range(maps.columns):
            top, left = y * maps.stride, x * maps.stride
            window = flat[:, :, top : top + high, left : left + wide]
            seen[:, y, x] = window.transpose(0, 2, 3, 1)
    return seen.reshape(*values.shape[:-1], maps.rows * maps.columns, maps.fan_in)


def pooled(maps: Maps, spikes: np.ndarray) -> np.ndarray:
    """The OR of every square of ``spikes``, bool (..., channels, rows, columns) of windows."""
    side = maps.pool
    high, wide = maps.rows // side, maps.columns // side
    squares = spikes.reshape(*spikes.shape[:-2], high, side, wide, side)
    return squares.any(axis=(-3, -1))


def run_convolution(layer: LayerParameters, spikes: np.ndarray) -> Behaviour:
    """What the convolution ``layer`` does, see `golden.model.run_layer`.

    Potentials have the order of flattened maps of its channels, before they are pooled.
    """
    maps, channels = layer.maps, layer.shape.neurons
    positions, outer = maps.rows * maps.columns, spikes.shape[:-1]
    vectors = spikes.reshape(-1, spikes.shape[-1])
    sums = np.empty((len(vectors), positions, channels), np.float32)
    step = max(1, _VALUES_AT_ONCE // (positions * maps.fan_in))
    for k in range(0, len(vectors), step):
        sums[k : k + step] = weighted_sums(windows(maps, vectors[k : k + step]), layer.weights)
    sums = sums.reshape(*outer, positions, channels)
    did = behaviour(layer, np.moveaxis(sums, -2, -3))  # (..., positions, timesteps, channels)
    potentials, fired = (np.moveaxis(each, -3, -1) for each in (did.potentials, did.spikes))
    fired = pooled(maps, fired.reshape(*outer, channels, maps.rows, maps.columns))
    return Behaviour(
        potentials=potentials.reshape(*outer, channels * positions),
        spikes=fired.reshape(*outer, layer.shape.output.size),
        saturations=did.saturations,
    )
