"""The exact comparison: what the RTL did against the golden model and the cycle model."""

import dataclasses

import numpy as np

from trispike.golden import Result
from trispike.models.network.numbers import POTENTIAL_BITS
from trispike.sim.cosim.captures import Run
from trispike.sim.cosim.cycles import Schedule
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

    def compare(self, what, layer, expected, got, cycles):
        """Compare arrays of shape (steps,) or (steps, neurons); ``got`` may have fewer steps."""
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
            self._note(what, rank, layer, int(at[0]), neuron, int(cycles[at[0]]), *values)
        elif missing or surplus:
            what = f"{what}: number of vectors"
            self._note(what, rank, layer, here, None, None, len(expected), len(got))

    def _note(self, what, rank, layer, step, neuron, cycle, expected, got):
        mismatch = Mismatch(
            what=what,
            image=self._first_image + step // self._timesteps,
            timestep=step % self._timesteps + 1,
            layer=layer or None,
            neuron=neuron,
            cycle=cycle,
            expected=expected,
            got=got,
        )
        self._found.append(((step, layer, rank), mismatch))

    @property
    def first(self) -> Mismatch | None:
        return min(self._found, key=lambda found: found[0])[1] if self._found else None


def judge(
    golden: Result, schedule: Schedule, run: Run, *, timesteps: int, first_image: int
) -> Verdict:
    """Compare a run with the models: potentials, spikes, cycles, spike counts and labels.

    ``first_image`` is the data set's index of the run's first image.
    """
    comparison = _Comparison(timesteps, first_image)

    def steps(array: np.ndarray) -> np.ndarray:
        return array.reshape(-1, array.shape[-1])

    for k, capture in enumerate(run.potentials or ()):
        got = capture.numbers(POTENTIAL_BITS, signed=True)
        comparison.compare("potential", k + 1, steps(golden.potentials[k]), got, capture.cycles)
    for k, capture in enumerate(run.spikes):
        comparison.compare("spike", k + 1, steps(golden.spikes[k]), capture.bits, capture.cycles)
    for k, capture in enumerate(run.potentials or ()):
        cycles = capture.cycles
        comparison.compare("fire cycle", k + 1, schedule.fire[k], cycles, cycles)
    for k, capture in enumerate(run.spikes):
        cycles = capture.cycles
        comparison.compare("output cycle", k + 1, schedule.taken[k], cycles, cycles)

    # A prediction stands at its last timestep.
    whole = _Comparison(1, first_image)
    for what, expected, got in (
        ("spike count", golden.counts, run.counts),
        ("label", golden.labels, run.labels),
        ("prediction cycle", schedule.result, run.result_cycles),
    ):
        whole.compare(what, 0, expected, got, run.result_cycles)
    first = comparison.first
    if first is None and whole.first is not None:
        first = dataclasses.replace(whole.first, timestep=timesteps)
    return Verdict(mismatches={**comparison.mismatches, **whole.mismatches}, first=first)
