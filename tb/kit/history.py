"""What each commit measured, a line of JSON each, and a figure of it.

``python -m tb.kit.history add FILE SECONDS`` appends what the commit at hand is: its suite took
SECONDS, and the rest is what build/bench.json and docs/ hold.
``python -m tb.kit.history draw FILE FIGURE`` draws the file as PNG, by the extra ``plots``.
"""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tb.kit.command import ROOT
from tb.mutate.record import SCORES
from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.sim.bench import record as bench
from trispike.sim.energy.record import ENERGIES
from trispike.sim.report import records
from trispike.sim.synthesis.record import CELLS
from trispike.sim.terminal.status import BAD_INPUT

_NETWORK, _RECIPE, _LANES = "fc256_256", "trispike", 1
_ROW = "cocotb"
"""Of the bench: simulation without judging."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """A commit. What was not measured is None.

    - ``commit``: its digest.
    - ``date``: when it was made: years to seconds and zone, as git writes it.
    - ``suite``: seconds that the test suite took.
    - ``ratio``: cycles per second of a simulation over those of plain C++.
    - ``gates``, ``nj``: of fc256_256, as docs/ has them.
    - ``scores``: part of the mutants that was killed, by block.
    """

    commit: str
    date: str
    suite: float | None = None
    ratio: float | None = None
    gates: float | None = None
    nj: float | None = None
    scores: dict[str, float] = dataclasses.field(default_factory=dict)


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def measured(seconds: float | None, docs: Path, bench_file: Path) -> Point:
    """The commit at hand, whose suite took ``seconds``."""
    rows = bench.read(bench_file) if bench_file.exists() else None
    chips = [each for each in CELLS.read(docs / "synthesis.json") if _is_ours(each)]
    runs = [each for each in ENERGIES.read(docs / "energy.json") if _is_ours(each)]
    runs = [each for each in runs if each.recipe == _RECIPE]
    scores = SCORES.read(docs / "mutation.json")
    return Point(
        commit=_git("rev-parse", "HEAD"),
        date=_git("show", "-s", "--format=%cI", "HEAD"),
        suite=seconds,
        ratio=rows.ratio(_ROW) if rows and _ROW in rows.rows else None,
        gates=chips[0].total.gates if chips else None,
        nj=sum(runs[0].gated.events.values()) if runs else None,
        scores={each.block: each.score for each in scores if each.score is not None},
    )


def _is_ours(entry) -> bool:
    return (entry.network, entry.lanes) == (_NETWORK, _LANES)


def read(path: Path) -> list[Point]:
    """The points in ``path``, the oldest first; of a commit that came twice the last one.

    There are none if there is no such file. `BadInput` names a line that is no point.
    """
    points = {}
    lines = path.read_text().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            point = records.convert(json.loads(line), Point)
        except ValueError as error:
            raise BadInput(f"{path}, line {number} is no point ({error}); remove it") from None
        points.pop(point.commit, None)
        points[point.commit] = point
    return list(points.values())


def add(path: Path, point: Point) -> None:
    """Append ``point`` to ``path``, or put it in the place of its commit's."""
    points = [each for each in read(path) if each.commit != point.commit]
    lines = [json.dumps(records.plain(each)) for each in (*points, point)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode())


_CURVES: tuple[tuple[str, Callable[[Point], dict[str, float | None]]], ...] = (
    ("suite, seconds", lambda point: {"": point.suite}),
    ("cycles/s, simulation over plain C++", lambda point: {"": point.ratio}),
    (f"gates of {_NETWORK}", lambda point: {"": point.gates}),
    (f"nJ a prediction of {_NETWORK}", lambda point: {"": point.nj}),
    ("mutants killed", lambda point: point.scores),
)
"""What is drawn: the title of each row, and its curves by name."""


def curves(points: list[Point]) -> dict[str, dict[str, tuple[list[int], list[float]]]]:
    """By title and name of a curve: numbers of the commits that have it, and its values."""
    found = {}
    for title, values in _CURVES:
        found[title] = {}
        for k, point in enumerate(points):
            for name, value in values(point).items():
                if value is not None:
                    places, heights = found[title].setdefault(name, ([], []))
                    places.append(k)
                    heights.append(value)
    return found


def draw(points: list[Point]) -> bytes:
    """The curves below each other as PNG, a commit a column."""
    from matplotlib import style

    from trispike.sim.report.png import figure_of, png

    with style.context("default"):
        figure = figure_of(max(6, 0.3 * len(points)), 2 * len(_CURVES))
        rows = figure.subplots(len(_CURVES), sharex=True)
        for axes, (title, named) in zip(rows, curves(points).items(), strict=True):
            axes.set_title(title, fontsize=10)
            for name, (places, heights) in named.items():
                axes.plot(places, heights, marker="o", markersize=3, label=name or None)
            if any(named):
                axes.legend(fontsize=7)
        names = [f"{point.commit[:7]} {point.date[:10]}" for point in points]
        rows[-1].set_xticks(range(len(points)), names, rotation=90, fontsize=7)
        return png(figure)


def main(words: list[str]) -> None:
    """Do what the command line says; `BadInput` if it cannot be done."""
    match words:
        case ["add", file, seconds] if seconds.replace(".", "", 1).isdecimal():
            point = measured(float(seconds), ROOT / "docs", ROOT / "build" / "bench.json")
            add(Path(file), point)
        case ["draw", file, figure]:
            if not (points := read(Path(file))):
                raise BadInput(f"{file} has no points to draw; name the file that CI keeps")
            write_atomically(Path(figure), draw(points))
        case _:
            raise BadInput("python -m tb.kit.history takes add FILE SECONDS or draw FILE FIGURE")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
