"""The co-simulation as `make sim` runs it: every potential, spike and cycle compared."""

import dataclasses
import time
from pathlib import Path

import numpy as np

from trispike.sim.bench.sample import Sample
from trispike.sim.bench.work import Work
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.figures import first_mismatch
from trispike.sim.cosim.stimulus import Given
from trispike.sim.report.mismatch import MismatchFound
from trispike.sim.tools.simulator import SimulationError


class CocotbRun:
    """Runs the ``model`` of `sim.cosim.cosimulation.chip_model` in ``folder``, one simulation at a
    time.

    There are two rows. ``cocotb`` is the time in which the clock ran, captures included.
    ``cocotb_whole`` is all of `sim.cosim.cosimulation.run`: the simulator's start, stimulus, golden
    model, clock, reading the captures and judging them, with as many threads of NumPy as `make sim`
    has.
    """

    what = "cocotb round the same chip, all compared"
    once = False

    def __init__(self, work: Work, model: Path, folder: Path):
        self._work, self._model, self._folder = work, model, folder

    def measure(self) -> dict[str, Sample]:
        """One run."""
        begun = time.perf_counter()
        found = cosimulation.run(
            self._work.weight_file,
            Given(self._work.spikes),
            range(self._work.images),
            self._folder,
            model=self._model,
        )
        whole = time.perf_counter() - begun
        if found.deaths:
            raise SimulationError(found.deaths[0].why)
        outcomes = found.outcomes
        first = first_mismatch(outcomes)
        if first:
            raise MismatchFound(dataclasses.replace(first, what=f"cocotb: {first.what}"))
        labels = np.concatenate([outcome.labels for outcome in outcomes])
        self._work.check_labels("cocotb", labels)
        cycles = sum(outcome.cycles for outcome in outcomes)
        seconds = sum(outcome.seconds for outcome in outcomes)
        return {
            "cocotb": Sample(images=len(labels), cycles=cycles, seconds=seconds),
            "cocotb_whole": Sample(images=len(labels), cycles=cycles, seconds=whole),
        }
