"""Mutants, and what became of each."""

import dataclasses

KILLERS = ("block tests", "co-simulation", "waves", "proofs", "oracles")
"""What notices a mutant, the first in this order that does."""

EQUIVALENT = "equivalent"
"""A fate: no input shows a difference, by a proof or for a reason that is written down."""

GAP = "gap"
"""A fate: nothing noticed it, and it is not known to be equivalent."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mutant:
    """One small change of a design or a program.

    place: ``rtl/neuron/pe.py:41``, or a module and its cell.
    change: What is there now, in a few words.
    """

    place: str
    change: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """A mutant's ``fate``, one of `KILLERS`, `EQUIVALENT` or `GAP`.

    why: The test that failed first, the proof or the reason, or the input that shows the change.
    """

    mutant: Mutant
    fate: str
    why: str
