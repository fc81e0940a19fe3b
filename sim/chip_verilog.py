"""A chip's Verilog, exported once for each content of `rtl` and `models`.

Most of the time of an export is Yosys's, several seconds for a large chip.
"""

import hashlib
import json
from pathlib import Path

import amaranth

from models.files import write_atomically
from models.network import NetworkShape
from rtl.chip import Chip
from rtl.verilog import export
from sim.paths import ROOT, build_folder

KEEP = 40
"""Exports that the cache keeps; the ones used longest ago go first."""


def chip_verilog(shape: NetworkShape) -> tuple[str, dict[str, str]]:
    """Name of the top module and what `rtl.verilog.export` makes of the chip of ``shape``.

    It comes from the cache if the sources, Amaranth and the shape are the same as before. A damaged
    entry counts as none.
    """
    cache = build_folder() / "exports"
    entry = cache / f"{_digest(shape)}.json"
    try:
        top, texts = json.loads(entry.read_bytes())
        entry.touch()
        return top, dict(texts)
    except (OSError, ValueError, TypeError):
        pass
    chip = Chip(shape=shape)
    texts = export(chip)
    cache.mkdir(parents=True, exist_ok=True)
    write_atomically(entry, json.dumps([chip.module_name, list(texts.items())]).encode())
    entries = sorted(cache.glob("*.json"), key=_age)
    for old in entries[:-KEEP]:
        old.unlink(missing_ok=True)
    return chip.module_name, texts


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another run was faster
        return 0.0


def _digest(shape: NetworkShape) -> str:
    whole = hashlib.sha256(f"{amaranth.__version__}\0{shape!r}".encode())
    for room in ("models", "rtl"):
        for source in sorted((ROOT / room).glob("*.py")):
            whole.update(f"\0{source.name}\0".encode())
            whole.update(source.read_bytes())
    return whole.hexdigest()[:20]
