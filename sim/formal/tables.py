"""Proofs and counterexamples as tables for a terminal."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from trispike.sim.formal.claims import CLAIM, INVARIANT, SITUATION
from trispike.sim.formal.proof import Proof, Trace, Verdict

_SHOWN = 8
"""Cycles of a counterexample that are printed."""

_OURS = ("clk", "rst", "started")


def results(rows: Sequence[tuple[Proof, Sequence[Verdict]]]) -> Table:
    """A row for each proof with the results of its cases; fits 100 columns."""
    table = Table(title="formal proofs", box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for name in ("proof", "block, for which parameters", "what holds", "how far", "result"):
        table.add_column(name, no_wrap=name in ("proof", "how far", "result"))
    table.add_column("seconds", justify="right", no_wrap=True)
    for proof, verdicts in rows:
        table.add_row(
            proof.name,
            f"{proof.block}: {proof.parameters}",
            proof.about,
            proof.extent,
            result(verdicts),
            f"{sum(verdict.seconds for verdict in verdicts):.1f}",
        )
    return table


def result(verdicts: Sequence[Verdict]) -> str:
    """``holds`` if all cases hold, else the first result that differs."""
    return next((verdict.text for verdict in verdicts if not verdict.holds), "holds")


def trace(shown: Trace) -> Table:
    """The last cycles of ``shown``: the failed claims, then the signals of the bench."""
    cycles = len(next(iter(shown.signals.values())))
    first = max(0, cycles - _SHOWN)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("cycle", no_wrap=True)
    for cycle in range(first, cycles):
        table.add_column(str(cycle), justify="right", no_wrap=True)
    for name in (*shown.failed, *filter(_telling, shown.signals)):
        table.add_row(name, *map(_value, shown.signals[name][first:]))
    return table


def _telling(name: str) -> bool:
    return name not in _OURS and not name.startswith((CLAIM, INVARIANT, SITUATION, "past_"))


def _value(number: int) -> str:
    return str(number) if number < 10 else f"{number:#x}"
