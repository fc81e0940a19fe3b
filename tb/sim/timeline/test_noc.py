"""`make noc TIMELINE=`: flits and their ways, from the RTL."""

import functools
import json
import re

import numpy as np
import pytest

from tb.kit import perfetto, timelines
from tb.kit.command import refused_here, trispike_here
from tb.kit.perfetto import needs_perfetto
from trispike.models.mesh.topology import MeshShape
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc import command
from trispike.sim.noc.run import NEVER, program
from trispike.sim.noc.timeline import heads


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The timeline of traffic on a small mesh, and the JSON's point."""
    monkeypatch.setattr(command, "program", functools.partial(program, optimise=False))

    def traffic(*options):
        drawn, figures = tmp_path / "timeline.json", tmp_path / "figures.json"
        traffic = ["--mesh", "2x2x1", "--rate", "0.5", "--cycles", "60", "--warmup", "0"]
        files = ["--timeline", drawn, "--json", figures]
        done = trispike_here("noc", *traffic, *files, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"timeline: {drawn}" in done.stdout
        return timelines.read(drawn), json.loads(figures.read_text())["points"][0]

    return traffic


def test_every_flit(run):
    """An arrow for each flit; its cycles and waits are those of the figures' means.

    A multicast is sent once, and has an arrow to each node that gets a copy besides.
    """
    made, point = run("--bursts", "0.3", "--stalls", "0.2", "--multicast", "1")
    assert len(made.arrows) == point["flits"] > 100
    cycles, copies = [], 0
    for (sender, start, sent), (receiver, stop, came) in made.arrows:
        assert sender.endswith(" sends")
        assert (sent.stop - 1, came.start) == (start, stop)
        assert sent.name == came.name
        assert came.args == {"cycles": stop - start}
        where = re.search(r" ->>? (\S+)", sent.name)[1]
        if receiver == f"node {where} receives":
            cycles.append(stop - start)
        else:
            assert " ->> " in sent.name
            copies += 1
    assert copies == point["copies"] > 5
    assert np.mean(cycles) == pytest.approx(point["network_latency"]["mean"])
    tracks = (track for name, track in made.slices.items() if name.endswith(" sends"))
    waits = [each.args["waited"] for track in tracks for each in track]
    assert len(waits) == len(cycles)
    assert max(waits) == point["longest_wait"]


@needs_perfetto
@pytest.mark.thorough
def test_perfetto(run, tmp_path):
    """Its trace processor has an arrow for each flit, and their mean latency."""
    made, point = run("--stalls", "0.2")
    with perfetto.opened(tmp_path / "timeline.json") as opened:
        opened.agrees(made)
        (row,) = opened.query(
            "select count(*) as flits, avg(came.ts + came.dur - sent.ts - sent.dur) as latency "
            "from flow join slice as sent on sent.id = slice_out "
            "join slice as came on came.id = slice_in"
        )
    assert row["flits"] == point["flits"] > 100
    assert row["latency"] / perfetto.CYCLE == pytest.approx(point["network_latency"]["mean"])


def test_bounded(run):
    """The flits that were taken first."""
    whole, _ = run()
    part, _ = run("--timeline-flits", "20")
    assert len(part.arrows) == 20
    starts = sorted(start for (_, start, _), _ in whole.arrows)
    assert sorted(start for (_, start, _), _ in part.arrows) == starts[:20]


def test_heads():
    """A flit is its node's first to go once the one before has been taken."""
    sources, times = np.array([0, 0, 0, 1]), np.array([2, 3, 9, 3])
    mesh = MeshShape(x=2, y=1, z=1)
    offered = Traffic(mesh=mesh, cycles=9, sources=sources, times=times, flits=np.zeros(4, "u4"))
    assert heads(offered, np.array([4, 6, NEVER, 3])).tolist() == [2, 5, 9, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--timeline-flits", "3"], "TIMELINE_FLITS has no meaning without TIMELINE="),
        (["--timeline", "a.json", "--sweep"], "TIMELINE= is for one run: leave out SWEEP="),
        (["--timeline", "a.json", "--traffic", "all"], "TIMELINE= is for one run: leave out"),
    ],
)
def test_refused(options, message):
    assert message in refused_here("noc", *options)
