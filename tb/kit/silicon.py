"""Blocks mapped to standard cells, for tests, and the tools that these tests need."""

from pathlib import Path

import pytest

from trispike.rtl.hierarchy import Block
from trispike.sim.synthesis import liberty, tools
from trispike.sim.synthesis.clock_gates import clock_gate
from trispike.sim.synthesis.flow import Mapped, synthesise
from trispike.sim.tools.paths import build_folder


def _needs(packages: list[str]):
    return pytest.mark.skipif(
        bool(packages), reason=f"synthesis is not installed: sudo apt install {' '.join(packages)}"
    )


needs_yosys = _needs(tools.missing(timing=False))
needs_synthesis = _needs(tools.missing())


def mapped(
    block: Block,
    *,
    flat: bool = False,
    gated: bool = True,
    early: bool = False,
    folder: Path | None = None,
) -> Mapped:
    """``block`` in the default cells, below ``folder``, which is ``build/tests`` unless given.

    ``early``: its clock gates have no latches, in time or not.
    """
    place = build_folder() / "tests" if folder is None else folder
    how = f"{'-flat' * flat}{'-ungated' * (not gated)}{'-early' * early}"
    name, library = f"gates-{block.module_name}{how}", liberty.read(tools.LIBERTY)
    made = synthesise(block, library, place / name, flat=flat, gated=gated)
    if early:
        made = made.with_clock_gate(clock_gate(library, early=True))
        made.write()
    return made
