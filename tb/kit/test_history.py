"""What CI keeps of each commit: appended, read, drawn."""

import dataclasses
import json
import subprocess
import sys

import pytest

from tb.kit import history
from tb.kit.command import ROOT
from tb.kit.history import Point, add, curves, read
from tb.mutate.record import SCORES, BlockScore
from trispike.models.errors import BadInput

MADE_UP = [
    Point(commit="a" * 40, date="2026-01-01T10:00:00+00:00", suite=300.0, gates=1e5),
    Point(commit="b" * 40, date="2026-01-02T10:00:00+00:00", ratio=0.5, nj=20.0),
    Point(
        commit="c" * 40,
        date="2026-01-03T10:00:00+00:00",
        suite=310.0,
        scores={"golden": 0.97, "judges": 0.95},
    ),
]


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "build" / "history.jsonl"
    for point in MADE_UP:
        add(path, point)
    return path


def test_a_line_a_commit(kept):
    """In their order; a commit that is measured once more has its last figures."""
    assert len(kept.read_text().splitlines()) == 3
    assert read(kept) == MADE_UP
    again = dataclasses.replace(MADE_UP[1], suite=290.0)
    add(kept, again)
    assert read(kept) == [MADE_UP[0], MADE_UP[2], again]


def test_curves(kept):
    """A point where a commit has a figure, and none where it has not."""
    found = curves(read(kept))
    assert found["suite, seconds"] == {"": ([0, 2], [300.0, 310.0])}
    assert found["gates of fc256_256"] == {"": ([0], [1e5])}
    assert found["mutants killed"] == {"golden": ([2], [0.97]), "judges": ([2], [0.95])}


def test_drawn(kept):
    """The figure is a PNG."""
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    figure = kept.with_suffix(".png")
    history.main(["draw", str(kept), str(figure)])
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_this_commit(tmp_path):
    """What docs/ holds, and nothing of a bench that there was not."""
    docs = ROOT / "docs"
    point = history.measured(12.5, docs, tmp_path / "none.json")
    assert len(point.commit) == 40
    assert (point.suite, point.ratio) == (12.5, None)
    told = json.loads((docs / "energy.json").read_text())["entries"][0]
    assert told["network"] == "fc256_256"
    assert point.nj == pytest.approx(sum(told["gated"]["events"].values()))
    chips = json.loads((docs / "synthesis.json").read_text())["entries"]
    chip = next(each for each in chips if (each["network"], each["lanes"]) == ("fc256_256", 1))
    assert point.gates == pytest.approx(sum(block["gates"] for block in chip["blocks"]))
    assert set(point.scores) == {each.block for each in SCORES.read(docs / "mutation.json")}


def test_scores(tmp_path, monkeypatch):
    """Of blocks that have one: of what is not equivalent, what was killed."""
    entry = BlockScore(block="golden", seed=0, killed={"oracles": 3}, equivalent=(), gaps=())
    assert entry.score == 1
    assert dataclasses.replace(entry, killed={}).score is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["draw", "nothing.jsonl", "x.png"], r"nothing\.jsonl has no points to draw"),
        (["add", "x.jsonl", "long"], "takes add FILE SECONDS or draw FILE FIGURE"),
        ([], "takes add FILE SECONDS or draw FILE FIGURE"),
    ],
)
def test_refused(words, told):
    """What it takes, or what is missing."""
    with pytest.raises(BadInput, match=told):
        history.main(words)


def test_status():
    """One line, and status 2."""
    command = [sys.executable, "-m", "tb.kit.history"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert (
        done.stderr
        == "error: python -m tb.kit.history takes add FILE SECONDS or draw FILE FIGURE\n"
    )


def test_a_damaged_line(kept):
    """Is named."""
    with kept.open("a") as file:
        file.write('{"commit": 3}\n')
    with pytest.raises(BadInput, match=r"history\.jsonl, line 4 is no point"):
        read(kept)
