"""Proofs and their results."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from trispike.sim.formal.claims import Bench


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One choice of a proof's parameters.

    name: The parameters in words: ``depth 3``.
    """

    name: str
    bench: Callable[[], Bench]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proof:
    """Claims about one block.

    name: Name for ``PROOF=``.
    about: The claims in words.
    parameters: The parameters of all cases in words.
    cases: Each is proved separately.
    induction: Depth k of the k-induction: no claim fails in the first k cycles; and from any state,
        if none fails in k cycles, none fails in the next. So the claims hold for ever. 0: the proof
        covers ``cycles`` cycles instead.
    cycles: Cycles within which every situation is reached, and within which a counterexample is
        searched if the induction fails.
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
        """Depth or bound of the proof, in words."""
        if self.cycles == 1:
            return "all inputs"
        return f"{self.induction}-induction" if self.induction else f"{self.cycles} cycles"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trace:
    """Cycles that end with a failed claim.

    failed: Claims that fail in the last cycle.
    signals: Values in each cycle, by name, of the bench's signals.
    waveform: VCD file with these signals and those below the bench.
    """

    failed: tuple[str, ...]
    signals: dict[str, list[int]]
    waveform: Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """Result of a case.

    counterexample: Cycles from power-on to a failed claim.
    step: Cycles that fail the induction, from a state that may be unreachable.
    unreached: Situations that are unreachable.
    """

    case: str
    counterexample: Trace | None = None
    step: Trace | None = None
    unreached: tuple[str, ...] = ()
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether all claims are proved and all situations reached."""
        return not (self.counterexample or self.step or self.unreached)

    @property
    def text(self) -> str:
        """The result in one or two words."""
        if self.counterexample:
            return "refuted"
        if self.step:
            return "not inductive"
        return "vacuous" if self.unreached else "holds"
