"""A recorded waveform: the value of each signal of a scenario in each cycle."""

import dataclasses
import itertools
from collections.abc import Iterator

MEANINGLESS = "-"
"""Recorded in place of a payload in a cycle without ``valid``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wave:
    """Values of named signals over consecutive clock cycles.

    ``signals``: name to values as text, one for each cycle, cycle 0 first; all of the same length.
    A value is read just before the clock edge that ends its cycle.
    """

    signals: dict[str, list[str]]

    @property
    def cycles(self) -> int:
        """Number of recorded cycles."""
        return len(next(iter(self.signals.values())))

    def value(self, name: str, cycle: int) -> str | None:
        """Value of ``name`` in ``cycle``; None outside the recording."""
        return self.signals[name][cycle] if 0 <= cycle < self.cycles else None

    def runs(self, name: str) -> Iterator[tuple[int, str]]:
        """Number of cycles and value of each interval in which ``name`` is constant."""
        for value, stretch in itertools.groupby(self.signals[name]):
            yield sum(1 for _ in stretch), value
