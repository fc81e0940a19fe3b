"""The record of mutants, docs/mutation.json, and what is shown of it."""

import collections
import dataclasses
from collections.abc import Sequence

from rich.table import Table

from tb.mutate.outcome import EQUIVALENT, GAP, KILLERS, Outcome
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.records import Records
from trispike.sim.report.terminal import plain_table


@dataclasses.dataclass(frozen=True, kw_only=True)
class Survivor:
    """A mutant that nothing noticed, and why it is equivalent, or what shows the change."""

    place: str
    change: str
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockScore:
    """What became of the mutants of a block.

    - ``block``, ``seed``: as BLOCK= and SEED= have them.
    - ``killed``: how many each killer noticed first, in the order of `outcome.KILLERS`.
    - ``equivalent``, ``gaps``: those that survived.
    """

    block: str
    seed: int
    killed: dict[str, int]
    equivalent: tuple[Survivor, ...]
    gaps: tuple[Survivor, ...]

    @property
    def mutants(self) -> int:
        """All of them."""
        return sum(self.killed.values()) + len(self.equivalent) + len(self.gaps)

    @property
    def score(self) -> float | None:
        """Part of those that are not equivalent that was killed; None if all are equivalent."""
        killed = sum(self.killed.values())
        return killed / (killed + len(self.gaps)) if killed or self.gaps else None


def score(block: str, seed: int, outcomes: Sequence[Outcome]) -> BlockScore:
    """What the ``outcomes`` of a block's mutants come to."""
    fates = collections.Counter(outcome.fate for outcome in outcomes)
    survivors = {
        fate: tuple(
            Survivor(place=each.mutant.place, change=each.mutant.change, why=each.why)
            for each in outcomes
            if each.fate == fate
        )
        for fate in (EQUIVALENT, GAP)
    }
    return BlockScore(
        block=block,
        seed=seed,
        killed={killer: fates[killer] for killer in KILLERS if fates[killer]},
        equivalent=survivors[EQUIVALENT],
        gaps=survivors[GAP],
    )


def _key(entry: BlockScore) -> tuple[int]:
    from tb.mutate.blocks import BLOCKS  # these make outcomes, which are in turn recorded

    if entry.block not in BLOCKS:
        raise ValueError(f"there is no block {entry.block}")
    return (list(BLOCKS).index(entry.block),)


SCORES = Records(format="trispike-mutation-1", entry=BlockScore, what="mutants", key=_key)


def _cells(entry: BlockScore) -> tuple[str, ...]:
    share = "" if entry.score is None else f"{entry.score:.1%}"
    killed = [str(entry.killed.get(killer, "")) for killer in KILLERS]
    counts = str(len(entry.equivalent)), str(len(entry.gaps))
    return (entry.block, str(entry.mutants), *killed, *counts, share)


_HEAD = ("block", "mutants", *KILLERS, "equivalent", "gaps", "score")


def table(entries: Sequence[BlockScore]) -> Table:
    """For the terminal."""
    shown = plain_table("mutants, and what noticed them first", _HEAD[:1], _HEAD[1:])
    for entry in entries:
        shown.add_row(*_cells(entry))
    return shown


def gaps(entries: Sequence[BlockScore]) -> list[str]:
    """A line for each gap."""
    return [
        f"gap in {entry.block}: {each.place}: {each.change} ({each.why})"
        for entry in entries
        for each in entry.gaps
    ]


def markdown(entries: Sequence[BlockScore]) -> str:
    """The section of docs/results.md."""
    lines = [markdown_table(_HEAD, [_cells(entry) for entry in entries])]
    found = [(entry.block, each) for entry in entries for each in entry.gaps]
    if found:
        rows = [(block, f"`{each.place}`", f"`{each.change}`") for block, each in found]
        rows = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
        lines += ["", "Gaps:", "", markdown_table(("block", "place", "what stands there"), rows)]
    return "\n".join(lines)
