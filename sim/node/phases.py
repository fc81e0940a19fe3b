"""How far a run of the scalable chip is, on a terminal."""

from rich.progress import Progress, TaskID

from trispike.sim.node.setting import Setting
from trispike.sim.terminal.console import next_phase

_PHASES = (("loading", "transactions"), ("simulating", "images"), ("reading back", "transactions"))


class Phases:
    """Shows on ``progress`` what `sim.node.run.run` tells, in place of ``task``, which has ended.

    ``setting`` is what is run.
    """

    def __init__(self, progress: Progress, task: TaskID, setting: Setting):
        self._progress, self._task, self._phase = progress, task, None
        self._what = f"{setting.network.name} on {setting.mapping.mesh}"
        self._timesteps = setting.timesteps

    def tell(self, phase: int, done: int, total: int) -> None:
        """So much is ``done`` of a ``phase``, from 0."""
        doing, things = _PHASES[phase]
        steps = self._timesteps if things == "images" else 1
        if phase != self._phase:
            self.begin(f"{doing} {self._what}", total / steps, things)
            self._phase = phase
        self._progress.update(self._task, completed=done / steps)

    def begin(self, description: str, total: float | None = None, things: str = "") -> None:
        """Something else begins."""
        self._task = next_phase(self._progress, self._task, description, total)
        self._progress.update(self._task, things=things)
