"""The integer model of a network, bit for bit what the hardware must do (TW-SNN eq. 1-2).

It reads only the description in `models`; nothing here knows how the hardware is built.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from trispike.golden.layers import SUMS
from trispike.models.errors import BadInput
from trispike.models.network.numbers import POTENTIAL_MAX, POTENTIAL_MIN
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import ReadOut


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """All that a network did with a batch of images.

    Parameters
    ----------
    spikes
        Each layer's output spikes, input side first: bool, shape (images, timesteps, neurons). A
        layer without a threshold has none.
    potentials
        Each layer's potentials as compared with the threshold: int32 (float32 of a network of real
        weights), same shape. Empty if not asked for.
    running_scores
        What the read-out has added up for each output neuron after each timestep: its spikes,
        int32, or its potentials. Shape (images, timesteps, outputs).
    """

    spikes: tuple[np.ndarray, ...]
    potentials: tuple[np.ndarray, ...]
    running_scores: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """What the read-out compares: shape (images, outputs)."""
        return self.running_scores[:, -1]

    @property
    def labels(self) -> np.ndarray:
        """Output neuron with the largest score, the lowest index on a tie: int64, (images,)."""
        return labels_of(self.scores)


def potentials(layer: LayerParameters, spikes: np.ndarray) -> np.ndarray:
    """Potential of each neuron of ``layer`` after each timestep's input spikes.

    ``spikes`` is bool of shape (..., inputs); returns int32 of shape (..., neurons). That it fits
    the 18-bit register is a theorem (see `models.network.parameters.LayerParameters`), asserted all
    the same.
    """
    sums = SUMS[type(layer.shape)](spikes, layer.weights)
    values = layer.a * sums.astype(np.int32) + layer.biases
    assert values.size == 0 or POTENTIAL_MIN <= values.min() <= values.max() <= POTENTIAL_MAX, (
        f"a potential of {values.min()} to {values.max()} left the 18-bit register"
    )
    return values


def fires(layer: Any, potential: np.ndarray) -> np.ndarray:
    """Which neurons of ``layer`` spike at ``potential`` (..., neurons): bool, the same shape."""
    if layer.threshold is None:
        return np.zeros(potential.shape, dtype=bool)
    return potential > layer.threshold


SCORES: dict[ReadOut, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ReadOut.COUNT: lambda spikes, potentials: spikes.astype(np.int32),
    ReadOut.POTENTIAL: lambda spikes, potentials: potentials,
}
"""What each read-out adds up over the timesteps: of the last layer's spikes and potentials."""


def labels_of(scores: np.ndarray) -> np.ndarray:
    """Index of the largest score along the last axis, the lowest index on a tie."""
    return np.argmax(scores, axis=-1)


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
        spikes = fires(layer, values)
        fired.append(spikes)
        if keep_potentials:
            kept.append(values)
    scores = SCORES[network.read_out](spikes, values)
    return Result(
        spikes=tuple(fired),
        potentials=tuple(kept),
        running_scores=scores.cumsum(axis=1, dtype=scores.dtype),
    )
