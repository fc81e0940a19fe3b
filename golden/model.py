"""The integer model of a network, bit for bit what the hardware must do (TW-SNN eq. 1-2).

It reads only the description in `models/`; nothing here knows how the hardware is built.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from trispike.golden.decision import timesteps_to_decision
from trispike.golden.layers import LAYERS
from trispike.golden.layers.neuron import Behaviour
from trispike.models.errors import BadInput
from trispike.models.network.numbers import MAX_TIMESTEPS
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
        weights), same shape; of a convolution those of all windows, before they are pooled. Empty
        if not asked for.
    running_scores
        What the read-out has added up for each output neuron after each timestep: its spikes,
        int32, its potentials, or, by its first spike in timestep t from 0, 255 - t, without the
        timesteps that it skips; and what it was decided by, from then on. Shape (images, timesteps,
        outputs).
    groups
        As of `models.network.shape.NetworkShape`.
    saturations
        Additions of each layer whose sum was cut to 18 bits.
    decided
        Timesteps that each image took to its label: int64, (images,). None: all of them. Spikes and
        potentials go on to the last timestep, as if no image ended early.
    """

    spikes: tuple[np.ndarray, ...]
    potentials: tuple[np.ndarray, ...]
    running_scores: np.ndarray
    groups: tuple[int, ...] = ()
    saturations: tuple[int, ...] = ()
    decided: np.ndarray | None = None

    @property
    def scores(self) -> np.ndarray:
        """What the read-out compares: shape (images, outputs)."""
        return self.running_scores[:, -1]

    @property
    def labels(self) -> np.ndarray:
        """The label of each image, see `labels_of`: int64, (images,)."""
        return labels_of(self.scores, self.groups)


def run_layer(layer: LayerParameters, spikes: np.ndarray) -> Behaviour:
    """What ``layer`` does in each timestep of images whose input spikes are ``spikes``.

    ``spikes`` is bool, or uint8 if they are pixels, of shape (..., timesteps, inputs); maps are
    flattened (`models.network.volume.Volume`), those that come out too.
    """
    return LAYERS[type(layer.shape)](layer, spikes)


def _first_spikes(spikes: np.ndarray) -> np.ndarray:
    """What a first spike adds, the more the earlier it is: int32, the shape of ``spikes``."""
    left = MAX_TIMESTEPS - np.arange(spikes.shape[1], dtype=np.int32)
    first = spikes & (spikes.cumsum(axis=1) == 1)
    return first * left[:, np.newaxis]


SCORES: dict[ReadOut, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ReadOut.COUNT: lambda spikes, potentials: spikes.astype(np.int32),
    ReadOut.POTENTIAL: lambda spikes, potentials: potentials,
    ReadOut.FIRST: lambda spikes, potentials: _first_spikes(spikes),
}
"""What each read-out adds up over the timesteps: of the last layer's spikes and potentials."""


def labels_of(scores: np.ndarray, groups: tuple[int, ...] = ()) -> np.ndarray:
    """Index of the largest score along the last axis, the lowest index on a tie.

    With ``groups`` of outputs, the index within each, read as the digits of one number, the first
    group's the most significant.
    """
    if not groups:
        return np.argmax(scores, axis=-1)
    parts = np.split(scores, np.cumsum(groups)[:-1], axis=-1)
    return np.ravel_multi_index([np.argmax(part, axis=-1) for part in parts], groups)


def run(network: Network, spikes: np.ndarray, *, keep_potentials: bool = True) -> Result:
    """What ``network`` does with input ``spikes``, each image from its first timestep on.

    Parameters
    ----------
    network
        The network and its parameters.
    spikes
        Input spikes: bool, shape (images, timesteps, inputs); uint8 if they are pixels.
    keep_potentials
        False saves memory: `Result.potentials` is then empty.

    `BadInput` if ``spikes`` does not fit the network, or if it skips all timesteps.
    """
    return propagate(network, spikes, run_layer, keep_potentials=keep_potentials)


def propagate(
    network: Any,
    spikes: np.ndarray,
    behaviour_of: Callable[[Any, np.ndarray], Behaviour],
    *,
    keep_potentials: bool,
) -> Result:
    """What `run` returns, of a network whose layers do what ``behaviour_of`` says.

    ``behaviour_of(layer, spikes)`` takes and returns what `run_layer` does.
    """
    spikes = np.asarray(spikes)
    first = network.layers[0].shape
    inputs, kind = first.volume.size, np.dtype(np.uint8 if first.pixels else np.bool_)
    if spikes.dtype != kind or spikes.ndim != 3 or spikes.shape[2] != inputs:
        raise BadInput(
            f"input spikes must be {kind} of shape (images, timesteps, {inputs}) for "
            f"{network.name}, not {spikes.dtype} of {spikes.shape}"
        )
    if network.skip:
        network.check_timesteps(spikes.shape[1])
    fired, kept, saturations = [], [], []
    for layer in network.layers:
        did = behaviour_of(layer, spikes)
        spikes = did.spikes
        fired.append(spikes)
        saturations.append(did.saturations)
        if keep_potentials:
            kept.append(did.potentials)
    counted = np.arange(spikes.shape[1]) >= network.skip
    spikes, potentials = (each * counted[:, np.newaxis] for each in (spikes, did.potentials))
    scores = SCORES[network.read_out](spikes, potentials)
    scores = scores.cumsum(axis=1, dtype=scores.dtype)
    decided = timesteps_to_decision(scores, network.skip, network.stability)
    last = np.minimum(np.arange(spikes.shape[1]), decided[:, np.newaxis] - 1)
    return Result(
        spikes=tuple(fired),
        potentials=tuple(kept),
        running_scores=np.take_along_axis(scores, last[..., np.newaxis], axis=1),
        groups=network.shape.groups,
        saturations=tuple(saturations),
        decided=decided,
    )
