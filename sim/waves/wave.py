"""A recorded waveform: what each signal of a scenario showed in each cycle."""

import dataclasses
import itertools
from collections.abc import Iterator

MEANINGLESS = "-"
"""Stands for a payload in a cycle without ``valid``, whatever it is there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wave:
    """Values of named signals over consecutive clock cycles.

    Parameters
    ----------
    signals
        Name to values as text, one for each cycle, cycle 0 first. All have the same length. A
        value is what stands before the clock edge that ends its cycle.
    """

    signals: dict[str, list[str]]

    @property
    def cycles(self) -> int:
        """How many cycles were recorded."""
        return len(next(iter(self.signals.values())))

    def value(self, name: str, cycle: int) -> str | None:
        """Value of ``name`` in ``cycle``; None outside of what was recorded."""
        return self.signals[name][cycle] if 0 <= cycle < self.cycles else None

    def runs(self, name: str) -> Iterator[tuple[int, str]]:
        """Number of cycles and value of each stretch in which ``name`` stays the same."""
        for value, stretch in itertools.groupby(self.signals[name]):
            yield sum(1 for _ in stretch), value
