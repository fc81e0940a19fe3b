"""Ternary quantisation of trained parameters, and integers in place of its real scales."""

import dataclasses
from collections.abc import Collection

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.numbers import CONSTANT_MAX, POTENTIAL_MAX, POTENTIAL_MIN


def ternarise(weights: np.ndarray, beta: float) -> tuple[np.ndarray, float]:
    """Ternary signs of real weights, and their common magnitude (TW-SNN eq. 9-11).

    With ``D = beta * max|w|``: a weight of ``|w| >= D`` keeps its sign, a smaller one becomes 0.
    Alpha is the mean ``|w|`` of the weights that are kept.

    weights: Real numbers, any shape, at least one.
    beta: Fraction of the largest weight below which a weight is dropped, 0 to 1.

    Returns int8 of -1, 0 and +1 in the shape of ``weights``, and alpha, 0 or more. `BadInput` for
    weights that are not finite and for beta out of range.
    """
    weights = np.asarray(weights)
    if not 0 <= beta <= 1:
        raise BadInput(f"beta must be from 0 to 1, not {beta}")
    if weights.size == 0 or not np.isfinite(weights).all():
        raise BadInput("weights must be finite numbers, at least one; train with a smaller step")
    sizes = np.abs(weights)
    large = sizes >= beta * sizes.max()
    return (np.sign(weights) * large).astype(np.int8), float(sizes[large].mean(dtype=np.float64))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Constants:
    """Integer constants of a layer's processing elements, see `LayerParameters`."""

    a: int
    b: int
    threshold: int


def first_firing_sum(
    alpha: float, bias_scale: float, threshold: float, bias: int, inputs: int
) -> int:
    """The smallest S with alpha * S + bias_scale * bias > threshold, at which a neuron fires.

    S is a sum of ternary weights, -inputs to inputs. Compared in float64. Returns
    -inputs if every sum fires and inputs + 1 if none does.
    """
    sums = np.arange(-inputs, inputs + 1, dtype=np.float64)
    silent = np.count_nonzero(alpha * sums + bias_scale * bias <= threshold)
    return int(silent) - inputs


def integer_constants(
    alpha: float,
    bias_scale: float,
    threshold: float,
    *,
    inputs: int,
    biases: Collection[int] = (-1, 0, 1),
) -> Constants:
    """Integers with which a layer's neurons fire exactly as with the real scales.

    A neuron fires iff alpha * S + bias_scale * bias > threshold, with S an integer of -inputs to
    inputs: for each bias this is S >= k for some k, so integers are exact if they give the same k
    for every bias that occurs. Takes the smallest such a, then the smallest b.

    alpha, bias_scale: Real scales of ternary weights and biases; alpha above 0, bias_scale 0 or
        more.
    threshold: Real firing threshold.
    inputs: Fan-in, 1 to 1024.
    biases: Values of the ternary bias in the layer.

    Returns `Constants` with a of 1..127, b of 0..127 and an 18-bit threshold; `BadInput` if there
    are none.
    """
    if not (np.isfinite([alpha, bias_scale, threshold]).all() and alpha > 0 <= bias_scale):
        raise BadInput(
            f"scales must be finite, alpha above 0 and the bias scale not below, "
            f"not {alpha}, {bias_scale} and threshold {threshold}"
        )
    firsts = {
        int(bias): first_firing_sum(alpha, bias_scale, threshold, int(bias), inputs)
        for bias in biases
    }
    b = np.arange(CONSTANT_MAX + 1)
    for a in range(1, CONSTANT_MAX + 1):
        lowest = np.full(b.shape, POTENTIAL_MIN)
        highest = np.full(b.shape, POTENTIAL_MAX)
        for bias, first in firsts.items():
            if first > -inputs:  # the sum just below must stay silent
                lowest = np.maximum(lowest, a * (first - 1) + b * bias)
            if first <= inputs:  # and this one must fire
                highest = np.minimum(highest, a * first + b * bias - 1)
        usable = np.flatnonzero(lowest <= highest)
        if usable.size:
            least = usable[0]
            nearest = min(max(0, int(lowest[least])), int(highest[least]))
            return Constants(a=a, b=int(least), threshold=nearest)
    raise BadInput(
        f"no constants of 1 to {CONSTANT_MAX} fire as alpha {alpha:g}, bias scale {bias_scale:g} "
        f"and threshold {threshold:g} do; train with a smaller bias"
    )
