"""Reasons why mutants of Python are equivalent to what they were made of: ``reasons.toml``.

Each names a file, a line as it is, what becomes of it in one or more mutants, and why no input
shows a difference. A line is known by its text, as its number changes.
"""

import dataclasses
import functools
import tomllib
from pathlib import Path

from tb.mutate.outcome import EQUIVALENT, GAP, Outcome
from tb.mutate.python.mutants import SourceMutant

_FILE = Path(__file__).with_name("reasons.toml")


@functools.cache
def reasons() -> dict[tuple[str, str, str], str]:
    """By file, line as it was and line as it is: why these are equivalent."""
    return {
        (file, entry["was"], now): entry["why"]
        for file, entries in tomllib.loads(_FILE.read_text()).items()
        for entry in entries
        for now in entry["now"]
    }


def settled(outcome: Outcome) -> Outcome:
    """``outcome``, or that its mutant is equivalent if there is a reason for a gap."""
    mutant: SourceMutant = outcome.mutant
    why = reasons().get((mutant.path, mutant.was, mutant.now))
    if outcome.fate != GAP or why is None:
        return outcome
    return dataclasses.replace(outcome, fate=EQUIVALENT, why=why)
