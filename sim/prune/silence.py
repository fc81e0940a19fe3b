"""Which neurons can never fire: a proof from the weights, for all inputs of any image.

Until a neuron first fires nothing resets it, and its potential is highest if in each timestep all
inputs with positive weights spike and no others. If that never exceeds the threshold, nothing does.
"""

import numpy as np

from trispike.models.network.numbers import (
    MAX_TIMESTEPS,
    PIXEL_MAX,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
)
from trispike.models.network.parameters import LayerParameters


def never_fires(layer: LayerParameters, may_spike: np.ndarray) -> np.ndarray:
    """Which neurons of ``layer`` cannot fire in any of 255 timesteps: bool, shape (neurons,).

    ``may_spike``: bool, shape (inputs,), those of its inputs, or of a window, that may. Neurons
    that are not named may still never fire: inputs that exclude each other are not looked for. A
    layer without a threshold is a read-out, of which none is named.
    """
    if layer.threshold is None:
        return np.zeros(layer.shape.neurons, dtype=bool)
    scale = PIXEL_MAX if layer.a is None else layer.a
    rises = scale * (layer.weights[may_spike] == 1).sum(axis=0, dtype=np.int64)
    fires = np.zeros(layer.shape.neurons, dtype=bool)
    neuron = layer.neuron
    carried = current = np.zeros_like(rises)
    for t in range(MAX_TIMESTEPS if neuron.has_state else 1):
        shift = neuron.phases - 1 - t % neuron.phases
        added = rises << shift
        if neuron.synapse:
            added = current = _cut(highest_decayed(current, neuron.synapse) + added)
        potential = _cut(_cut(carried + added) + (layer.biases << shift))
        fires |= potential > np.asarray(layer.threshold) << shift
        if neuron.carries:
            carried = highest_decayed(potential, neuron.leak)
    return ~fires


def highest_decayed(values: np.ndarray, shifts: tuple[int, ...]) -> np.ndarray:
    """A bound on what a value of at most ``values`` becomes as it decays by ``shifts``.

    It loses its part for each shift, rounded down. With one shift the largest value stays the
    largest. With several a smaller one may end above it, as fewer parts were rounded; what rounding
    gives back is less than 1 each.
    """
    if len(shifts) <= 1:
        return values - sum((values >> k for k in shifts), start=np.zeros_like(values))
    whole = 1 << max(shifts)
    left = whole - sum(whole >> k for k in shifts)
    if left < 0:  # the less there is, the more is left
        return np.full_like(values, POTENTIAL_MAX)
    return (values * left) // whole + len(shifts)


def _cut(values: np.ndarray) -> np.ndarray:
    return np.clip(values, POTENTIAL_MIN, POTENTIAL_MAX)
