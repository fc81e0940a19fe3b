"""What became of mutants, kept as it is found: a run that was interrupted goes on."""

import contextlib
import json

from tb.mutate.block import Block
from tb.mutate.outcome import Mutant, Outcome
from trispike.sim.tools.paths import build_folder


class Store:
    """The outcomes of mutants of ``block`` with ``seed``, of sources and tests as they are.

    A line of JSON each in ``path``, in build/mutate; one that was cut short counts as none.
    """

    def __init__(self, block: Block, seed: int):
        self.path = build_folder() / "mutate" / f"{block.name}-{seed}-{block.key()}.jsonl"
        self._known = {}
        text = self.path.read_text() if self.path.exists() else ""
        self._begin = "\n" if text and not text.endswith("\n") else ""
        for line in text.splitlines():
            with contextlib.suppress(ValueError):
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
        self.path.parent.mkdir(parents=True, exist_ok=True)
        words = [mutant.place, mutant.change, outcome.fate, outcome.why]
        with self.path.open("a") as file:
            file.write(f"{self._begin}{json.dumps(words)}\n")
        self._begin = ""
