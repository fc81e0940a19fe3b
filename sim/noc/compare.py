"""Runs that were kept before, beside those of now."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.noc.figures import Point
from trispike.sim.noc.setting import Setting
from trispike.sim.report import records

_OPTIONS = {"dead_links": "DEAD", "pattern": "TRAFFIC", "router": "the router"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """A figure of an old and a new run, None where it has none, and the form of the number."""

    what: str
    old: float | None
    new: float | None
    form: str = ",.1f"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Kept:
    """What JSON= writes."""

    command: str
    points: list[Point]


def read(path: Path, settings: Sequence[Setting]) -> list[Point]:
    """The runs that JSON= wrote to ``path``, one for each of ``settings``.

    `BadInput` if it cannot be read, is no such file, or is of other settings: it names them.
    """
    old = records.read(
        path,
        _points,
        refusal="is not what make noc writes",
        remedy="COMPARE must name a file that JSON= wrote",
    )
    if len(old) != len(settings):
        raise BadInput(
            f"COMPARE: {path} holds {len(old)} run{'s' * (len(old) != 1)}, and this is "
            f"{len(settings)}; ask for the same"
        )
    for point, setting in zip(old, settings, strict=True):
        unlike = [
            f"{_OPTIONS.get(name, name.upper())} was {_text(getattr(point, name))}, is {_text(now)}"
            for name, now in setting.names().items()
            if getattr(point, name) != now
        ]
        if unlike:
            raise BadInput(
                f"COMPARE: {path} is of another setting: {'; '.join(unlike)}; ask for the same"
            )
    return old


def _points(fields: object) -> list[Point]:
    points = records.convert(fields, _Kept).points
    if not all(point.steadiness and point.fairness for point in points):
        raise ValueError("a run has no steadiness or no fairness")
    return points


def _text(value: object) -> str:
    return ",".join(value) or "none" if isinstance(value, tuple) else str(value)


def moves(old: Point, new: Point) -> list[Move]:
    """What moved between two runs of one setting."""
    figures = (
        ("accepted load, flits/node/cycle", lambda point: point.accepted, ".4f"),
        ("  part of the flits that came", lambda point: point.came, ".4f"),
        ("saturation: nodes send all they can", lambda point: point.saturation, ".4f"),
        ("latency from offer: mean, cycles", lambda point: point.latency.mean, ",.1f"),
        ("  median", lambda point: point.latency.median, ",.1f"),
        ("  99%", lambda point: point.latency.percentile_99, ",.1f"),
        ("  longest", lambda point: point.latency.longest, ",d"),
        ("latency in the network: mean", lambda point: point.network_latency.mean, ",.1f"),
        ("longest wait to enter, cycles", lambda point: point.longest_wait, ",d"),
        ("delivered of a source: least", lambda point: point.fairness.least, ".4f"),
        ("  most", lambda point: point.fairness.most, ".4f"),
        ("  Jain's fairness index", lambda point: point.fairness.index, ".4f"),
        ("  starved sources", _starved, ",d"),
    )
    return [Move(what=what, old=get(old), new=get(new), form=form) for what, get, form in figures]


def _starved(point: Point) -> int | None:
    return None if point.fairness.starved is None else len(point.fairness.starved)


def remarks(old: Point, new: Point) -> list[str]:
    """One line each on sources that one run alone starved, and on runs that were not steady."""
    before, now = (set(point.fairness.starved or ()) for point in (old, new))
    lines = []
    for what, names in (("starved now", now - before), ("starved no longer", before - now)):
        if names:
            lines.append(f"{what}: {', '.join(sorted(names))}")
    for which, point in (("old", old), ("new", new)):
        if not point.steady:
            lines.append(f"the {which} run was not steady")
    return lines
