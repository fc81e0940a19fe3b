"""``python -m tb.mutate``, which `make mutate` starts."""

from tb.mutate.command import mutate
from trispike.sim.cli import main

main(mutate)
