"""Tables in Markdown."""

from collections.abc import Sequence


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table with the titles ``head`` and the rows ``body``."""
    return "\n".join([_row(head), _row(["---"] * len(head)).replace(" ", ""), *map(_row, body)])
