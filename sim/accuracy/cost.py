"""The cost of quantisation: accuracy of 32-bit weights less accuracy of ternary ones."""

import dataclasses
import statistics
from collections.abc import Sequence

from trispike.sim.accuracy.record import Entry


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """Accuracy that a ternary network loses against the same one with 32-bit weights.

    recipe, baseline: Recipes of the ternary and of the 32-bit weights.
    seeds: The seeds of both measurements: both networks got the same spikes.
    points: For each seed, the difference in percentage points; entry T - 1 is for T timesteps.
    """

    layer: str
    recipe: str
    baseline: str
    seeds: tuple[int, ...]
    points: tuple[tuple[float, ...], ...]

    @property
    def timesteps(self) -> int:
        """Number of timesteps of the shorter measurement."""
        return len(self.points[0])

    def mean(self, timesteps: int) -> float:
        """Mean over the seeds."""
        return statistics.fmean(row[timesteps - 1] for row in self.points)

    def deviation(self, timesteps: int) -> float | None:
        """Sample standard deviation over the seeds; None for a single seed."""
        if len(self.seeds) < 2:
            return None
        return statistics.stdev(row[timesteps - 1] for row in self.points)


def costs(entries: Sequence[Entry]) -> list[Cost]:
    """The cost of each ternary network among ``entries`` whose baseline is in them too.

    A baseline is the 32-bit network of the same recipe, sparse or not, else those of others. Only
    seeds of both measurements count; pairs without a common seed are left out. All ``entries`` are
    of one data set.
    """
    priced = []
    for ternary in (entry for entry in entries if entry.source.bits == 2):
        for baseline in _baselines(ternary, entries):
            points = _points(ternary, baseline)
            if points:
                priced.append(
                    Cost(
                        layer=ternary.source.layer,
                        recipe=ternary.source.recipe,
                        baseline=baseline.source.recipe,
                        seeds=tuple(points),
                        points=tuple(points.values()),
                    )
                )
    return priced


def _baselines(ternary: Entry, entries: Sequence[Entry]) -> list[Entry]:
    layer, recipe = ternary.source.layer, ternary.source.recipe
    found = [each for each in entries if (each.source.bits, each.source.layer) == (32, layer)]
    own = [each for each in found if recipe.startswith(each.source.recipe.removesuffix("-32bit"))]
    return own or found


def _points(ternary: Entry, baseline: Entry) -> dict[int, tuple[float, ...]]:
    ternary_runs, baseline_runs = (
        dict(zip(entry.spread.seeds, entry.spread.measurements, strict=True))
        for entry in (ternary, baseline)
    )
    return {
        seed: tuple(
            100 * (b - a)
            for a, b in zip(ternary_runs[seed].accuracy, baseline_runs[seed].accuracy, strict=False)
        )
        for seed in ternary_runs
        if seed in baseline_runs
    }
