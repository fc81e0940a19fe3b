"""What commands show on a terminal."""

import contextlib
import datetime
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column, Table
from rich.text import Text


class _Count(ProgressColumn):
    """How much is done, and of how much, where that is known."""

    def __init__(self, things: str):
        super().__init__()
        self._things = things

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text()
        things = task.fields.get("things", self._things)
        return Text(f"{task.completed:,.0f}/{task.total:,.0f} {things}".rstrip())


class _Remaining(ProgressColumn):
    """Time that is left at the pace so far; rich's own looks at the last half minute only."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if not task.total or not task.completed or task.elapsed is None:
            return Text()
        left = task.elapsed * (task.total / task.completed - 1)
        return Text(f"{datetime.timedelta(seconds=round(left))} left")


def progress_bar(things: str = "") -> Progress:
    """A progress bar on standard error that vanishes when done; nothing where it is no terminal.

    ``things``: what a task's steps are, in the plural, unless its field ``things`` says so. Each
    task tells how long it has taken, one with a total also how long it may still take: `next_phase`
    keeps the clocks of phases apart.
    """
    errors = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        _Count(things),
        TimeElapsedColumn(),
        _Remaining(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )


def next_phase(
    progress: Progress, task: TaskID, description: str, total: int | None = None
) -> TaskID:
    """Put a task with a clock of its own in the place of ``task``, which has ended."""
    progress.remove_task(task)
    return progress.add_task(description, total=total)


def table_console(width: int = 100) -> Console:
    """Standard output for tables: as wide as the terminal, or ``width`` where it is none."""
    console = Console()
    return console if console.is_terminal else Console(width=width)


def quantity_table(title: str, rows: Iterable[tuple[str, str, str]]) -> Table:
    """A table of figures: quantity, value, and how it is known (given, measured or derived)."""
    columns = "quantity", Column("value", justify="right"), Column("how", style="dim")
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def warn(what: str) -> None:
    """Say on standard error what is likely not as it was meant."""
    print(f"warning: {what}", file=sys.stderr)


def relative(path: Path) -> str:
    """``path`` as seen from the current folder, if it is below it."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
