"""Decays by shifts."""

import pytest

from trispike.models.network.decay import fraction, nearest_shifts


@pytest.mark.parametrize(
    ("leak", "most", "deepest", "shifts"),
    [
        (0.5, 1, 7, (1,)),
        (0.4, 1, 7, (1,)),
        (0.3, 1, 7, (2,)),
        (0.4, 2, 7, (2, 3)),
        (0.66, 3, 7, (1, 3, 5)),
        (0.001, 2, 7, (7,)),
        (0.99, 2, 7, (1, 2)),
        (0, 3, 17, ()),
        (0.5, 3, 17, (1,)),
        (0.1, 1, 17, (3,)),
        (0.1, 3, 17, (4, 5, 7)),
        (0.01, 2, 17, (7, 9)),
    ],
)
def test_nearest_shifts(leak, most, deepest, shifts):
    assert nearest_shifts(leak, most, deepest) == shifts


def test_fraction():
    assert fraction(()) == 0
    assert fraction((1, 3)) == 0.625
