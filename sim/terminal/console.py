"""What commands show on a terminal."""

import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column, Table


def progress_bar() -> Progress:
    """A progress bar on standard error that vanishes when done; nothing where it is no terminal."""
    errors = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )


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
