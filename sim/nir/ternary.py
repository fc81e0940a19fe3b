"""Real weights as ternary ones: exactly where they are, otherwise quantised."""

import dataclasses

import numpy as np

_KEPT = 0.7
"""Weights above this fraction of the mean magnitude are kept (Li 2016, Ternary Weight Networks,
eq. 6)."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Ternary:
    """Ternary weights with a magnitude for each neuron.

    - ``codes``: int8 of -1, 0, +1: (inputs, neurons).
    - ``alpha``: magnitudes, float64, above 0: (neurons,).
    - ``error``: root of the squared error over the squared weights; 0 if they were ternary.
    """

    codes: np.ndarray
    alpha: np.ndarray
    error: float

    @property
    def zeros(self) -> float:
        """Fraction of the weights that is 0."""
        return float((self.codes == 0).mean())


def ternary(weights: np.ndarray, *, together: bool) -> Ternary:
    """``weights``, (inputs, neurons), as ternary ones.

    With ``together`` all neurons have the same magnitude, as those must whose potentials are
    compared with each other. Weights that have one magnitude besides 0 keep it, and are not
    changed. Others are quantised by Ternary Weight Networks: those above 0.7 of the mean magnitude
    become the mean of these.
    """
    columns = weights.reshape(-1, 1) if together else weights
    size = np.abs(columns)
    codes = np.sign(columns).astype(np.int8)
    largest = size.max(axis=0)
    exact = ((size == 0) | (size == largest)).all(axis=0)
    limit = np.where(exact, 0, _KEPT * size.mean(axis=0))
    codes[size <= limit] = 0
    kept = codes != 0
    alpha = (size * kept).sum(axis=0) / np.maximum(kept.sum(axis=0), 1)
    alpha = np.where(exact, largest, alpha)
    alpha[alpha == 0] = alpha.max() or 1.0  # of neurons without weights
    error = np.square(columns - codes * alpha).sum() / (np.square(columns).sum() or 1.0)
    return Ternary(
        codes=codes.reshape(weights.shape),
        alpha=np.broadcast_to(alpha, weights.shape[1:]).copy(),
        error=0.0 if exact.all() else float(np.sqrt(error)),
    )
