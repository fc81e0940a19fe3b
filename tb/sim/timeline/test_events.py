"""Files of trace events, and the rules that tests read them by."""

import json

import pytest

from tb.kit import timelines
from trispike.models.errors import BadInput
from trispike.sim.timeline.events import Full, trace_events
from trispike.sim.timeline.flits import Journey, add_journeys, add_tracks
from trispike.sim.timeline.log import Line, lines


def test_a_full_file_is_whole(tmp_path):
    """What is one too many is left out with all after it, and what is open is ended."""
    path = tmp_path / "timeline.json"
    reached = []
    with trace_events(path, "some", most=500, of="a test") as events:
        events.track(0, "a")
        events.begin(0, 3, "outer")
        events.begin(0, 4, "inner")
        events.slice(0, 5, 2, "leaf", number=1)
        events.end(0, 9)
        reached.append(True)
        events.instant(0, 9, "late")
        reached.append(False)
    assert reached == [True]
    made = timelines.read(path)
    assert made.told == {"time": "1 us is 1 clock cycle", "of": "a test"}
    leaf, inner, outer = made.slices["a"]
    assert (leaf.start, leaf.stop, leaf.within) == (5, 7, ("outer", "inner"))
    assert (inner.stop, outer.stop) == (9, 9)
    assert not made.instants


def test_nothing_half_written(tmp_path):
    """A file is there as a whole or as it was."""
    path = tmp_path / "timeline.json"
    path.write_text("as it was")
    with pytest.raises(ZeroDivisionError), trace_events(path, "some"):
        raise ZeroDivisionError
    assert [file.name for file in tmp_path.iterdir()] == ["timeline.json"]
    assert path.read_text() == "as it was"
    with pytest.raises(BadInput, match="cannot write"), trace_events(path / "x", "some"):
        raise Full


def test_a_flit_that_never_comes(tmp_path):
    """It has no arrow."""
    path = tmp_path / "timeline.json"
    lost = Journey(sender=0, receiver=1, since=2, taken=4, came=None, text="lost")
    with trace_events(path, "some") as events:
        add_tracks(events, {0: "a", 1: "b"})
        add_journeys(events, [lost])
    made = timelines.read(path)
    assert [(each.start, each.stop) for each in made.slices["a sends"]] == [(2, 5)]
    assert "b receives" not in made.slices
    assert not made.arrows


def test_a_line_cut_short(tmp_path):
    """What an interrupted simulator has not written to its end is not read."""
    path = tmp_path / "log"
    path.write_text("a 0 5 1f\no 1 12 00")
    assert list(lines(path)) == [Line("a", 0, 5, 0x1F)]


_TRACK = {"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "a"}}
_BEGIN = {"ph": "B", "pid": 1, "tid": 1, "ts": 2, "name": "s", "args": {}}
_END = {"ph": "E", "pid": 1, "tid": 1, "ts": 5}
_START = {"ph": "s", "pid": 1, "tid": 1, "ts": 2, "id": 1, "cat": "flit", "name": "flit"}


@pytest.mark.parametrize(
    "wrong",
    [
        [_BEGIN, _END, {**_BEGIN, "ts": 4}, _END],
        [_BEGIN, {**_END, "ts": 2}],
        [_BEGIN, {**_END, "ts": None}],
        [_BEGIN, {**_END, "more": 1}],
        [{**_BEGIN, "ts": float("nan")}, _END],
        [_BEGIN],
        [_END],
        [_BEGIN, _END, _START],
        [_START, {**_START, "ph": "f", "bp": "e", "ts": 5}],
        [_BEGIN, _END, _START, {**_START, "ph": "f", "bp": "e", "ts": 2}],
    ],
    ids=lambda wrong: json.dumps(wrong[-1])[:20],
)
def test_rules(tmp_path, wrong):
    """What breaks a rule is refused: overlaps, ends that lack, fields, arrows into nothing."""
    path = tmp_path / "timeline.json"
    path.write_text(json.dumps({"otherData": {}, "traceEvents": [_TRACK, *wrong]}))
    with pytest.raises((AssertionError, IndexError, ValueError)):
        timelines.read(path)
    path.write_text(json.dumps({"otherData": {}, "traceEvents": [_TRACK, _BEGIN, _END]}))
    timelines.read(path)
