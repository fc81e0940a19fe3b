"""How far a run of the scalable chip is, on a terminal."""

from rich.progress import Progress

from trispike.sim.terminal.console import next_phase

_PHASES = (("loading", "transactions"), ("simulating", "images"), ("reading back", "transactions"))


class Phases:
    """Shows on ``progress`` one thing after the other.

    ``what`` is run, ``images`` of so many ``timesteps``.
    """

    def __init__(self, progress: Progress, what: str, images: int, timesteps: int):
        self._progress, self._phase = progress, None
        self._what, self._images, self._timesteps = what, images, timesteps
        self._task = progress.add_task("running the golden model", total=images)

    def golden(self, images: int) -> None:
        """So many are done by the golden model; what comes next is placing."""
        self._progress.update(self._task, completed=images)
        if images == self._images:
            self.begin(f"placing {self._what}")

    def tell(self, phase: int, done: int, total: int) -> None:
        """So much is ``done`` of a ``phase``, from 0, see `sim.node.run.run`."""
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
