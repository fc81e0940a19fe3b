"""Kim 2018's algorithm 1 against the golden model."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from tb.kit.early import TIMESTEPS, early_network, spikes_of
from tb.kit.networks import random_network
from trispike.golden import run
from trispike.golden.decision import timesteps_to_decision
from trispike.models.errors import BadInput
from trispike.models.network.layers import Dense
from trispike.models.network.neuron import Neuron
from trispike.models.network.shape import NetworkShape, ReadOut


def _algorithm_1(potentials: list[list[int]], first: int, last: int, theta: int) -> int:
    """The time t that algorithm 1 returns in [first, last], or last; times are from 1.

    Its moving average is an integer, rounded down.
    """
    decision, average, count = None, 0, 0
    for t in range(first, last + 1):
        values = potentials[t - 1]
        before, decision = decision, values.index(max(values))
        largest, second = sorted(values, reverse=True)[:2]
        average = (largest - second + average) // 2
        if decision == before:
            count += 1
            if average > 0 and count >= Fraction(theta, average):
                return t
        else:
            count = 0
    return last


@pytest.mark.parametrize("skip", [0, 1, 5])
@pytest.mark.parametrize("outputs", [2, 3, 10])
@pytest.mark.parametrize("step", [1, 20, 1 << 17])
def test_algorithm_1(skip, outputs, step):
    """Random walks of scores, every stability that makes a difference, ties among them."""
    rng = np.random.default_rng([skip, outputs, step])
    scores = rng.integers(-step, step + 1, (60, 25, outputs)).cumsum(axis=1)
    seen = set()
    for theta in [1, 2, 3, 10, 50, step, 7 * step, 20 * step, (1 << 34) - 1]:
        expected = [_algorithm_1(image, skip + 1, 25, theta) for image in scores.tolist()]
        assert timesteps_to_decision(scores, skip, theta).tolist() == expected
        seen.update(expected)
    assert min(seen) == skip + 2
    assert 25 in seen
    assert len(seen) > 12


def test_all_timesteps():
    assert timesteps_to_decision(np.ones((3, 4, 2), int), 0, None).tolist() == [4, 4, 4]


def test_first_spike():
    scores = np.array([[[0, 0], [0, 3], [0, 3]], [[4, 0], [4, 0], [4, 3]], [[0, 0]] * 3])
    assert timesteps_to_decision(scores, 0, 0).tolist() == [2, 1, 3]


@pytest.mark.parametrize("read_out", ReadOut)
def test_skip_and_freeze(read_out):
    """What is skipped is not counted, and scores stay those of the decision."""
    early = early_network(read_out, Neuron(), (9, 12, 4), skips=True)
    skip, spikes = early.skip, spikes_of(9)
    skipping = dataclasses.replace(early, stability=None)
    plain = run(dataclasses.replace(skipping, skip=0), spikes)
    later = run(skipping, spikes)
    if read_out is ReadOut.FIRST:
        late = plain.spikes[-1][:, skip:]
        first = np.where(late.any(axis=1), 255 - skip - late.argmax(axis=1), 0)
        assert later.scores.tolist() == first.tolist()
    else:
        since = plain.running_scores - plain.running_scores[:, skip - 1 : skip]
        assert np.array_equal(later.running_scores[:, skip:], since[:, skip:])
    assert (later.decided == TIMESTEPS).all()
    decided = run(early, spikes)
    for image, t in enumerate(decided.decided):
        assert np.array_equal(decided.scores[image], later.running_scores[image, t - 1])
        assert (decided.running_scores[image, t:] == decided.scores[image]).all()
    message = f"early skips {skip} timesteps of an image: T must be {skip + 1} or more, not {skip}"
    with pytest.raises(BadInput, match=message):
        run(early, spikes[:, :skip])


def test_what_is_refused():
    """Each in one line."""
    network = random_network((9, 12, 4), 1)
    for fields, what in (
        ({"skip": 255}, "skip must be from 0 to 254, not 255"),
        ({"stability": 0}, "stability with count must be from 1 to 65535, not 0"),
        ({"stability": 1 << 16}, "stability with count must be from 1 to 65535, not 65536"),
        ({"stability": 9, "groups": (2, 2)}, "cannot stop early with groups of outputs"),
    ):
        with pytest.raises(BadInput, match=what):
            dataclasses.replace(network, **fields)
    with pytest.raises(BadInput, match="stability with first must be from 0 to 0, not 1"):
        dataclasses.replace(network, read_out=ReadOut.FIRST, stability=1)
    one = (Dense(inputs=2, neurons=1),)
    with pytest.raises(BadInput, match="stop early with 2 outputs or more, not with 1"):
        NetworkShape.of("one", one, stops=True)
