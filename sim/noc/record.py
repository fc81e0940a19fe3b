"""The record of a sweep, docs/noc.json: the newest points of each mesh and traffic."""

import dataclasses
import json
from collections.abc import Iterable

from trispike.sim.noc.figures import Point
from trispike.sim.report.records import Records


def merge(old: Iterable[Point], new: Iterable[Point]) -> list[Point]:
    """``new``, and of ``old`` the points of meshes and traffic that ``new`` has none of."""
    new = list(new)
    measured = {(point.mesh, point.pattern) for point in new}
    return [point for point in old if (point.mesh, point.pattern) not in measured] + new


def bare(points: Iterable[Point]) -> list[Point]:
    """``points`` without what is of single links and nodes, which would fill megabytes."""
    return [
        dataclasses.replace(
            point,
            links={},
            fairness=point.fairness and dataclasses.replace(point.fairness, delivered={}),
        )
        for point in points
    ]


def _text(fields: dict) -> str:
    """A point a line."""
    lines = ",\n".join(map(json.dumps, fields["points"]))
    return f'{{"format": "{fields["format"]}", "points": [\n{lines}\n]}}\n'


POINTS = Records(format="trispike-noc-1", entry=Point, what="networks", name="points", text=_text)
