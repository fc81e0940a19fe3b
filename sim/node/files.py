"""Waveforms and timelines of a run of the scalable chip."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from trispike.sim.node import divergence, waveform
from trispike.sim.node.divergence import Ran
from trispike.sim.node.results import NodesRun
from trispike.sim.node.setting import Setting
from trispike.sim.node.timeline import nodes_timeline
from trispike.sim.node.work import Waves
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
    stalls: float
    timeline: Path | None
    images_on_timeline: int


@dataclasses.dataclass(kw_only=True)
class Files:
    """What is written of a run for the eye.

    - ``asked``, ``setting``: the run.
    - ``folder``: that of the run.
    - ``name``: of the waveforms.
    - ``wave``: the waveform, once it is there.
    """

    asked: Asked
    setting: Setting
    folder: Path
    name: str
    wave: Path | None = None

    def plan(self) -> Waves | None:
        """What is to be traced, and say how large that will be; None without a waveform.

        `BadInput` if not even one image fits.
        """
        if not self.asked.waves:
            return None
        images = range(self.setting.images)
        plan = waveform.plan(self.setting, images, self.asked.waves_limit)
        print(plan, flush=True)
        steps = plan.traced * self.setting.timesteps
        return Waves(nodes=self.setting.mapping.places, cycles=range(1 << 62), steps=steps)

    def keep(self, done: NodesRun | None) -> None:
        """Keep the waveform, and draw the timeline, if they are asked for.

        ``done`` is None of a run that was interrupted, which has no timeline.
        """
        asked = self.asked
        if asked.waves:
            self.wave = keep(self.folder / WAVES, _place(self.name))
            groups = waveform.views(self.setting, stalls=asked.stalls > 0)
            viewers.announce(self.wave, groups, waveform.flits(done) if done else ())
        if self.wave:
            print(viewers.commands(self.wave))
        if done and asked.timeline is not None:
            images = range(min(asked.images_on_timeline, self.setting.images))
            nodes_timeline(asked.timeline, self.setting, done, images, command=asked.command)
            print(f"timeline: {relative(asked.timeline)}")

    def interrupted(self) -> None:
        """Keep what there is of a waveform that was begun."""
        if (self.folder / WAVES).exists():
            self.keep(None)

    def explain(self, first: Mismatch, ran: Ran, progress: Callable[[int, int, int], None]) -> str:
        """Words on what shows a difference, once that is written; ``progress`` as for a run."""
        which = "difference" if first.image is None else f"image-{first.image}"
        place = _place(f"{self.name}-{which}")
        return divergence.show(first, ran, self.folder / "again", place, progress)


def _place(name: str) -> Path:
    return build_folder() / "waves" / name.replace(".", "_").replace(" ", "_")
