"""Decays that hardware computes by shifts."""

import itertools

from trispike.models.network.numbers import POTENTIAL_BITS


def fraction(shifts: tuple[int, ...]) -> float:
    """What a decay by ``shifts`` takes of a value, 0 or more and below 1."""
    return sum(2.0**-k for k in shifts)


def nearest_shifts(taken: float, most: int, deepest: int = POTENTIAL_BITS - 1) -> tuple[int, ...]:
    """One to ``most`` shifts, ascending, whose `fraction` is nearest to ``taken``.

    They differ, from 1 to ``deepest``. The fewest of those that are equally near; none for 0.
    """
    if taken == 0:
        return ()
    choices = (
        shifts
        for count in range(1, most + 1)
        for shifts in itertools.combinations(range(1, deepest + 1), count)
    )
    return min(choices, key=lambda shifts: abs(fraction(shifts) - taken))
