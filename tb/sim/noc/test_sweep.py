"""The points of a sweep as curves, record, table and figure."""

import dataclasses
import sys

import pytest

from tb.kit.extras import needs_matplotlib
from trispike.models.errors import BadInput
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.mesh.traffic import Pattern
from trispike.sim import cli
from trispike.sim.noc import command, record, tables
from trispike.sim.noc.fairness import Fairness
from trispike.sim.noc.figures import Latency, Point, measure
from trispike.sim.noc.run import program
from trispike.sim.noc.saturation import curves
from trispike.sim.noc.setting import Setting
from trispike.sim.noc.steadiness import Steadiness
from trispike.sim.report.document import read_section
from trispike.sim.tools import paths


def _point(mesh="4x4x4", pattern="uniform", rate=0.1, accepted=None, mean=5.0, starved=()):
    latency = Latency(mean=mean, median=5.0, percentile_99=9.0, longest=12)
    accepted = rate if accepted is None else accepted
    fairness = Fairness(
        delivered={"0.0.0": accepted},
        least=accepted,
        mean=accepted,
        most=accepted,
        index=1.0,
        starved=starved,
    )
    steadiness = Steadiness(
        offered=1000,
        delivered=round(1000 * accepted / rate),
        backlogs=(0.0, 0.0),
        steady=accepted > 0.95 * rate,
    )
    return Point(
        mesh=mesh,
        router="depth4_xyz",
        dead_links=(),
        pattern=pattern,
        rate=rate,
        bursts=0.0,
        stalls=0.0,
        seed=0,
        cycles=1000,
        warmup=200,
        flits=int(64000 * rate),
        drops=0,
        waiting=0,
        offered=rate,
        accepted=accepted,
        steadiness=steadiness,
        fairness=fairness,
        came=1.0,
        latency=latency,
        network_latency=latency,
        zero_load=4.75,
        hops=3.75,
        links={"0.0.0 east": 0.2},
        mean_link=0.1,
        busiest_link=0.2,
        busiest="0.0.0 east",
        bound=0.97,
        longest_wait=1,
        run_cycles=1010,
        seconds=0.1,
    )


POINTS = [
    _point(rate=0.5, accepted=0.47),
    _point(rate=0.1),
    _point(rate=0.4, accepted=0.39),
    _point(mesh="2x2x2", pattern="hotspot", starved=("0.0.0", "1.0.0")),
    _point(mesh="2x2x2", pattern="uniform"),
]


def test_curves():
    """Points by mesh and traffic, rates ascending; saturation is less than 95% accepted."""
    small, hot, large = curves(POINTS)
    assert [(c.mesh, c.pattern) for c in (small, hot, large)] == [
        ("2x2x2", "uniform"),
        ("2x2x2", "hotspot"),
        ("4x4x4", "uniform"),
    ]
    assert [point.rate for point in large.points] == [0.1, 0.4, 0.5]
    assert large.saturation == 0.5
    assert large.most_accepted == 0.47
    assert large.bisection == 1.0
    assert small.saturation is None
    assert hot.bisection is None


def test_record(tmp_path):
    """What was written is read; new points take the place of those of their mesh and traffic."""
    path = tmp_path / "noc.json"
    assert record.POINTS.read(path) == []
    record.POINTS.write(path, record.bare(POINTS))
    assert record.POINTS.read(path) == record.bare(POINTS)
    assert '"delivered": {}' in path.read_text()
    fresh = [_point(rate=0.3)]
    assert record.merge(POINTS, fresh) == [*POINTS[3:], *fresh]


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other"}', '{"format": "trispike-noc-1"}'])
def test_bad_record(tmp_path, text):
    """A record that is none is named."""
    path = tmp_path / "noc.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"noc\.json is not a record of networks"):
        record.POINTS.read(path)


def test_markdown():
    """The section has a line for each curve, and BookSim2's figures beside ours."""
    text = tables.markdown(curves(POINTS))
    assert "| 4x4x4 | uniform | 3.750 | 5.0 | 4.75 | 0.500 | 0.470 | 0.970 | 1.000 | 0 |" in text
    assert "| 2x2x2 | hotspot | 3.750 | 5.0 | 4.75 | none | 0.100 | 0.970 |  | 2 |" in text
    assert "| 0.1 | 3.750 | 3.751 | 5.0 | 21.8 | 0.1000 |" in text
    assert "| 0.4 | 3.750 |  | 5.0 | 715.4 (unstable) | 0.3900 |" in text
    unsteady = tables.markdown(curves([_point(rate=0.4, accepted=0.3)]))
    assert "| 4x4x4 | uniform | 3.750 | 5.0 (unsteady) | 4.75 | 0.400 |" in unsteady
    assert "| 0.4 | 3.750 |  | 5.0 (unsteady) | 715.4 (unstable) | 0.3000 |" in unsteady


def test_record_of_before():
    """A point without fairness and steadiness: steady unless saturated; starved is not known."""
    old = {"steadiness": None, "fairness": None, "came": None}
    points = [dataclasses.replace(point, **old) for point in POINTS[:3]]
    assert [point.steady for point in points] == [False, True, True]
    assert record.bare(points) == [dataclasses.replace(point, links={}) for point in points]
    assert "| 4x4x4 | uniform | 3.750 | 5.0 |" in tables.markdown(curves(points))
    assert "| 0.970 | 1.000 | - |" in tables.markdown(curves(points))


def test_no_flits(tmp_path):
    """A run in which nothing was sent has no latency, and a table all the same."""
    setting = Setting(
        mesh=MeshShape(x=2, y=1, z=1),
        router=RouterShape(),
        pattern=Pattern.UNIFORM,
        rate=1e-9,
        cycles=50,
        warmup=10,
    )
    point = measure(setting, program(setting.mesh, setting.router), tmp_path)
    assert (point.flits, point.accepted, point.latency.mean) == (0, 0.0, None)
    assert (point.hops, point.zero_load, point.came, point.fairness.index) == (None,) * 4
    values = dict(
        zip(*(column.cells for column in tables.terminal(point).columns[:2]), strict=True)
    )
    assert values["  their hops: mean"] == values["    without other flits: hops + 1"] == "-"
    assert values["  starved sources"] == "too few flits"
    assert not tables.warnings(point)
    assert "| 2x1x1 | uniform | - | - | - | none |" in tables.markdown(curves([point]))
    assert not point.saturated


def test_matplotlib_missing(monkeypatch, capsys):
    """Without matplotlib a sweep says so before it measures anything."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "trispike.sim.noc.plots", raising=False)
    monkeypatch.setattr(sys, "argv", ["sim", "noc", "--sweep"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "pip install 'trispike[plots]'" in capsys.readouterr().err


@needs_matplotlib
def test_curve_ends_with_its_last_steady_run():
    """Means of runs that have no steady state are not drawn, nor what comes after them."""
    from matplotlib.figure import Figure

    from trispike.sim.noc import plots

    rates = {0.1: 0.1, 0.4: 0.39, 0.5: 0.3, 0.6: 0.6}
    points = [_point(rate=rate, accepted=got, mean=70 * rate) for rate, got in rates.items()]
    (curve,) = curves(points)
    axes = Figure().subplots()
    plots._draw(axes, curve)
    measured, faint, *_ = axes.lines
    assert list(measured.get_xdata()) == [0.1, 0.4]
    assert list(measured.get_ydata()) == pytest.approx([7.0, 28.0])
    assert list(faint.get_xdata()) == [0.4, 0.5]
    assert list(faint.get_ydata()) == pytest.approx([28.0, plots._HIGHEST])


@needs_matplotlib
def test_written(monkeypatch, tmp_path):
    """A sweep writes its figure, section and record, and keeps what it did not measure."""
    from trispike.sim.noc import plots

    assert plots.latency(curves(POINTS)) == plots.latency(curves(POINTS))
    monkeypatch.setattr(paths, "docs", lambda record: tmp_path / "docs")
    monkeypatch.setattr(paths, "build_folder", lambda: tmp_path / "build")
    document = tmp_path / "docs" / "results.md"
    document.parent.mkdir()
    document.write_text("before\n<!-- begin noc -->\n<!-- end noc -->\nafter\n")
    record.POINTS.write(tmp_path / "docs" / "noc.json", POINTS[:3])
    written = command._Place(record=True).write([dataclasses.replace(POINTS[3], rate=0.2)])
    assert all(path.exists() for path in written)
    section = read_section(document, "noc")
    assert "| 2x2x2 | hotspot |" in section
    assert "| 4x4x4 | uniform |" in section
    assert len(record.POINTS.read(tmp_path / "docs" / "noc.json")) == 4
