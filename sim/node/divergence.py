"""What shows where nodes and models differ: the run again, up to there, traced and logged."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from trispike.sim.noc.divergence import same
from trispike.sim.node import waveform
from trispike.sim.node.results import NodesRun
from trispike.sim.node.run import program, run
from trispike.sim.node.setting import Setting
from trispike.sim.node.timeline import nodes_timeline
from trispike.sim.node.work import Conditions, Waves, Work
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.terminal.options import USUAL_WAVES_MB
from trispike.sim.tools import divergence, viewers
from trispike.sim.tools.waveform import WAVES, keep

_BEFORE, _AFTER = 1000, 64
"""Cycles that are shown: before a difference that is of no image, and after any."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ran:
    """A run, and what came of it."""

    setting: Setting
    task: Work
    conditions: Conditions
    done: NodesRun


def show(
    first: Mismatch,
    ran: Ran,
    folder: Path,
    place: Path,
    progress: Callable[[int, int, int], None] = lambda phase, done, total: None,
) -> str:
    """Run the same again until ``first`` shows, traced; returns words on what shows it.

    The run's files go to ``folder``; waveform and timeline to ``place``, with their suffixes, in
    place of older ones. Both begin with the image of ``first``. There is no waveform if that would
    be too large, and neither if the run does not go as it went. ``progress`` is as for
    `sim.node.run.run`.
    """
    return divergence.shown(place, lambda: _show(first, ran, folder, place, progress))


def _show(first: Mismatch, ran: Ran, folder: Path, place: Path, progress: Callable) -> str:
    setting, done = ran.setting, ran.done
    mapping, steps = setting.mapping, setting.exchange.steps
    stalls = ran.conditions.stall > 0
    images, cycles = _shown(first, setting, done)
    planned = images or range(1)
    fits = divergence.fits(lambda: waveform.plan(setting, planned, USUAL_WAVES_MB))
    waves = Waves(nodes=mapping.places, cycles=cycles, steps=steps) if fits else None
    how = {"stalls": stalls, "waves": fits}
    executable = program(mapping.mesh, setting.router, mapping.node, **how)
    conditions = dataclasses.replace(ran.conditions, logged=steps, waves=waves, limit=cycles.stop)
    again = run(executable, ran.task, folder, conditions, progress=progress)
    if not same(done, again, cycles.stop):
        return "the run does not go so again"
    wave, timeline = keep(folder / WAVES, place), place.with_suffix(".json")
    if wave:
        viewers.write(wave, waveform.views(setting, stalls=stalls), waveform.flits(again))
    nodes_timeline(timeline, setting, again, images, cycles=cycles, mark=first)
    return divergence.see(first.cycle, (wave, timeline))


def _shown(first: Mismatch, setting: Setting, done: NodesRun) -> tuple[range, range]:
    """The image of a difference, from 0, and the cycles round it."""
    when = int(done.times.max(initial=0)) if first.cycle is None else first.cycle
    stop = when + _AFTER + 1
    if first.image is None:
        return range(0), range(max(0, when - _BEFORE), stop)
    image = first.image - setting.exchange.first_image
    begun = int(done.begun[image * setting.timesteps])
    return range(image, image + 1), range(min(max(begun, 0), when), stop)
