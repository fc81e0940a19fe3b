"""The integer model of a network, bit for bit what the hardware must do (TW-SNN eq. 1-2).

It reads only the description in `models`; nothing here knows how the hardware is built.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.description import LayerParameters, Network
from trispike.models.network.numbers import MAX_INPUTS, POTENTIAL_MAX, POTENTIAL_MIN

# float32 has 24 bits of mantissa: sums of up to 1024 ternary weights are exact in it, in any order,
# and its matrix product is far faster than the integers' own.
assert MAX_INPUTS < 1 << 24


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """All that a network did with a batch of images.

    Parameters
    ----------
    spikes
        Each layer's output spikes, input side first: bool, shape (images, timesteps, neurons).
    potentials
        Each layer's potentials as compared with the threshold: int32 (float32 of a network of real
        weights), same shape. Empty if not asked for.
    counts
        Output spikes over all timesteps: int32, shape (images, outputs).
    labels
        Output neuron with the largest count, the lowest index on a tie: int64, shape (images,).
    """

    spikes: tuple[np.ndarray, ...]
    potentials: tuple[np.ndarray, ...]
    counts: np.ndarray
    labels: np.ndarray


def weighted_sums(spikes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum of the rows of ``weights`` whose inputs spike.

    ``spikes`` is bool of shape (..., inputs), ``weights`` of shape (inputs, neurons); returns
    float32 of shape (..., neurons).
    """
    inputs, neurons = weights.shape
    rows = spikes.reshape(-1, inputs).astype(np.float32)  # one product, not one for each image
    return (rows @ weights.astype(np.float32)).reshape(*spikes.shape[:-1], neurons)


def potentials(layer: LayerParameters, spikes: np.ndarray) -> np.ndarray:
    """Potential of each neuron of ``layer`` after each timestep's input spikes.

    ``spikes`` is bool of shape (..., inputs); returns int32 of shape (..., neurons). That it fits
    the 18-bit register is a theorem (see `models.network.numbers.MAX_INPUTS`), asserted all the
    same.
    """
    sums = weighted_sums(spikes, layer.weights)
    values = layer.a * sums.astype(np.int32) + layer.b * layer.bias.astype(np.int32)
    assert values.size == 0 or POTENTIAL_MIN <= values.min() <= values.max() <= POTENTIAL_MAX, (
        f"a potential of {values.min()} to {values.max()} left the 18-bit register"
    )
    return values


def labels_of(counts: np.ndarray) -> np.ndarray:
    """Index of the largest count along the last axis, the lowest index on a tie."""
    return np.argmax(counts, axis=-1)


def run(network: Network, spikes: np.ndarray, *, keep_potentials: bool = True) -> Result:
    """What ``network`` does with input ``spikes``, each timestep starting from zero potential.

    Parameters
    ----------
    network
        The network and its parameters.
    spikes
        Input spikes: bool, shape (images, timesteps, inputs).
    keep_potentials
        False saves memory: `Result.potentials` is then empty.

    `BadInput` if ``spikes`` does not fit the network.
    """
    return propagate(network, spikes, potentials, keep_potentials=keep_potentials)


def propagate(
    network: Any,
    spikes: np.ndarray,
    potentials_of: Callable[[Any, np.ndarray], np.ndarray],
    *,
    keep_potentials: bool,
) -> Result:
    """What `run` returns, of a network whose layers have the potentials ``potentials_of`` gives.

    ``potentials_of(layer, spikes)`` takes and returns what `potentials` does.
    """
    spikes = np.asarray(spikes)
    inputs = network.layers[0].shape.inputs
    if spikes.dtype != np.bool_ or spikes.ndim != 3 or spikes.shape[2] != inputs:
        raise BadInput(
            f"input spikes must be bool of shape (images, timesteps, {inputs}) for "
            f"{network.name}, not {spikes.dtype} of {spikes.shape}"
        )
    fired, kept = [], []
    for layer in network.layers:
        values = potentials_of(layer, spikes)
        spikes = values > layer.threshold
        fired.append(spikes)
        if keep_potentials:
            kept.append(values)
    counts = spikes.sum(axis=1, dtype=np.int32)
    return Result(
        spikes=tuple(fired), potentials=tuple(kept), counts=counts, labels=labels_of(counts)
    )
