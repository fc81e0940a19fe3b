"""How far traffic on meshes is."""

import pytest

from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.mesh.traffic import Pattern
from trispike.sim.noc.setting import Setting
from trispike.sim.noc.shares import Shares
from trispike.sim.terminal.console import progress_bar

SETTING = Setting(
    mesh=MeshShape(x=2, y=1, z=1),
    router=RouterShape(),
    pattern=Pattern.UNIFORM,
    rate=0.3,
    cycles=5000,
    warmup=0,
)


@pytest.mark.parametrize(
    ("runs", "shown"), [(1, (2500, 5000, "cycles")), (4, (0.5, 4, "points"))], ids=["one", "many"]
)
def test_shares(runs, shown):
    """One run counts cycles; of several the half of one is half a point."""
    progress = progress_bar("points")
    task = progress.add_task("simulating", total=runs)
    shares = Shares(progress, task, [SETTING] * runs)
    shares.tell(0, 0, 2500, 5000)
    (bar,) = progress.tasks
    assert (bar.completed, bar.total, bar.fields.get("things", "points")) == shown
    for k in range(runs):
        shares.end(k)
    assert progress.finished
