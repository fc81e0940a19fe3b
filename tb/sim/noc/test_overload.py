"""Where a mesh saturates, by one run in which its nodes send all they can."""

import dataclasses
import json

import pytest

from tb.kit.command import trispike_here
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.mesh.traffic import Pattern
from trispike.sim.noc import overload, tables
from trispike.sim.noc.figures import measure
from trispike.sim.noc.run import program
from trispike.sim.noc.saturation import curves
from trispike.sim.noc.setting import Setting

MESH = MeshShape(x=3, y=2, z=4)


@pytest.mark.xdist_group("noc-small")
@pytest.mark.parametrize("pattern", [Pattern.UNIFORM, Pattern.HOTSPOT], ids=lambda each: each.value)
@pytest.mark.parametrize("multicast", [0.0, 0.5])
def test_agrees_with_a_sweep(tmp_path, pattern, multicast):
    """Within a twentieth of the most that runs of more loads accept, whatever the run's own load.

    It is judged and counted as any run is.
    """
    executable = program(MESH, RouterShape(), optimise=False)
    low = Setting(
        mesh=MESH,
        router=RouterShape(),
        pattern=pattern,
        rate=0.05,
        bursts=0.1,
        multicast=multicast,
        cycles=6000,
        warmup=1200,
    )
    rates = [dataclasses.replace(low, rate=tenth / 10) for tenth in (2, 4, 6, 8, 10)]
    [curve] = curves([measure(each, executable, tmp_path) for each in rates])
    found = measure(overload.overload(low), executable, tmp_path)
    assert (found.cycles, found.warmup) == (overload.CYCLES, overload.WARMUP)
    assert found.accepted == pytest.approx(curve.most_accepted, rel=0.05)


def test_every_run_tells(tmp_path):
    """Each pattern its own; what a point of a sweep does not tell is no line of a table."""
    path = tmp_path / "runs.json"
    options = ["--mesh", "2x1x1", "--traffic", "all", "--cycles", "300", "--rate", "0.01"]
    done = trispike_here("noc", *options, "--json", path)
    assert done.returncode == 0, done.stderr
    points = json.loads(path.read_text())["points"]
    found = {point["pattern"]: point["saturation"] for point in points}
    assert found["neighbour"] == 1.0
    assert found["hotspot"] < found["uniform"] < 1
    assert done.stdout.count("saturation: nodes send all they can") == len(Pattern)


def test_not_told(tmp_path):
    """A run that was measured without it."""
    setting = Setting(
        mesh=MeshShape(x=2, y=1, z=1),
        router=RouterShape(),
        pattern=Pattern.UNIFORM,
        rate=0.1,
        cycles=100,
        warmup=0,
    )
    point = measure(setting, program(setting.mesh, setting.router), tmp_path)
    assert point.saturation is None
    quantities = list(tables.terminal(point).columns[0].cells)
    assert not [each for each in quantities if each.startswith("saturation")]
