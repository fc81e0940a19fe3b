"""What became of mutants, kept as it is found: a run that was interrupted goes on."""

import functools
import hashlib
import json
from pathlib import Path

from tb.kit.command import ROOT
from tb.mutate.block import Block
from tb.mutate.outcome import Mutant, Outcome
from trispike.sim.tools.paths import build_folder

_ROOMS = ("models", "golden", "rtl", "sim", "tb")
_JUDGES = ROOT / "tb/mutate/python"
_SUFFIXES = (".py", ".cpp", ".h", ".vlt", ".v")


@functools.cache
def digest() -> str:
    """A name for all sources and tests as they are, but for those that judge mutants of Python."""
    whole = hashlib.sha256()
    paths = (path for room in _ROOMS for path in (ROOT / room).rglob("*"))
    for path in sorted(each for each in paths if each.suffix in _SUFFIXES):
        if path.is_relative_to(_JUDGES):
            continue
        whole.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:20]


class Store:
    """The outcomes of mutants of ``block`` with ``seed``, of these sources and tests.

    A line of JSON each, in build/mutate; one that was cut short counts as none.
    """

    def __init__(self, block: Block, seed: int, folder: Path | None = None):
        folder = folder or build_folder() / "mutate"
        key = hashlib.sha256(f"{digest()} {block.key}".encode()).hexdigest()[:20]
        self._path = folder / f"{block.name}-{seed}-{key}.jsonl"
        self._known = {}
        if self._path.exists():
            for line in self._path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    place, change, fate, why = json.loads(line)
                    self._known[place, change] = fate, why

    def get(self, mutant: Mutant) -> Outcome | None:
        """What became of ``mutant``; None if it is not known."""
        found = self._known.get((mutant.place, mutant.change))
        return found and Outcome(mutant=mutant, fate=found[0], why=found[1])

    def put(self, outcome: Outcome) -> None:
        """Keep ``outcome``."""
        mutant = outcome.mutant
        self._known[mutant.place, mutant.change] = outcome.fate, outcome.why
        self._path.parent.mkdir(parents=True, exist_ok=True)
        words = [mutant.place, mutant.change, outcome.fate, outcome.why]
        cut = self._path.exists() and not self._path.read_bytes().endswith(b"\n")
        with self._path.open("a") as file:
            file.write("\n" * cut + json.dumps(words) + "\n")
