"""Reads timelines, without a browser, and refuses what breaks a rule of the trace-event format.

`tb.kit.perfetto` compares what it finds with what Perfetto's trace processor does.
"""

import collections
import dataclasses
import json
from pathlib import Path

_FIELDS = {
    "M": {"name", "args"},
    "B": {"ts", "name", "args"},
    "E": {"ts"},
    "i": {"ts", "s", "name", "args"},
    "s": {"ts", "id", "cat", "name"},
    "f": {"ts", "id", "cat", "name", "bp"},
}
"""Fields of an event by its phase, besides ph, pid, tid."""


@dataclasses.dataclass(frozen=True)
class Slice:
    """A slice with those that it lies in, outermost first; ``stop`` is not in it."""

    start: int
    stop: int
    name: str
    args: dict
    within: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Timeline:
    """A timeline: ``slices`` and ``instants`` of each track by its name, and its ``arrows``.

    An instant is cycle, name and arguments. An arrow is the slice that it begins in, its track and
    cycle, and the same of its end.
    """

    told: dict
    slices: dict[str, list[Slice]]
    instants: dict[str, list[tuple[int, str, dict]]]
    arrows: list[tuple[tuple[str, int, Slice], tuple[str, int, Slice]]]

    def spikes(self, track: str) -> int:
        """Spikes of all vectors on a track."""
        return sum(args["spikes"] for _, _, args in self.instants.get(track, []))

    def cycles(self, track: str, name: str) -> int:
        """Cycles of all slices called ``name`` on a track."""
        return sum(each.stop - each.start for each in self.slices[track] if each.name == name)


def _strict(text: str):
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    def once(pairs):
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), f"a name comes twice: {names}"
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


def read(path: Path) -> Timeline:
    """The timeline in the file ``path``."""
    whole = _strict(path.read_text())
    names, slices = {}, collections.defaultdict(list)
    instants, ends = collections.defaultdict(list), collections.defaultdict(dict)
    stacks, last = collections.defaultdict(list), {}
    for event in whole["traceEvents"]:
        phase, key = event["ph"], (event["pid"], event["tid"])
        assert set(event) == {"ph", "pid", "tid"} | _FIELDS[phase], event
        assert all(type(event[name]) is int for name in ("pid", "tid"))
        if phase == "M":
            if event["name"] == "thread_name":
                assert event["args"]["name"] not in names.values()
                names[key] = event["args"]["name"]
            continue
        track, cycle = names[key], event["ts"]
        assert type(cycle) is int
        assert cycle >= 0
        if phase in "sf":
            assert phase not in ends[event["id"]], event
            ends[event["id"]][phase] = (track, cycle)
            continue
        assert cycle >= last.get(track, 0), f"{event} comes after cycle {last[track]}"
        last[track] = cycle
        within = tuple(name for _, name, _ in stacks[track])
        match phase:
            case "B":
                stacks[track].append((cycle, event["name"], event["args"]))
            case "E":
                start, name, args = stacks[track].pop()
                assert start < cycle, event
                slices[track].append(Slice(start, cycle, name, args, within[:-1]))
            case "i":
                assert event["s"] == "t"
                instants[track].append((cycle, event["name"], event["args"]))
    assert not any(stacks.values()), "a slice has no end"
    return Timeline(whole["otherData"], dict(slices), dict(instants), _arrows(ends, slices))


def _arrows(ends, slices):
    """Arrows, each of which begins and ends in one slice, and takes time."""

    def there(track, cycle):
        (found,) = (each for each in slices[track] if each.start <= cycle < each.stop)
        return track, cycle, found

    arrows = []
    for number, pair in ends.items():
        assert set(pair) == {"s", "f"}, f"arrow {number} lacks an end"
        start, stop = (there(*pair[phase]) for phase in "sf")
        assert start[1] < stop[1], f"arrow {number} ends before it begins"
        arrows.append((start, stop))
    return arrows
