"""The ternary quantiser, and integers that fire exactly as the real scales did."""

import random

import numpy as np
import pytest

from trispike.models.errors import BadInput
from trispike.sim.training.ternary import integer_constants, ternarise


def test_ternarise_by_hand():
    weights = np.array([[0.5, -1.0, 0.09], [-0.1, 0.0, 0.2]])
    ternary, alpha = ternarise(weights, 0.1)
    assert ternary.dtype == np.int8
    assert ternary.tolist() == [[1, -1, 0], [-1, 0, 1]]
    assert alpha == pytest.approx((0.5 + 1.0 + 0.1 + 0.2) / 4)


@pytest.mark.parametrize("beta", [0.0, 0.01, 0.3, 1.0])
def test_ternarise_follows_the_equations(beta):
    weights = np.random.default_rng(5).normal(size=(30, 20)).astype(np.float32)
    ternary, alpha = ternarise(weights, beta)
    limit = np.float32(beta) * max(abs(w) for w in weights.reshape(-1))
    kept = []
    for w, code in zip(weights.reshape(-1), ternary.reshape(-1), strict=True):
        assert code == (0 if abs(w) < limit else 1 if w > 0 else -1)
        if abs(w) >= limit:
            kept.append(abs(float(w)))
    assert alpha == pytest.approx(sum(kept) / len(kept))


def test_ternarise_zeros():
    ternary, alpha = ternarise(np.zeros((2, 2)), 0.01)
    assert not ternary.any()
    assert alpha == 0


@pytest.mark.parametrize("weights", [[], [np.nan, 1.0], [np.inf]])
def test_ternarise_refuses(weights):
    with pytest.raises(BadInput, match="weights must be finite"):
        ternarise(np.array(weights), 0.01)


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan")])
def test_ternarise_refuses_beta(beta):
    with pytest.raises(BadInput, match="beta must be from 0 to 1"):
        ternarise(np.ones(3), beta)


def _assert_same(alpha, scale, threshold, inputs, biases):
    """Every sum and every bias that occurs, against the real rule."""
    found = integer_constants(alpha, scale, threshold, inputs=inputs, biases=biases)
    assert 1 <= found.a <= 127
    assert 0 <= found.b <= 127
    assert -(1 << 17) <= found.threshold < 1 << 17
    for bias in biases:
        for total in range(-inputs, inputs + 1):
            real = alpha * total + scale * bias > threshold
            integer = found.a * total + found.b * bias > found.threshold
            assert real == integer, (alpha, scale, threshold, bias, total, found)


@pytest.mark.parametrize("seed", range(30))
def test_constants_at_random(seed):
    rng = random.Random(seed)
    for _ in range(4):
        alpha = rng.uniform(0.005, 2)
        scale = alpha * rng.uniform(0, 60)
        threshold = rng.choice([1.0, rng.uniform(-3, 3)])
        biases = rng.choice([(-1, 0, 1), (-1, 1), (0, 1), (-1, 0), (0,), (1,), (-1,)])
        _assert_same(alpha, scale, threshold, rng.choice([1, 2, 10, 257, 1024]), biases)


@pytest.mark.parametrize(
    ("alpha", "scale", "threshold"),
    [
        (0.1, 0.0, 1.0),  # 10 * 0.1 is 1.0 in floats: a tie, which must stay silent
        (0.5, 0.25, 1.0),
        (0.25, 0.5, 1.0),
        (1.0, 1.0, 0.0),
        (1.0, 0.5, 0.0),  # both roundings in one layer: needs a above 1
        (1e-4, 1e-4, 1.0),  # nothing ever fires
        (1e-4, 0.0, -1.0),  # all always fire
        (3.0, 0.7, -2.0),
    ],
)
def test_constants_at_corners(alpha, scale, threshold):
    _assert_same(alpha, scale, threshold, 1024, (-1, 0, 1))


def test_asymmetric_steps_need_a_above_one():
    assert integer_constants(1.0, 0.5, 0.0, inputs=16).a > 1


def test_impossible_bias():
    with pytest.raises(BadInput, match=r"no constants of 1 to 127 fire as alpha 0\.01"):
        integer_constants(0.01, 5.0, 1.0, inputs=1024)
    _assert_same(0.01, 5.0, 1.0, 1024, (1,))  # but one bias alone is only a threshold


@pytest.mark.parametrize(
    "scales", [(0.0, 1.0, 1.0), (-1.0, 0.0, 1.0), (1.0, -1.0, 1.0), (np.nan, 0.0, 1.0)]
)
def test_bad_scales(scales):
    with pytest.raises(BadInput, match="scales must be finite, alpha above 0"):
        integer_constants(*scales, inputs=4)
