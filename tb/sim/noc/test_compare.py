"""A run of `make noc` beside one that was kept before."""

import dataclasses
import json
import re

import pytest

from tb.kit.command import refused_here, trispike_here
from trispike.models.errors import BadInput
from trispike.sim.noc import compare, tables
from trispike.sim.noc.command import Traffic

RUN = ("noc", "--mesh", "2x1x1", "--cycles", "300", "--rate", "0.4")


@pytest.fixture
def kept(tmp_path):
    """What a run keeps."""
    path = tmp_path / "old.json"
    done = trispike_here(*RUN, "--json", path)
    assert done.returncode == 0, done.stderr
    return path


def _settings(**options):
    return Traffic(mesh="2x1x1", cycles=300, rate=0.4, **options).settings()


def _change(kept, **fields):
    """Another run than was kept."""
    whole = json.loads(kept.read_text())
    whole["points"][0] |= fields
    kept.write_text(json.dumps(whole))


def test_same_run(kept):
    """Nothing moves."""
    done = trispike_here(*RUN, "--compare", kept)
    assert done.returncode == 0, done.stderr
    assert "since " in done.stdout
    assert re.search(
        r"latency from offer: mean, cycles *│ +([\d.]+) │ +\1 │ +\+0\.0 │", done.stdout
    )
    assert re.search(r"starved sources *│ +0 │ +0 │ +\+0 │", done.stdout)


def test_what_moved(kept):
    """Differences of figures, and the names of the sources that one run alone starves."""
    [old] = compare.read(kept, _settings())
    fairness = dataclasses.replace(old.fairness, index=0.5, starved=("1.0.0",))
    steadiness = dataclasses.replace(old.steadiness, steady=False)
    latency = dataclasses.replace(old.latency, mean=old.latency.mean - 1, median=None)
    new = dataclasses.replace(old, fairness=fairness, steadiness=steadiness, latency=latency)
    table = tables.moved(compare.moves(old, new), "old.json")
    rows = {row[0].strip(): row[3] for row in zip(*(c.cells for c in table.columns), strict=True)}
    assert rows["latency from offer: mean, cycles"] == "-1.0"
    assert rows["median"] == "-"
    assert rows["starved sources"] == "+1"
    assert rows["Jain's fairness index"] == f"{0.5 - old.fairness.index:+.4f}"
    assert compare.remarks(old, new) == ["starved now: 1.0.0", "the new run was not steady"]
    assert compare.remarks(new, old) == ["starved no longer: 1.0.0", "the old run was not steady"]
    assert compare.remarks(old, old) == []


@pytest.mark.parametrize(
    ("options", "unlike"),
    [
        ({"seed": 1, "stalls": 0.5}, r"STALLS was 0\.0, is 0\.5; SEED was 0, is 1"),
        ({"depth": 8}, r"the router was depth4_xyz, is depth8_xyz"),
        ({"traffic": "hotspot"}, r"TRAFFIC was uniform, is hotspot"),
        ({"warmup": 0}, r"WARMUP was 60, is 0"),
        ({"multicast": 0.2}, r"MULTICAST was 0\.0, is 0\.2"),
    ],
)
def test_other_setting(kept, options, unlike):
    """It is refused, and what differs is named."""
    with pytest.raises(BadInput, match=rf"old\.json is of another setting: {unlike}; ask"):
        compare.read(kept, _settings(**options))


def test_other_dead_links(kept):
    """Which links are dead is a setting, too."""
    _change(kept, dead_links=["0.0.0-0.0.1"])
    with pytest.raises(BadInput, match=r"DEAD was 0\.0\.0-0\.0\.1, is none; ask"):
        compare.read(kept, _settings())


def test_run_of_before(kept):
    """A run without what is compared is refused."""
    _change(kept, fairness=None)
    with pytest.raises(
        BadInput, match=r"old\.json is not what make noc writes \(a run has no stead"
    ):
        compare.read(kept, _settings())


def test_run_of_before_there_were_multicasts(kept):
    """It is compared; where it saturated it does not say."""
    whole = json.loads(kept.read_text())
    for name in ("multicast", "copies", "saturation"):
        del whole["points"][0][name]
    kept.write_text(json.dumps(whole))
    done = trispike_here(*RUN, "--compare", kept)
    assert done.returncode == 0, done.stderr
    told = r"saturation: nodes send all they can *│ *- │ *0\.\d{4} │ *- │"
    assert re.search(told, done.stdout)


def test_other_number_of_runs(kept):
    """All kinds of traffic against one."""
    with pytest.raises(BadInput, match=r"old\.json holds 1 run, and this is 5"):
        compare.read(kept, _settings(traffic="all"))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"command": "", "points": [{}]}'])
def test_not_kept_by_noc(tmp_path, text):
    """It is named before anything runs."""
    path = tmp_path / "old.json"
    path.write_text(text)
    told = refused_here(*RUN, "--compare", path)
    assert re.search(r"old\.json is not what make noc writes \(.*COMPARE must name a file", told)


def test_sweep():
    """A sweep is not compared."""
    told = refused_here("noc", "--sweep", "--compare", "old.json")
    assert told == "error: COMPARE= is for a run, not for SWEEP=1; leave one out"
