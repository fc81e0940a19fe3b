"""Names for sources and tests as they are: of others than these, no outcome counts."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tb.kit.command import ROOT

_ROOMS = ("models", "golden", "rtl", "sim", "tb")
_SUFFIXES = (".py", ".cpp", ".h", ".vlt", ".v")


def sources() -> list[Path]:
    """All of them, tests too."""
    paths = (path for room in _ROOMS for path in (ROOT / room).rglob("*"))
    return sorted(path for path in paths if path.suffix in _SUFFIXES)


def digest_of(paths: Iterable[Path]) -> str:
    """A name for the text of files of the checkout, the same for the same text."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:20]
