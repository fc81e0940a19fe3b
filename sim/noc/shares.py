"""How far runs side by side are, on a terminal."""

from collections.abc import Sequence

from rich.progress import Progress, TaskID

from trispike.sim.noc.setting import Setting


class Shares:
    """Shows as ``task`` of ``progress`` how far the runs of ``settings`` are.

    Many count as points, one in cycles.
    """

    def __init__(self, progress: Progress, task: TaskID, settings: Sequence[Setting]):
        self._progress, self._task = progress, task
        self._done = [0.0] * len(settings)
        self._scale = settings[0].cycles if len(settings) == 1 else 1
        if len(settings) == 1:
            progress.update(task, total=self._scale, things="cycles")

    def tell(self, k: int, phase: int, done: int, total: int) -> None:
        """Run ``k`` has ``done`` so much of a ``total``; see `sim.noc.run.run`."""
        self._done[k] = done / total
        self._progress.update(self._task, completed=self._scale * sum(self._done))

    def end(self, k: int) -> None:
        """Run ``k`` is over."""
        self.tell(k, 0, 1, 1)
