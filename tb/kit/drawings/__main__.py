"""Writes all drawings, or those that are named, to docs/figures."""

import importlib.util
import sys

from trispike.sim.terminal.extras import install


def main(names: list[str]) -> int:
    """Write the drawings ``names``, or all; returns the exit status."""
    if importlib.util.find_spec("schemdraw") is None:
        print(f"error: drawings need schemdraw: {install('docs')}", file=sys.stderr)
        return 2
    from tb.kit.drawings.catalogue import FOLDER, drawings

    known = drawings()
    for name in names:
        if name not in known:
            print(f"error: {name} must be one of {', '.join(known)}", file=sys.stderr)
            return 2
    for name in names or known:
        (FOLDER / f"{name}.svg").write_text(known[name]().svg())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
