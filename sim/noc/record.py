"""The record of a sweep, docs/noc.json: the newest points of each mesh and traffic."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.sim.noc.figures import Latency, Point

FORMAT = "trispike-noc-1"


def read(path: Path) -> list[Point]:
    """The points of the record ``path``, none if there is no such file.

    `BadInput`, naming the file, if it cannot be read or is not such a record.
    """
    try:
        whole = json.loads(path.read_bytes())
        if whole["format"] != FORMAT:
            raise ValueError("another format")
        return [_point(fields) for fields in whole["points"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; restore it") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(f"{path} is not a record of networks; restore it or remove it") from None


def _point(fields: dict) -> Point:
    latencies = {name: Latency(**fields[name]) for name in ("latency", "network_latency")}
    return Point(**{**fields, **latencies})


def merge(old: Iterable[Point], new: Iterable[Point]) -> list[Point]:
    """``new``, and of ``old`` the points of meshes and traffic that ``new`` has none of."""
    new = list(new)
    measured = {(point.mesh, point.pattern) for point in new}
    return [point for point in old if (point.mesh, point.pattern) not in measured] + new


def write(path: Path, points: Iterable[Point]) -> None:
    """Write ``points`` to ``path``, a line each, whole or not at all.

    Without the loads of single links, which would fill megabytes.
    """
    rows = [dataclasses.asdict(dataclasses.replace(point, links={})) for point in points]
    lines = ",\n".join(map(json.dumps, rows))
    write_atomically(path, f'{{"format": "{FORMAT}", "points": [\n{lines}\n]}}\n'.encode())
