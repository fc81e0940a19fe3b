"""``python -m tb.fuzz``, which make fuzz starts."""

from tb.fuzz.command import fuzz
from trispike.sim.cli import main

if __name__ == "__main__":
    main(fuzz, "python -m tb.fuzz")
