"""What a proof is, and what came of it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from trispike.sim.formal.claims import Bench


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A proof for one choice of parameters.

    Parameters
    ----------
    name
        The choice in words: ``depth 3``.
    bench
        Makes the bench.
    """

    name: str
    bench: Callable[[], Bench]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proof:
    """Claims about one block.

    Parameters
    ----------
    name
        What ``PROOF=`` calls it.
    about
        What is claimed.
    block
        The component.
    parameters
        All cases in words.
    cases
        Each is proved by itself.
    induction
        No claim fails in the first so many cycles; and whatever the state, if none failed in so
        many, none does in the next. So they are true for ever. 0: bounded by ``cycles`` instead.
    cycles
        In so many all situations are reached, and a counterexample is looked for if the induction
        fails.
    """

    name: str
    about: str
    block: str
    parameters: str
    cases: tuple[Case, ...]
    cycles: int
    induction: int = 1

    def __post_init__(self):
        assert self.cycles >= self.induction

    @property
    def extent(self) -> str:
        """How far it goes."""
        if self.cycles == 1:
            return "all inputs"
        return f"{self.induction}-induction" if self.induction else f"{self.cycles} cycles"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trace:
    """Cycles that refute a claim.

    Parameters
    ----------
    failed
        Claims that the last cycle breaks.
    signals
        Value in each cycle, by name: those of the bench.
    waveform
        VCD file with these and what is below.
    """

    failed: tuple[str, ...]
    signals: dict[str, list[int]]
    waveform: Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a case.

    Parameters
    ----------
    case
        Its name.
    counterexample
        Cycles from power-on that refute a claim.
    step
        Cycles that fail the induction, from a state which perhaps cannot be.
    unreached
        Situations that cannot be reached.
    seconds
        What it took.
    """

    case: str
    counterexample: Trace | None = None
    step: Trace | None = None
    unreached: tuple[str, ...] = ()
    seconds: float

    @property
    def holds(self) -> bool:
        """All claims are proved, and the situations reached."""
        return not (self.counterexample or self.step or self.unreached)

    @property
    def text(self) -> str:
        """In a word or two."""
        if self.counterexample:
            return "refuted"
        if self.step:
            return "not inductive"
        return "vacuous" if self.unreached else "holds"
