"""Liberty files of standard cells."""

import random
from pathlib import Path

from tb.fuzz import damage

_CELLS = b"""library (toy) {
  capacitive_load_unit (10,ff);  /* a comment, { */
  cell (NAND2X1) { area : 2.5;
    pin (A, B) { direction : input; capacitance : 1; }
    pin (Y) { direction : output; max_capacitance : 40; function : "!(A B)";
      timing () { related_pin : "A"; cell_rise (t) { values ("0, 1"); } } }
  }
  cell (BUF) { area : 3;
    pin (A) { direction : input; capacitance : 2; }
    pin (Y) { direction : output; max_capacitance : 200; function : "(A)"; }
  }
  cell ("DFF") { area : 10; ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (D) { direction : input; capacitance : 1; } pin (Q) { direction : output; }
  }
}
"""
_PIECES = (
    b"{",
    b"}",
    b"(",
    b")",
    b'"',
    b";",
    b"/*",
    b"*/",
    b"cell (X) {",
    b"pin () {",
    b"area : nan;",
)


class Liberty:
    """A small library with words put in, taken out and damaged."""

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        text = bytearray(_CELLS)
        for _ in range(rng.choice([1, 1, 3, 9])):
            at = rng.randrange(len(text))
            if rng.random() < 0.5:
                text[at:at] = rng.choice(_PIECES) * rng.choice([1, 1, 1, 5000])
            else:
                del text[at : at + rng.choice([1, 5, 50])]
        data = damage.bytes_of(rng, bytes(text)) if rng.random() < 0.5 else bytes(text)
        (folder / "cells.lib").write_bytes(data)
        block = rng.choice([["--layer", "fc256"], ["--block", "router"], ["--block", "node"]])
        return ["synth", *block, "--liberty", "cells.lib"]
