"""How far a run on nodes is."""

from trispike.sim.node.phases import Phases
from trispike.sim.terminal.console import progress_bar


def test_phases():
    """Each phase has its count: images of the golden model and the run, transactions of memory."""
    progress = progress_bar("images")
    phases = Phases(progress, "net on 2x1x1", images=30, timesteps=4)

    def shown():
        (task,) = progress.tasks
        things = task.fields.get("things", "images")
        return task.description, task.completed, task.total, things

    phases.golden(10)
    assert shown() == ("running the golden model", 10, 30, "images")
    phases.golden(30)
    assert shown()[:3] == ("placing net on 2x1x1", 0, None)
    phases.tell(0, 5, 800)
    assert shown() == ("loading net on 2x1x1", 5, 800, "transactions")
    phases.tell(1, 0, 120)
    phases.tell(1, 42, 120)
    assert shown() == ("simulating net on 2x1x1", 10.5, 30, "images")
    phases.tell(2, 7, 9)
    assert shown() == ("reading back net on 2x1x1", 7, 9, "transactions")
    phases.tell(0, 1, 800)  # the same again
    assert shown()[0] == "loading net on 2x1x1"
