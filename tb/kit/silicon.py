"""Blocks mapped to standard cells, for tests, and the tools that these tests need."""

from pathlib import Path

import pytest

from trispike.rtl.hierarchy import Block
from trispike.sim.synthesis import liberty, tools
from trispike.sim.synthesis.flow import Mapped, synthesise
from trispike.sim.tools.paths import build_folder


def _needs(packages: list[str]):
    return pytest.mark.skipif(
        bool(packages), reason=f"synthesis is not installed: sudo apt install {' '.join(packages)}"
    )


needs_yosys = _needs(tools.missing(timing=False))
needs_synthesis = _needs(tools.missing())


def mapped(
    block: Block, *, flat: bool = False, gated: bool = True, folder: Path | None = None
) -> Mapped:
    """``block`` in the default cells, below ``folder``, which is ``build/tests`` unless given."""
    place = build_folder() / "tests" if folder is None else folder
    name = f"gates-{block.module_name}{'-flat' * flat}{'-ungated' * (not gated)}"
    return synthesise(block, liberty.read(tools.LIBERTY), place / name, flat=flat, gated=gated)
