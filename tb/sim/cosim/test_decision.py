"""Labels that stand for no decision."""

import numpy as np

from trispike.models.network.shape import ReadOut
from trispike.sim.cosim import decision

SCORES = np.array([[0, 0, 0], [2, 2, 0], [0, 3, 1], [1, 1, 1]])


def test_silent_and_tied():
    """Silence is no tie; a potential of 0 is as good as any other."""
    count = ReadOut.COUNT
    assert decision.silent(SCORES, count).tolist() == [True, False, False, False]
    assert decision.tied(SCORES, count).tolist() == [False, True, False, True]
    potential = ReadOut.POTENTIAL
    assert not decision.silent(SCORES, potential).any()
    assert decision.tied(SCORES, potential).tolist() == [True, True, False, True]


def test_accuracy_if_they_are_wrong():
    """A label that is right by chance does not count."""
    silent, tied = (f(SCORES, ReadOut.COUNT) for f in (decision.silent, decision.tied))
    found = decision.decisions(silent, tied, np.array([True, True, True, False]))
    assert (found.silent, found.tied, found.accuracy) == (1, 2, 0.25)
