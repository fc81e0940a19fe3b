"""The golden model and the cycle model, each alone."""

import time

import numpy as np

from trispike import golden
from trispike.sim.bench.sample import Sample
from trispike.sim.bench.work import Work, batches
from trispike.sim.cosim import cycles


class GoldenModel:
    """The integer model, in batches as `make accuracy` runs it; potentials are not kept."""

    what = "the golden model"
    once = False

    def __init__(self, work: Work):
        self._work = work

    def measure(self) -> dict[str, Sample]:
        """One run."""
        begun = time.perf_counter()
        labels = [
            golden.run(self._work.network, batch, keep_potentials=False).labels
            for batch in batches(self._work.spikes)
        ]
        seconds = time.perf_counter() - begun
        self._work.check_labels("golden model", np.concatenate(labels))
        return {"golden": Sample(images=self._work.images, cycles=None, seconds=seconds)}


class CycleModel:
    """The cycle of every event from spike counts, which others must have found."""

    what = "the cycle model"
    once = False

    def __init__(self, work: Work):
        self._work = work

    def measure(self) -> dict[str, Sample]:
        """One run."""
        begun = time.perf_counter()
        work = self._work
        schedule = cycles.schedule(work.network.shape, work.input_counts, work.timesteps)
        seconds = time.perf_counter() - begun
        self._work.check_result_cycles("cycle model", schedule.result)
        return {"cycle_model": Sample(images=self._work.images, cycles=None, seconds=seconds)}
