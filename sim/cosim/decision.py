"""How sure a prediction was: by a spike of an output at all, and by one output alone."""

import dataclasses

import numpy as np

from trispike.models.network.shape import NetworkShape, ReadOut


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decisions:
    """What lies behind the labels of a run: numbers of images.

    - ``silent``: no output neuron spiked, so that the label is that of the lowest index.
    - ``tied``: several outputs, which did spike, had the largest score.
    - ``accuracy``: fraction of labels that are right if both of these count as wrong; None where
      it is not known what is right.
    """

    silent: int
    tied: int
    accuracy: float | None


def silent(scores: np.ndarray, shape: NetworkShape) -> np.ndarray:
    """Images without a spike of any output, or of any of a group: bool (n,).

    ``scores`` (n, outputs) are those of the read-out of ``shape``.
    """
    if shape.read_out is ReadOut.POTENTIAL:
        return np.zeros(len(scores), dtype=bool)
    return np.any([~part.any(axis=1) for part in _parts(scores, shape)], axis=0)


def tied(scores: np.ndarray, shape: NetworkShape) -> np.ndarray:
    """Images whose largest score several outputs have, not for silence: bool, as `silent`."""
    several = [
        (part == part.max(axis=1, keepdims=True)).sum(axis=1) > 1 for part in _parts(scores, shape)
    ]
    return np.any(several, axis=0) & ~silent(scores, shape)


def _parts(scores: np.ndarray, shape: NetworkShape) -> list[np.ndarray]:
    """The scores of each group of outputs that tells a part of the label."""
    return np.split(scores, np.cumsum(shape.groups)[:-1], axis=1) if shape.groups else [scores]


def decisions(
    silent: np.ndarray, tied: np.ndarray, got: np.ndarray, true: np.ndarray | None
) -> Decisions:
    """Of images that are ``silent`` or ``tied``, bool (n,), and whose labels are ``got``, (n,).

    ``true`` labels are None if there are none.
    """
    sure = np.where(silent | tied, -1, got)
    return Decisions(silent=int(silent.sum()), tied=int(tied.sum()), accuracy=share(sure, true))


def share(got: np.ndarray, true: np.ndarray | None) -> float | None:
    """Fraction of the labels ``got`` that are those in ``true``; None if there are none."""
    return None if true is None else float(np.mean(got == true))
