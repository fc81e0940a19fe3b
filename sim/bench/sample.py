"""One timed run of a contender."""

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """What a contender did, and how long that took.

    cycles: Clock cycles that it simulated; None if it knows no clock.
    note: What a reader must know of it, or nothing.
    """

    images: int
    cycles: int | None
    seconds: float
    note: str = ""


class Contender(Protocol):
    """Something that does the work of a bench.

    Attributes
    ----------
    what
        What it is, for the progress bar.
    once
        It takes long whatever it is given, so that it runs once.
    """

    what: str
    once: bool

    def measure(self) -> dict[str, Sample]:
        """Do the work and time it: a sample for each row of the table.

        `sim.report.mismatch.MismatchFound` if the golden model says something else.
        """
