"""Layers in which every neuron has all inputs (TW-SNN eq. 1)."""

import numpy as np

from trispike.golden.layers.neuron import Behaviour, behaviour
from trispike.models.network.numbers import MAX_FAN_IN
from trispike.models.network.parameters import LayerParameters

# float32 has 24 bits of mantissa: sums of so many ternary weights are exact in it, in any order,
# and its matrix product is far faster than the integers' own.
assert MAX_FAN_IN < 1 << 24


def weighted_sums(spikes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of the rows of ``weights`` whose inputs spike.

    ``spikes`` is bool of shape (..., inputs), ``weights`` of shape (inputs, neurons); returns
    float32 of shape (..., neurons).
    """
    inputs, neurons = weights.shape
    rows = spikes.reshape(-1, inputs).astype(np.float32)  # one product, not one for each image
    return (rows @ weights.astype(np.float32)).reshape(*spikes.shape[:-1], neurons)


def run_dense(layer: LayerParameters, spikes: np.ndarray) -> Behaviour:
    """What the dense ``layer`` does, see `golden.model.run_layer`."""
    return behaviour(layer, weighted_sums(spikes, layer.weights))
