"""Inputs dealt out to lanes: by hand, and no exchange is left that would help."""

import itertools

import numpy as np
import pytest

from trispike.sim.order.dealing import deal, together, with_twins


def _spikes(seed, inputs=29):
    """Neighbours spike together."""
    rng = np.random.default_rng(seed)
    wave = np.cumsum(rng.normal(size=(7, 20, inputs)), axis=2)
    return np.sin(wave) > 0.3


def _squares(spikes, order, lanes):
    """Sum over all timesteps of the squares of the lanes' spikes."""
    dealt = spikes[..., order]
    return sum(int((dealt[..., k::lanes].sum(axis=-1) ** 2).sum()) for k in range(lanes))


def test_together():
    spikes = _spikes(0)
    found = together(spikes)
    for i, j in itertools.product(range(29), repeat=2):
        assert found[i, j] == np.count_nonzero(spikes[..., i] & spikes[..., j])
    assert np.array_equal(together(spikes * np.uint8(200)), found)


def test_by_hand():
    """Pairs that always spike together are parted."""
    spikes = np.zeros((1, 4, 8), dtype=bool)
    for t, pair in enumerate([(0, 4), (1, 5), (2, 6), (3, 7)]):  # both of one lane of 2 and of 4
        spikes[0, t, list(pair)] = True
    for lanes in (2, 4):
        order = deal(together(spikes), lanes, np.random.default_rng(0)).tolist()
        assert sorted(order) == list(range(8))
        assert all(order.index(i) % lanes != order.index(i + 4) % lanes for i in range(4))


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
def test_no_exchange_helps(lanes):
    for seed in range(3):
        spikes = _spikes(seed)
        order = deal(together(spikes), lanes, np.random.default_rng(seed))
        assert sorted(order.tolist()) == list(range(29))
        least = _squares(spikes, order, lanes)
        if lanes > 1:
            assert least < _squares(spikes, np.arange(29), lanes)
        for i, j in itertools.combinations(range(29), 2):
            other = order.copy()
            other[[i, j]] = order[[j, i]]
            assert _squares(spikes, other, lanes) >= least


def test_the_same_seed_gives_the_same():
    counts = together(_spikes(1))
    one, same = (deal(counts, 4, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, same)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
@pytest.mark.parametrize("twins", [0, 1, 6, 11, 29])
def test_twins(lanes, twins):
    """The most active ones, in two lanes, and the others stay in theirs."""
    counts = together(_spikes(2))
    order = deal(counts, lanes, np.random.default_rng(0))
    found = with_twins(order, counts.diagonal(), lanes, twins)
    assert len(found) == 29 + twins
    places = [np.flatnonzero(found == value) % lanes for value in range(29)]
    twice = [value for value, lane in enumerate(places) if len(lane) == 2]
    assert len(twice) == twins
    assert {len(lane) for lane in places} <= {1, 2}
    rest = np.setdiff1d(np.arange(29), twice)
    assert counts.diagonal()[twice].min(initial=999) >= counts.diagonal()[rest].max(initial=0)
    for value, lane in enumerate(places):
        assert np.flatnonzero(order == value)[0] % lanes in lane
    if lanes > 2:  # of two lanes one may have no room left
        assert sum(places[value][0] == places[value][1] for value in twice) <= 1
