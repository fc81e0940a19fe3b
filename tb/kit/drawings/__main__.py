"""Writes all drawings, or those that are named, to docs/figures."""

import sys

from tb.kit.drawings.catalogue import FOLDER, drawings


def main(names: list[str]) -> None:
    """Write the drawings ``names``, or all."""
    for name, draw in drawings().items():
        if not names or name in names:
            (FOLDER / f"{name}.svg").write_text(draw().svg())


main(sys.argv[1:])
