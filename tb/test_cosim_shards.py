"""Shards: how a run is cut up changes nothing but the time it takes."""

import numpy as np
import pytest

from sim import cosim, simulator
from sim.simulator import SimulationError
from tb.networks import random_network, save

IMAGES = 6  # of 3 timesteps and 34 potentials each

pytestmark = pytest.mark.xdist_group("shards")


@pytest.fixture
def run(tmp_path):
    """Runs a few images on a small random network; returns the outcomes."""
    network = random_network((40, 24, 10), 7)
    weight_file = save(network, tmp_path)
    rng = np.random.default_rng(7)
    spikes = rng.random((IMAGES, 3, 40)) < rng.random((IMAGES, 3, 1))
    model = cosim.chip_model(network)

    def with_(**options):
        folder = tmp_path / "run"
        seen = []
        outcomes = cosim.run(
            weight_file, spikes, folder, model=model, progress=seen.append, **options
        )
        assert seen == sorted(seen)
        assert seen[-1] == IMAGES
        return outcomes

    return with_


@pytest.mark.parametrize(
    ("jobs", "limit", "shards"), [(1, 10_000, 1), (2, 10_000, 2), (9, 10_000, 6), (2, 160, 4)]
)
def test_cuts(run, monkeypatch, jobs, limit, shards):
    """Few and many shards: nothing differs from the models, and no image is lost."""
    monkeypatch.setattr(cosim, "_SHARD_POTENTIALS", limit)
    outcomes = run(jobs=jobs)
    assert len(outcomes) == shards
    assert not any(n for outcome in outcomes for n in outcome.mismatches.values())
    labels = [label for outcome in outcomes for label in outcome.labels]
    assert labels == [label for outcome in outcomes for label in outcome.golden_labels]
    assert len(labels) == IMAGES


def test_breakdown_is_no_success(run, monkeypatch):
    """A simulator that dies after all was compared does not count as agreement."""
    simulate = simulator.simulate

    def dies(*arguments, **options):
        simulate(*arguments, **options)
        raise SimulationError("bench ended with status -11")

    monkeypatch.setattr(simulator, "simulate", dies)
    with pytest.raises(SimulationError, match="status -11"):
        run()


def test_cache_without_executable(run):
    """A model that lost its executable is built again."""
    run()
    network = random_network((40, 24, 10), 7)
    folder = cosim.chip_model(network)
    (folder / "bench").unlink()
    assert cosim.chip_model(network) == folder
    (outcome,) = run()
    assert outcome.first is None


def test_a_failure_does_not_stop_what_comes_after(run, monkeypatch):
    """A run that breaks down leaves the next one free to start its simulations."""
    with monkeypatch.context() as broken:
        broken.setattr(simulator, "simulate", lambda *a, **k: (_ for _ in ()).throw(OSError("no")))
        with pytest.raises(OSError, match="no"):
            run()
    (outcome,) = run()
    assert outcome.first is None
