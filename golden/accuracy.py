"""How well a network labels a test set, and how many spikes that takes."""

import dataclasses

import numpy as np

from golden.model import labels_of, run
from models.errors import BadInput
from models.network import Network
from models.spikes import check_timesteps, encode

_BATCH_BYTES = 1 << 26


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """Accuracy and activity of a network over a test set.

    Parameters
    ----------
    accuracy
        Fraction of images labelled right, 0 to 1; entry T - 1 is for T timesteps.
    spikes
        Mean spikes of an image per timestep, of the input and of each layer.
    """

    accuracy: tuple[float, ...]
    spikes: tuple[float, ...]


def accuracy_by_timestep(
    network: Network, images: np.ndarray, labels: np.ndarray, *, timesteps: int, seed: int
) -> Measurement:
    """Accuracy after 1 to ``timesteps`` timesteps, and mean spikes, by the integer model.

    One run gives them all, as the spikes of a shorter run begin those of a longer one. Images are
    taken in batches, so that memory stays small whatever the size of the set.

    Parameters
    ----------
    network
        The network and its parameters.
    images
        uint8, shape (n, inputs), n at least 1.
    labels
        Integers, shape (n,).
    timesteps
        1 to 255.
    seed
        Seed of the spikes, 0 to 2**63 - 1.

    `BadInput` for anything out of range.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise BadInput(
            f"images and labels must be as many, at least one, not {len(images)} and {len(labels)}"
        )
    timesteps = check_timesteps(timesteps)
    batch = max(1, _BATCH_BYTES // (4 * timesteps * max(network.shape.sizes)))
    right = np.zeros(timesteps, dtype=np.int64)
    fired = np.zeros(len(network.layers) + 1, dtype=np.int64)
    for first in range(0, len(images), batch):
        spikes = encode(images[first : first + batch], timesteps, seed, first)
        result = run(network, spikes, keep_potentials=False)
        counts = result.spikes[-1].cumsum(axis=1, dtype=np.int32)
        answers = np.asarray(labels[first : first + batch])[:, np.newaxis]
        right += (labels_of(counts) == answers).sum(axis=0)
        fired += [layer.sum(dtype=np.int64) for layer in (spikes, *result.spikes)]
    return Measurement(
        accuracy=tuple((right / len(images)).tolist()),
        spikes=tuple((fired / (len(images) * timesteps)).tolist()),
    )
