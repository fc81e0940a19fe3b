"""How sure a prediction was: by a spike of an output at all, and by one output alone."""

import dataclasses

import numpy as np

from trispike.models.network.shape import ReadOut


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decisions:
    """What lies behind the labels of a run: numbers of images.

    - ``silent``: no output neuron spiked, so that the label is that of the lowest index.
    - ``tied``: several outputs, which did spike, had the largest score.
    - ``accuracy``: fraction of labels that are right if both of these count as wrong.
    """

    silent: int
    tied: int
    accuracy: float


def silent(scores: np.ndarray, read_out: ReadOut) -> np.ndarray:
    """Images without an output spike: bool (n,); ``scores`` (n, outputs) are the read-out's."""
    return ~scores.any(axis=1) & (read_out is not ReadOut.POTENTIAL)


def tied(scores: np.ndarray, read_out: ReadOut) -> np.ndarray:
    """Images whose largest score several outputs have, not for silence: bool, as `silent`."""
    several = (scores == scores.max(axis=1, keepdims=True)).sum(axis=1) > 1
    return several & ~silent(scores, read_out)


def decisions(silent: np.ndarray, tied: np.ndarray, right: np.ndarray) -> Decisions:
    """Of images that are ``silent``, ``tied``, or whose labels are ``right``: bool (n,) each."""
    return Decisions(
        silent=int(silent.sum()),
        tied=int(tied.sum()),
        accuracy=float(np.mean(right & ~silent & ~tied)),
    )
