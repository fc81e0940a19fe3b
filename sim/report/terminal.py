"""Tables for a terminal."""

from collections.abc import Sequence

from rich import box
from rich.table import Table


def plain_table(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    """An empty table whose columns do not wrap: first of ``words``, then of ``numbers``."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for name in words:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
