"""What moved between two benches."""

import dataclasses

from trispike.sim.bench.record import TITLES, Record

SAME_MACHINE = ("processor", "architecture", "cores", "python", "verilator", "compiler")
"""Facts that are alike if two benches ran on machines alike."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """One row in an old and a new bench.

    old, new: Cycles per second.
    old_ratio, new_ratio: The same over the ceiling of the same bench: it compares two machines.
    """

    old: float
    new: float
    old_ratio: float
    new_ratio: float

    @property
    def change(self) -> float:
        """New rate over the old one: above 1 is faster."""
        return self.new / self.old

    @property
    def normalised(self) -> float:
        """New ratio to the ceiling over the old one."""
        return self.new_ratio / self.old_ratio


def moves(old: Record, new: Record) -> dict[str, Move]:
    """How each row moved that both benches have, by name."""
    return {
        name: Move(
            old=old.rows[name].cycles_per_second,
            new=new.rows[name].cycles_per_second,
            old_ratio=old.ratio(name),
            new_ratio=new.ratio(name),
        )
        for name in TITLES
        if name in old.rows and name in new.rows
    }


def remarks(old: Record, new: Record) -> list[str]:
    """One line each on rows of one bench alone, on other work and on another machine."""
    lines = []
    for which, here, there in (("old", old, new), ("new", new, old)):
        only = [TITLES[name] for name in TITLES if name in here.rows and name not in there.rows]
        if only:
            lines.append(f"only in the {which} bench: {', '.join(only)}")
    for what, before, after in _differences(vars(old.run), vars(new.run)):
        lines.append(f"other work: {what} was {before}, is {after}")
    unlike = _differences(
        {fact: old.machine.get(fact) for fact in SAME_MACHINE},
        {fact: new.machine.get(fact) for fact in SAME_MACHINE},
    )
    for what, before, after in unlike:
        lines.append(f"another machine: {what} was {before}, is {after}")
    if unlike:
        lines.append("so compare the ratios to the ceiling, not cycles/s")
    return lines


def _differences(before: dict, after: dict) -> list[tuple]:
    return [(what, before[what], after[what]) for what in before if before[what] != after[what]]
