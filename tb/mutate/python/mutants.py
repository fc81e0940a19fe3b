"""The mutants of Python files."""

import dataclasses
import functools
import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

from tb.kit.command import ROOT
from tb.mutate.imports import module_of
from tb.mutate.outcome import Mutant
from tb.mutate.python.changes import Change, Source, changes

Item = TypeVar("Item")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceMutant(Mutant):
    """A changed source file.

    - ``path``: of the file, from the checkout.
    - ``was``, ``now``: the lines that change, as one, before and after.
    - ``lines``: numbers of the lines of the statement that changes.
    - ``text``: the whole file after the change.
    """

    path: str
    was: str
    now: str
    lines: frozenset[int] = dataclasses.field(repr=False, compare=False)
    text: str = dataclasses.field(repr=False, compare=False)

    @property
    def module(self) -> str:
        """The name that it is imported by."""
        return module_of(self.path)


def mutants_of(paths: Iterable[str]) -> list[SourceMutant]:
    """All mutants of the files ``paths`` of the checkout."""
    return [mutant for path in paths for mutant in _mutants_of(path)]


@functools.cache
def _mutants_of(path: str) -> list[SourceMutant]:
    source = Source((ROOT / path).read_bytes())
    return [_mutant(path, source, change) for change in changes(source)]


def _mutant(path: str, source: Source, change: Change) -> SourceMutant:
    text = source.text
    start = text.rfind(b"\n", 0, change.start) + 1
    end = text.find(b"\n", change.end) % (len(text) + 1)
    was, now = (
        " ".join(lines.decode().split())
        for lines in (
            text[start:end],
            text[start : change.start] + change.text + text[change.end : end],
        )
    )
    line, column = source.line(change.start), source.column(change.start)
    return SourceMutant(
        place=f"{path}:{line}:{column}",
        change=f"without {was}" if change.text == b"pass" else now,
        path=path,
        was=was,
        now=now,
        lines=source.statement(line),
        text=source.changed(change).decode(),
    )


def sample(items: Sequence[Item], count: int | None, seed: int) -> list[Item]:
    """``count`` of ``items`` in their order, all if None: the same for the same ``seed``."""
    if count is None or count >= len(items):
        return list(items)
    chosen = random.Random(seed).sample(range(len(items)), count)
    return [items[k] for k in sorted(chosen)]
