"""`make sim MESH= TIMELINE=`: nodes, their flits and states, from the RTL."""

import collections
import functools
import json

import pytest

from tb.kit import perfetto, timelines
from tb.kit.command import trispike_here
from tb.kit.nodes import MESH, NODE, ON_THE_WAY, moved
from tb.kit.perfetto import needs_perfetto
from trispike.sim.node import command, run
from trispike.sim.node.setting import setting

pytestmark = pytest.mark.xdist_group("nodes")  # one worker builds them, for tb/sim/node too

IMAGES, TIMESTEPS = 3, 2


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """The timeline of so many images of a run, and the JSON's figures."""
    monkeypatch.setattr(command, "program", functools.partial(run.program, optimise=False))
    monkeypatch.setattr(command, "setting", functools.partial(setting, node=NODE))

    def drawn(images, *, multicast=False):
        files = {name: tmp_path / f"{name}.json" for name in ("timeline", "json")}
        options = ["--random", "3x60", "--mesh", str(MESH), "--images", str(IMAGES)]
        options += ["--timesteps", str(TIMESTEPS), "--stalls", "0.1", "--back-door"]
        if multicast:
            placed = functools.partial(setting, node=NODE)
            monkeypatch.setattr(
                command, "setting", lambda *a, **k: moved(placed(*a, **k), ON_THE_WAY)
            )
        else:
            options += ["--dead", "0.0.0", "--routing", "detour"]
        options += [word for name, path in files.items() for word in (f"--{name}", path)]
        done = trispike_here("sim", *options, "--timeline-images", str(images))
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"timeline: {files['timeline']}" in done.stdout
        return timelines.read(files["timeline"]), json.loads(files["json"].read_text())

    return drawn


def test_multicasts(drawn):
    """An arrow to each node that is given a multicast, all from where it was sent once."""
    made, figures = drawn(IMAGES, multicast=True)
    assert not figures["unicast"]
    assert len(made.arrows) == figures["flits_compared"]
    receivers = collections.defaultdict(set)
    for (sender, cycle, sent), (receiver, _, came) in made.arrows:
        assert sent.name == came.name
        if " ->> " in sent.name:
            receivers[sender, cycle].add(receiver.removesuffix(" receives"))
    found = {(sender, *sorted(some)) for (sender, _), some in receivers.items()}
    assert found == {
        ("host sends", "node 1.0.0", "node 2.0.0"),
        ("node 1.0.0 sends", "node 0.0.0", "node 0.1.0"),
        ("node 0.1.0 sends", "node 1.1.0", "node 2.1.0"),
    }
    sent = sum(len(slices) for track, slices in made.slices.items() if track.endswith(" sends"))
    assert sent == round(figures["flits_per_timestep"] * IMAGES * TIMESTEPS)
    copies = round(figures["copies_per_timestep"] * IMAGES * TIMESTEPS)
    assert sent + copies == figures["flits_compared"]


@needs_perfetto
@pytest.mark.thorough
def test_perfetto(drawn, tmp_path):
    """Its trace processor counts the spikes, flits and cycles that the figures have."""
    made, figures = drawn(IMAGES)
    with perfetto.opened(tmp_path / "timeline.json") as opened:
        opened.agrees(made)
        (arrows,) = opened.query("select count(*) as flits from flow")
        sent = opened.query(
            f"select thread.name as track, count(*) as flits from {perfetto.TRACKS} "
            "where thread.name glob '* sends' and slice.name glob '*neuron*' group by 1"
        )
        cycles = opened.cycles()
    assert arrows["flits"] == figures["flits_compared"]
    flits = {row["track"].removesuffix(" sends"): row["flits"] for row in sent}
    places = [f"node {place}" for place in figures["places"]]
    parts = [["host"], places[:2], places[2:4], places[4:]]
    copies = [2, 2, 2, 1]  # a layer is on two nodes, and each gets all spikes of the layer before
    for senders, copied, spikes in zip(parts, copies, figures["spikes"], strict=True):
        assert sum(flits[sender] for sender in senders) == copied * round(IMAGES * spikes)
    busy = sum(cycles[each] for each in cycles if "computing" in each[1])
    whole = len(places) * (figures["simulated_cycles"] - figures["loading_cycles"])
    assert busy == round(figures["computing"] * whole) > 0


def test_nodes(drawn):
    """An arrow for each flit that was compared; nodes compute as long as the figures say."""
    made, figures = drawn(IMAGES)
    assert len(made.arrows) == figures["flits_compared"]
    for (sender, _, sent), (receiver, _, came) in made.arrows:
        assert sender.endswith(" sends")
        assert receiver.endswith(" receives")
        assert sent.name == came.name
        source, where = sent.name.split(" step ")[0].split(" -> ")
        assert receiver == ("host" if "host" in where else f"node {where}") + " receives"
        if "host" not in source:
            assert sender == f"node {source.split()[1]} sends"
    nodes = [f"node {place} state" for place in figures["places"]]
    cycles = figures["simulated_cycles"] - figures["loading_cycles"]
    for state, name in (("computing", "computing"), ("blocked", "waits for a credit")):
        there = sum(
            each.stop - each.start
            for node in nodes
            for each in made.slices[node]
            if (name in each.name if state == "computing" else name == each.name)
        )
        assert there == round(figures[state] * cycles * len(nodes)) > 0
    marks = made.instants["host"]
    assert len(marks) == 2 * IMAGES * TIMESTEPS
    assert marks[-1][1] == f"image {IMAGES - 1} timestep {TIMESTEPS} is done"

    part, _ = drawn(1)
    end = next(cycle for cycle, name, _ in marks if name == "image 0 timestep 2 is done")
    sent = [  # in that cycle only the host's flit is before the end
        arrow for arrow in made.arrows if (arrow[0][1], arrow[0][0] != "host sends") <= (end, False)
    ]
    assert [arrow[0] for arrow in part.arrows] == [arrow[0] for arrow in sent]
    assert 0 < len(part.arrows) < len(made.arrows)
    assert len(part.instants["host"]) == 2 * TIMESTEPS
