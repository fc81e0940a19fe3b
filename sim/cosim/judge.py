"""The exact comparison: what the RTL did against the golden model and the cycle model."""

import dataclasses
import math

import numpy as np

from trispike.golden import Result
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.sim.cosim.captures import Run
from trispike.sim.cosim.cycles import NEVER, Schedule
from trispike.sim.report.mismatch import Mismatch


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """Differences found, by quantity, and the first one (by timestep, layer, then quantity)."""

    mismatches: dict[str, int]
    first: Mismatch | None


class _Comparison:
    def __init__(self, timesteps: int, first_image: int):
        self._timesteps, self._first_image = timesteps, first_image
        self.mismatches: dict[str, int] = {}
        self._found: list[tuple[tuple, Mismatch]] = []

    def compare(self, what, layer, expected, got, cycles, steps=None, positions=1):
        """Compare arrays of shape (steps,) or (steps, neurons); ``got`` may have fewer steps.

        ``steps`` are the numbers of those that are expected; None: from 0 on. Of maps, a timestep
        has a step for each of its ``positions``.
        """
        steps = range(len(expected)) if steps is None else steps
        self.mismatches.setdefault(what, 0)
        rank = list(self.mismatches).index(what)
        here = min(len(expected), len(got))
        wrong = expected[:here] != got[:here]
        missing = (len(expected) - here) * int(np.prod(expected.shape[1:]))
        surplus = (len(got) - here) * int(np.prod(expected.shape[1:]))
        self.mismatches[what] += int(np.count_nonzero(wrong)) + missing + surplus
        if wrong.any():
            at = np.unravel_index(np.argmax(wrong), wrong.shape)
            neuron = int(at[1]) if len(at) == 2 else None
            values = int(expected[at]), int(got[at])
            step = int(steps[at[0]])
            cycle = int(cycles[at[0]])
            self._note(what, rank, layer, step, neuron, cycle, *values, positions)
        elif missing or surplus:
            what = f"{what}: number of vectors"
            step = int(steps[here] if missing else steps[-1] + 1)
            counts = len(expected), len(got)
            self._note(what, rank, layer, step, None, None, *counts, positions)

    def compare_ends(self, what, expected, got, cycles):
        """Compare the timesteps that images took, (images,); events that follow from it come later.

        What differs stands where one of the two ended.
        """
        here = min(len(expected), len(got))
        wrong = np.flatnonzero(expected[:here] != got[:here])
        self.mismatches[what] = len(wrong)
        if len(wrong):
            image = int(wrong[0])
            values = int(expected[image]), int(got[image])
            step = image * self._timesteps + min(values) - 1
            self._note(what, 0, None, step, None, int(cycles[image]), *values)

    def _note(self, what, rank, layer, step, neuron, cycle, expected, got, positions=1):
        step, position = divmod(step, positions)
        mismatch = Mismatch(
            what=what,
            image=self._first_image + step // self._timesteps,
            timestep=step % self._timesteps + 1,
            layer=layer,
            position=position if positions > 1 else None,
            neuron=neuron,
            cycle=cycle,
            expected=expected,
            got=got,
        )
        behind = math.inf if layer is None else layer
        self._found.append(((step, behind, rank, position), mismatch))

    @property
    def first(self) -> Mismatch | None:
        return min(self._found, key=lambda found: found[0])[1] if self._found else None


EXPECTED: dict[str, tuple[str, str, str, str]] = {
    "potential": ("potentials", "potential", "fire", "fire cycle"),
    "spike": ("spikes", "spike", "taken", "output cycle"),
    "result": ("potentials", "result", "taken", "output cycle"),
}
"""For each probe's name: the golden model's values and what they are called, the cycle model's
cycles and what they are called."""


def _by_position(values: np.ndarray, channels: int) -> np.ndarray:
    """``values``, whose last axis is flattened maps, as (steps, channels): a step a position."""
    maps = values.reshape(-1, channels, values.shape[-1] // channels)
    return maps.swapaxes(1, 2).reshape(-1, channels)


def happened(schedule: Schedule, k: int, name: str) -> np.ndarray:
    """Steps in which layer ``k``'s probe ``name`` shows something: bool (steps,)."""
    return getattr(schedule, EXPECTED[name][2])[k] != NEVER


SCORES = {
    ReadOut.COUNT: "spike count",
    ReadOut.POTENTIAL: "potential sum",
    ReadOut.FIRST: "first spike",
}
"""What the scores of each read-out are called."""


def judge(
    golden: Result,
    schedule: Schedule,
    run: Run,
    *,
    shape: NetworkShape,
    timesteps: int,
    first_image: int,
) -> Verdict:
    """Compare a run with the models: what probes showed, cycles, scores and labels.

    ``first_image`` is the data set's index of the run's first image.
    """
    comparison = _Comparison(timesteps, first_image)
    # Cycles come after all values: a difference of a value says more.
    for (k, name), (got, cycles) in sorted(run.probed.items(), key=lambda item: item[0][1]):
        values, what, _, _ = EXPECTED[name]
        steps = np.flatnonzero(happened(schedule, k, name))
        expected = _by_position(getattr(golden, values)[k], shape.layers[k].neurons)[steps]
        positions = len(getattr(schedule, EXPECTED[name][2])[k]) // schedule.steps
        comparison.compare(what, k + 1, expected, got, cycles, steps, positions)
    for (k, name), (_, cycles) in sorted(run.probed.items(), key=lambda item: item[0][1]):
        _, _, times, what = EXPECTED[name]
        steps = np.flatnonzero(happened(schedule, k, name))
        every = getattr(schedule, times)[k]
        positions = len(every) // schedule.steps
        comparison.compare(what, k + 1, every[steps], cycles, cycles, steps, positions)

    if shape.stops:
        comparison.compare_ends(
            "timesteps taken", golden.decided, run.decided[:, 0], run.result_cycles
        )
    # A prediction stands at its last timestep, or at the one that it was to end with.
    whole = _Comparison(1, first_image)
    for what, expected, got in (
        (SCORES[shape.read_out], golden.scores, run.scores),
        ("label", golden.labels, run.labels),
        ("prediction cycle", schedule.result, run.result_cycles),
    ):
        whole.compare(what, None, expected, got, run.result_cycles)
    found = [comparison.first] if comparison.first else []
    if whole.first:
        image = min(whole.first.image - first_image, len(golden.decided) - 1)
        found += [dataclasses.replace(whole.first, timestep=int(golden.decided[image]))]
    first = min(found, key=lambda mismatch: mismatch.image, default=None)
    return Verdict(mismatches={**comparison.mismatches, **whole.mismatches}, first=first)
