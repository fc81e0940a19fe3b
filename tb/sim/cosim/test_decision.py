"""Labels that stand for no decision."""

import numpy as np

from trispike.models.network.layers import Dense, Threshold
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.sim.cosim import decision

SCORES = np.array([[0, 0, 0], [2, 2, 0], [0, 3, 1], [1, 1, 1]])


def _shape(read_out=ReadOut.COUNT, groups=()):
    threshold = Threshold.NONE if read_out is ReadOut.POTENTIAL else Threshold.ONE
    layer = Dense(inputs=1, neurons=3, threshold=threshold)
    return NetworkShape.of("decides", (layer,), read_out, groups=groups)


def test_each_group_decides():
    """Two outputs tell a part of the label, and one the other."""
    shape = _shape(groups=(2, 1))
    assert decision.silent(SCORES, shape).tolist() == [True, True, False, False]
    assert decision.tied(SCORES, shape).tolist() == [False, False, False, True]


def test_silent_and_tied():
    """Silence is no tie; a potential of 0 is as good as any other."""
    count = _shape()
    assert decision.silent(SCORES, count).tolist() == [True, False, False, False]
    assert decision.tied(SCORES, count).tolist() == [False, True, False, True]
    potential = _shape(ReadOut.POTENTIAL)
    assert not decision.silent(SCORES, potential).any()
    assert decision.tied(SCORES, potential).tolist() == [True, True, False, True]


def test_accuracy_if_they_are_wrong():
    """A label that is right by chance does not count."""
    silent, tied = (f(SCORES, _shape()) for f in (decision.silent, decision.tied))
    got = np.array([0, 1, 2, 0])
    found = decision.decisions(silent, tied, got, np.array([0, 1, 2, 1]))
    assert (found.silent, found.tied, found.accuracy) == (1, 2, 0.25)
    found = decision.decisions(silent, tied, got, None)
    assert (found.silent, found.tied, found.accuracy) == (1, 2, None)
