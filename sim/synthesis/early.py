"""Chips whose clock gates have no latches, where every enable is there in time."""

from pathlib import Path

from trispike.rtl.chip.fixed_chip import Chip
from trispike.sim.synthesis import timing
from trispike.sim.synthesis.clock_gates import clock_gate
from trispike.sim.synthesis.flow import Mapped, synthesise
from trispike.sim.synthesis.liberty import Liberty
from trispike.sim.synthesis.netlist import CLOCK_GATE
from trispike.sim.synthesis.timing import Timing


def synthesised_chip(
    chip: Chip, library: Liberty, folder: Path, *, gated: bool = True
) -> tuple[Mapped, Timing]:
    """Map ``chip`` as `flow.synthesise` does, and time it.

    Clock gates of ``library`` that need no latch take the place of those that have one, if the chip
    is not slower for it and leaves its memory banks as much time.
    """
    mapped = synthesise(chip, library, folder, gated=gated)
    timed = timing.time(mapped)
    gate = clock_gate(library, early=True)
    if gate is None or CLOCK_GATE not in mapped.netlist.modules:
        return mapped, timed
    early = mapped.with_clock_gate(gate)
    early.write()
    timed_early = timing.time(early, "timing-early")
    if timed_early.period <= timed.period and timed_early.left >= timed.left:
        return early, timed_early
    mapped.write()
    return mapped, timed
