"""What a mesh delivers of each source, and which sources it starves."""

import numpy as np
import pytest
from amaranth import *

from tb.kit.mutants import FixedPriority, export_anew
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.mesh.traffic import Pattern
from trispike.rtl.noc import output_unit
from trispike.sim.noc import tables
from trispike.sim.noc.fairness import Fairness
from trispike.sim.noc.figures import measure
from trispike.sim.noc.run import program
from trispike.sim.noc.setting import Setting

ROW = MeshShape(x=4, y=1, z=1)


def _fairness(offered, delivered, cycles=1000):
    return Fairness.of(ROW, np.array(offered), np.array(delivered), cycles)


def test_rates_and_index():
    """Flits a cycle by source; Jain's index of delivered over offered, silent sources aside."""
    found = _fairness([200, 400, 0, 100], [100, 400, 0, 100])
    assert found.delivered == {"0.0.0": 0.1, "1.0.0": 0.4, "2.0.0": 0.0, "3.0.0": 0.1}
    assert (found.least, found.mean, found.most) == (0.0, 0.15, 0.4)
    assert found.index == pytest.approx(2.5**2 / (3 * (0.25 + 1 + 1)))
    assert _fairness([500] * 4, [500, 0, 0, 0]).index == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    ("offered", "delivered", "starved"),
    [
        ([900, 900, 900, 900], [100, 0, 100, 100], ("1.0.0",)),
        ([900, 900, 900, 900], [400, 31, 400, 31], ()),  # a seventh of the mean
        ([900, 900, 900, 900], [400, 20, 400, 21], ("1.0.0", "3.0.0")),  # less than a tenth
        ([900, 10, 900, 900], [400, 1, 400, 400], ()),  # a tenth of what it offered
        ([900, 9, 900, 900], [400, 0, 400, 400], ()),  # too few to tell
        ([0, 900, 900, 900], [0, 400, 400, 400], ()),  # it offers nothing
        ([20, 20, 20, 20], [9, 0, 9, 9], None),
        ([0, 0, 0, 0], [0, 0, 0, 0], None),
    ],
)
def test_starved(offered, delivered, starved):
    """Less than a tenth of what a source offered, or of the mean if that is less."""
    assert _fairness(offered, delivered).starved == starved


def test_nothing_delivered():
    """No index."""
    assert _fairness([0] * 4, [0] * 4).index is None
    assert _fairness([9] * 4, [0] * 4).index is None


def test_fixed_priority_starves(tmp_path, monkeypatch):
    """Four nodes that send all they can, and the hot one stalls: a source is starved, and named."""
    export_anew(monkeypatch)
    monkeypatch.setattr(output_unit, "RoundRobinArbiter", FixedPriority)
    setting = Setting(
        mesh=MeshShape(x=2, y=2, z=1),
        router=RouterShape(),
        pattern=Pattern.HOTSPOT,
        rate=1.0,
        stalls=0.8,
        cycles=3000,
        warmup=600,
    )
    executable = program(setting.mesh, setting.router, optimise=False)
    point = measure(setting, executable, tmp_path)
    assert point.fairness.starved == ("0.0.0",)
    assert point.fairness.index < 0.6
    told = "1 of 4 sources are starved, with less than 10% of their fair share: 0.0.0"
    assert told in tables.warnings(point)
