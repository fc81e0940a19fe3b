"""What shows where a mesh and the models differ: the run again, up to there, traced."""

from pathlib import Path
from typing import Protocol

import numpy as np

from trispike.sim.noc import waveform
from trispike.sim.noc.run import TrafficRun, program, run_of
from trispike.sim.noc.setting import Setting
from trispike.sim.noc.timeline import difference_timeline
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.terminal.options import USUAL_WAVES_MB
from trispike.sim.tools import divergence, viewers
from trispike.sim.tools.waveform import WAVES, keep

_BEFORE, _AFTER = 500, 200
"""Cycles that are shown, before a difference and after it."""


class Given(Protocol):
    """What a run gave: who got which flit, in which cycle."""

    receivers: np.ndarray
    times: np.ndarray
    flits: np.ndarray


def show(first: Mismatch, setting: Setting, done: TrafficRun, folder: Path, place: Path) -> str:
    """Run ``setting`` again until ``first`` shows, traced; returns words on what shows it.

    The run's files go to ``folder``; waveform and timeline to ``place``, with their suffixes, in
    place of older ones; ``done`` is how it went. There are none of a difference that is of no
    cycle, and no waveform if that would be too large.
    """
    if first.cycle is None:
        return ""
    return divergence.shown(place, lambda: _show(first, setting, done, folder, place))


def _show(first: Mismatch, setting: Setting, done: TrafficRun, folder: Path, place: Path) -> str:
    cycles = range(max(0, first.cycle - _BEFORE), first.cycle + _AFTER + 1)
    fits = divergence.fits(lambda: waveform.plan(setting, len(cycles), USUAL_WAVES_MB))
    executable = program(setting.mesh, setting.router, waves=fits)
    shown = {"limit": cycles.stop, "waves": cycles if fits else range(0)}
    repeated = run_of(setting, executable, folder, **shown)
    if not same(done, repeated, cycles.stop):
        return "the run does not go so again"
    wave, timeline = keep(folder / WAVES, place), place.with_suffix(".json")
    if wave:
        viewers.write(wave, waveform.views(setting.mesh), waveform.flits(repeated))
    difference_timeline(timeline, repeated, cycles, first)
    return divergence.see(first.cycle, (wave, timeline))


def same(one: Given, other: Given, cycles: int) -> bool:
    """Whether two runs gave the same flits in the first ``cycles``."""
    parts = [(each.receivers, each.times, each.flits) for each in (one, other)]
    early = [[array[each[1] < cycles] for array in each] for each in parts]
    return all(map(np.array_equal, *early))
