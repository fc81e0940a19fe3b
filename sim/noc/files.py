"""Waveforms and timelines of traffic on a mesh."""

import dataclasses
from pathlib import Path
from typing import Protocol

from trispike.sim.noc import divergence, waveform
from trispike.sim.noc.judge import Judged
from trispike.sim.noc.overload import overload
from trispike.sim.noc.run import TrafficRun
from trispike.sim.noc.setting import Setting
from trispike.sim.noc.timeline import noc_timeline
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.terminal.console import relative
from trispike.sim.tools import viewers
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.waveform import WAVES, keep


class Asked(Protocol):
    """What of a request is of such files, see `sim.terminal.options`."""

    command: str
    waves: bool
    waves_limit: int
    timeline: Path | None
    flits_on_timeline: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Files:
    """What is written of a run for the eye.

    - ``asked``, ``setting``: the run.
    - ``folder``: that of the run.
    """

    asked: Asked
    setting: Setting
    folder: Path

    def plan(self) -> range:
        """The cycles that are to be traced, and say how large that will be.

        `BadInput` if not even one fits.
        """
        if not self.asked.waves:
            return range(0)
        cycles = self.setting.cycles
        plan = waveform.plan(self.setting, cycles, self.asked.waves_limit)
        print(plan, flush=True)
        return range(plan.traced if plan.traced < cycles else 1 << 62)  # with what comes later

    def keep(self, done: TrafficRun | None) -> None:
        """Keep the waveform, if it is asked for; ``done`` is None of a run that was interrupted."""
        if not self.asked.waves:
            return
        wave = keep(self.folder / WAVES, self._place)
        flits = waveform.flits(done) if done else ()
        viewers.announce(wave, waveform.views(self.setting.mesh), flits)
        if wave:
            print(viewers.commands(wave))

    def draw(self, judged: Judged) -> None:
        """Write the timeline, if one is asked for."""
        asked = self.asked
        if asked.timeline is not None:
            noc_timeline(asked.timeline, judged, asked.flits_on_timeline, command=asked.command)
            print(f"timeline: {relative(asked.timeline)}")

    def interrupted(self) -> None:
        """Keep what there is of a waveform that was begun."""
        if (self.folder / WAVES).exists():
            self.keep(None)

    def overload(self) -> "Files":
        """Those of the run that says where the mesh saturates, of which nothing is drawn."""
        folder = self.folder / "overload"
        return dataclasses.replace(self, setting=overload(self.setting), folder=folder)

    def explain(self, first: Mismatch, done: TrafficRun) -> str:
        """Words on what shows a difference, once that is written."""
        place = self._place.with_name(f"{self._place.name}-difference")
        return divergence.show(first, self.setting, done, self.folder / "again", place)

    @property
    def _place(self) -> Path:
        name = f"noc-{self.setting.mesh}-{self.setting.pattern.value}-{self.setting.rate:g}"
        return build_folder() / "waves" / name.replace(".", "_")
