"""``python -m tb.mutate``, which `make mutate` starts."""

from tb.mutate.command import mutate
from trispike.sim.cli import main

if __name__ == "__main__":
    main(mutate, "python -m tb.mutate")
