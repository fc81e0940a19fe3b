"""Shards and chunks: how a run is cut up changes nothing but the time it takes."""

import contextlib
import resource

import numpy as np
import pytest

from tb.kit.networks import random_network, save
from trispike.sim.cosim import cosimulation as cosim
from trispike.sim.cosim.pool import LocalPool
from trispike.sim.cosim.stimulus import Given
from trispike.sim.tools import simulator
from trispike.sim.tools.simulator import SimulationError

IMAGES = 12  # of 3 timesteps and 34 potentials each

pytestmark = pytest.mark.xdist_group("shards")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a few images on a small random network; returns what it found."""
    place = tmp_path_factory.mktemp("shards")
    network = random_network((40, 24, 10), 7)
    weight_file = save(network, place)
    rng = np.random.default_rng(7)
    # None, few and many spikes: the first layer often is ahead of the second by all it can hold.
    density = rng.choice([0, 0.02, 0.9], size=(IMAGES, 3, 1))
    few = Given(rng.random((IMAGES, 3, 40)) < density)
    model = cosim.chip_model(network, optimise=False)

    def with_(jobs=1, images=range(IMAGES), stimulus=few, folder=place, **options):
        seen = []
        found = cosim.run(
            weight_file,
            stimulus,
            images,
            folder / "run",
            model=model,
            pool=LocalPool(jobs),
            progress=seen.append,
            **options,
        )
        assert seen == sorted(seen)
        assert seen[-1] == sum(len(outcome.images) for outcome in found.outcomes)
        return found

    return with_


@pytest.fixture(scope="module")
def whole(run):
    """The outcome of all images, in one shard and one chunk."""
    (outcome,) = run().outcomes
    return outcome


@pytest.mark.parametrize(("jobs", "shards"), [(2, 2), (5, 4)])
def test_cuts(run, jobs, shards):
    """Shards, and fewer images than jobs: nothing differs from the models, no image is lost."""
    images = range(4) if shards == 4 else range(IMAGES)
    outcomes = run(jobs, images).outcomes
    assert len(outcomes) == shards
    assert not any(n for outcome in outcomes for n in outcome.mismatches.values())
    labels = [label for outcome in outcomes for label in outcome.labels]
    assert labels == [label for outcome in outcomes for label in outcome.golden_labels]
    assert len(labels) == len(images)


@pytest.mark.parametrize("images", [1, 5, 7])
def test_chunks(run, whole, monkeypatch, images):
    """Judged in chunks, in one pipeline: the same to the cycle, across the borders too."""
    monkeypatch.setattr(cosim, "_CHUNK_POTENTIALS", images * 3 * 34)
    (cut,) = run().outcomes
    for what in ("labels", "golden_labels", "result_cycles", "spikes"):
        assert np.array_equal(getattr(cut, what), getattr(whole, what)), what
    assert (cut.images, cut.cycles) == (whole.images, whole.cycles)
    assert cut.mismatches == whole.mismatches
    assert not any(cut.mismatches.values())
    assert cut.first is None


def test_some_images(run, whole):
    """Images from the middle have the spikes and labels that they have in a whole run."""
    (some,) = run(images=range(4, 9)).outcomes
    assert some.images == range(4, 9)
    assert some.labels.tolist() == whole.labels[4:9].tolist()
    assert some.spikes.tolist() == whole.spikes[:, 12:27].tolist()


class _Drawn:
    """Spikes that are drawn when they are asked for, and in no file."""

    timesteps = 3

    def spikes(self, first, last):
        return np.random.default_rng(first).random((last - first, self.timesteps, 40)) < 0.2


@contextlib.contextmanager
def _no_file_above(size):
    """A file of more bytes than ``size`` cannot be written here, nor by what is started here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_files_stay_small(run, monkeypatch, tmp_path):
    """Captures never hold more than a chunk and what the layers are ahead; none is left."""
    chunk, images = 150, 1200
    monkeypatch.setattr(cosim, "_CHUNK_POTENTIALS", chunk * 3 * 34)
    line = len("100000 ") + 24 * 18 // 4 + 1
    with _no_file_above((chunk * 3 + 10) * line):
        (outcome,) = run(images=range(images), stimulus=_Drawn(), folder=tmp_path).outcomes
    assert outcome.first is None
    (folder,) = (tmp_path / "run" / "shards").glob("*/*")
    assert not [*folder.glob("layer_*"), *folder.glob("results"), *folder.glob("stimulus.hex")]
    with _no_file_above(chunk * line):
        (outcome,) = run(images=range(images), stimulus=_Drawn(), folder=tmp_path).outcomes
    assert outcome.first is not None


def test_breakdown_is_no_success(run, monkeypatch):
    """A simulator that dies after all was compared does not count as agreement."""
    simulate = simulator.simulate

    def dies(*arguments, **options):
        simulate(*arguments, **options)
        raise SimulationError("bench ended with status -11")

    monkeypatch.setattr(simulator, "simulate", dies)
    found = run()
    (death,) = found.deaths
    assert (death.images, death.judged) == (range(IMAGES), IMAGES)
    assert "status -11" in death.why


@pytest.mark.thorough
def test_cache_without_executable(run):
    """A model that lost its executable is built again."""
    network = random_network((40, 24, 10), 7)
    folder = cosim.chip_model(network, optimise=False)
    (folder / "bench").unlink()
    assert cosim.chip_model(network, optimise=False) == folder
    (outcome,) = run().outcomes
    assert outcome.first is None


def test_a_failure_does_not_stop_what_comes_after(run, monkeypatch):
    """A run that breaks down leaves the next one free to start its simulations."""
    with monkeypatch.context() as broken:
        broken.setattr(simulator, "simulate", lambda *a, **k: (_ for _ in ()).throw(OSError("no")))
        with pytest.raises(OSError, match="no"):
            run()
    (outcome,) = run().outcomes
    assert outcome.first is None
