"""``trispike noc``: traffic through the RTL of the 3D mesh."""

import concurrent.futures
import dataclasses
import functools
import itertools
from collections.abc import Callable
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.mesh import topology, traffic
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.mesh.traffic import Pattern
from trispike.sim.noc import compare, tables
from trispike.sim.noc.figures import Point, measure
from trispike.sim.noc.files import Files
from trispike.sim.noc.record import POINTS, bare, merge
from trispike.sim.noc.run import program
from trispike.sim.noc.saturation import curves
from trispike.sim.noc.setting import Setting, check_routes, parse_dead_links
from trispike.sim.noc.shares import Shares
from trispike.sim.report import records
from trispike.sim.report.place import Place
from trispike.sim.terminal import extras
from trispike.sim.terminal.console import next_phase, progress_bar, relative, table_console, warn
from trispike.sim.terminal.options import (
    Dead,
    Jobs,
    Json,
    Record,
    Seeded,
    Timeline,
    Waves,
)
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.tools import paths, processes, toolchain
from trispike.sim.tools.run_folder import run_folder

SECTION = "noc"
"""Of docs/results.md."""

SWEEP_MESHES = ("2x2x2", "3x2x4", "4x4x4")
SWEEP_RATES = (0.02, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0)
"""Those of `sim.report.published.BOOKSIM` among them."""

EVERY = "all"

_USUAL_FLITS = 2000
"""Those of a timeline."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Traffic(Json, Timeline, Waves, Record, Jobs, Dead, Seeded):
    """Traffic on a mesh."""

    mesh: str | None = option("Nodes along x, y and z.  [default: 4x4x4; a sweep: more]")
    traffic: str | None = option(
        f"Where flits go: {', '.join(each.value for each in Pattern)}, or {EVERY}.  "
        "[default: uniform; a sweep: all]"
    )
    rate: float | None = option("Flits offered per node and cycle.  [default: 0.2]")
    sweep: bool = option("Latency against load, drawn.", False)
    cycles: int = option("Cycles in which flits are offered.", 10_000)
    warmup: int | None = option("Cycles before flits are counted.  [default: a fifth]")
    bursts: float = option("Share of packets of 2 to 8 flits, 0 to 1.", 0.0)
    multicast: float = option("Share of the packets of one flit that leave copies, 0 to 1.", 0.0)
    stalls: float = option("Chance of a node's taking nothing, each cycle.", 0.0)
    compare: Path | None = option(
        "File that JSON= wrote of a run like this: print what moved since."
    )
    timeline_flits: int | None = option(
        f"Flits that the timeline may have.  [default: {_USUAL_FLITS}]",
        check=at_least_1("TIMELINE_FLITS"),
    )

    def __post_init__(self):
        super().__post_init__()
        if self.sweep and self.rate is not None:
            raise BadInput("RATE= has no meaning with SWEEP=1, which tries many; leave one out")
        if self.record and not self.sweep:
            raise BadInput("RECORD= is for a sweep, SWEEP=1; leave it out")
        if self.sweep and self.compare is not None:
            raise BadInput("COMPARE= is for a run, not for SWEEP=1; leave one out")
        self.bound("timeline_flits", _USUAL_FLITS)
        if self.timeline is not None and (self.sweep or self.traffic == EVERY):
            raise BadInput("TIMELINE= is for one run: leave out SWEEP=, and TRAFFIC=all")
        if self.waves and (self.sweep or self.traffic == EVERY):
            raise BadInput("WAVES= is for one run: leave out SWEEP=, and TRAFFIC=all")

    @property
    def flits_on_timeline(self) -> int:
        """How many flits; 0 without a timeline."""
        return self.bound("timeline_flits", _USUAL_FLITS)

    def settings(self) -> list[Setting]:
        """Each run that is asked for; `BadInput` if there cannot be one."""
        names = SWEEP_MESHES if self.sweep else ("4x4x4",)
        meshes = [MeshShape.parse(name) for name in ([self.mesh] if self.mesh else names)]
        pattern = self.traffic or (EVERY if self.sweep else Pattern.UNIFORM.value)
        patterns = list(Pattern) if pattern == EVERY else [traffic.pattern(pattern)]
        rates = SWEEP_RATES if self.sweep else [0.2 if self.rate is None else self.rate]
        dead_links = parse_dead_links(self.dead, meshes[0]) if self.dead else ()
        if dead_links and len(meshes) > 1:
            raise BadInput("DEAD= needs one mesh; name it by MESH=")
        routing = topology.routing(self.routing)
        router = RouterShape(depth=self.depth, routing=routing, dead_links=len(dead_links))
        return [
            Setting(
                mesh=mesh,
                router=router,
                dead_links=dead_links,
                pattern=pattern,
                rate=rate,
                bursts=self.bursts,
                multicast=self.multicast,
                cycles=self.cycles,
                seed=self.seed,
                warmup=self.cycles // 5 if self.warmup is None else self.warmup,
                stalls=self.stalls,
            )
            for mesh, pattern, rate in itertools.product(meshes, patterns, rates)
        ]


@command("noc", Traffic)
def noc(asked: Traffic) -> None:
    """Send traffic through the RTL of a 3D mesh and compare it with the golden model.

    Every flit must come where it should, once, unaltered, in the order of its source, over the
    links of its path, and leave its copies on the way if it is a multicast. Prints load, latency,
    hops, link loads, what was delivered of each source, where the mesh saturates, and what moved
    since an earlier run; warns of starved sources, and of means of a run that had no steady state.
    """
    settings = asked.settings()
    check_routes(settings[0].routes)
    toolchain.find()
    old = [] if asked.compare is None else compare.read(asked.compare, settings)
    place = _Place(record=asked.record) if asked.sweep else None
    asked.check_json()
    asked.check_timeline()
    points = _measured(settings, asked)
    asked.keep({"points": records.plain(points)})
    console = table_console()
    if place is None:
        for point, before in itertools.zip_longest(points, old):
            console.print(tables.terminal(point))
            if before is not None:
                moves = compare.moves(before, point)
                console.print(tables.moved(moves, relative(asked.compare)))
                for line in compare.remarks(before, point):
                    print(line)
            for line in tables.warnings(point):
                warn(f"{point.mesh}, {point.pattern}: {line}")
        return
    console.print(tables.sweep(curves(points)))
    for path in place.write(points):
        print(f"written: {relative(path)}")


def _measured(settings: list[Setting], asked: Traffic) -> list[Point]:
    """The points of ``settings``, in their order."""
    points: list[Point | None] = [None] * len(settings)
    with run_folder("noc") as folder, progress_bar("points") as progress:
        task = progress.add_task("building", total=None)
        programs = {}
        for setting in settings:
            if setting.mesh not in programs:
                progress.update(task, description=f"building {setting.mesh} (Verilator)")
                how = {"waves": asked.waves}
                programs[setting.mesh] = program(setting.mesh, setting.router, **how)
        task = next_phase(progress, task, "simulating", len(settings))
        shares = Shares(progress, task, settings)
        runs = [
            Files(asked=asked, setting=s, folder=folder / str(k)) for k, s in enumerate(settings)
        ]
        try:
            with processes.thread_pool(asked.jobs or 1) as threads:
                futures = {}
                for k, files in enumerate(runs):
                    future = threads.submit(
                        _point,
                        files,
                        programs[files.setting.mesh],
                        saturation=not asked.sweep,
                        progress=functools.partial(shares.tell, k),
                    )
                    futures[future] = k
                for done in concurrent.futures.as_completed(futures):
                    points[futures[done]] = done.result()
                    shares.end(futures[done])
        except KeyboardInterrupt:
            for files in runs:
                files.interrupted()
            raise
    return points


def _point(
    files: Files, executable: Path, *, saturation: bool, progress: Callable[[int, int, int], None]
) -> Point:
    """The figures of the run of ``files``; with ``saturation`` a further run measures that."""
    point = measure(
        files.setting,
        executable,
        files.folder,
        waves=files.plan(),
        keep=files.keep,
        show=files.draw,
        explain=files.explain,
        progress=progress,
    )
    if not saturation:
        return point
    more = files.overload()
    most = measure(more.setting, executable, more.folder, explain=more.explain)
    return dataclasses.replace(point, saturation=most.accepted)


class _Place(Place):
    """Where a sweep is written."""

    def __init__(self, *, record: bool):
        self._plots = extras.plots("noc.plots")
        docs = paths.docs(record=record)
        self._figures = (docs / "figures" / "noc.png", paths.build_folder() / "noc" / "latency.png")
        super().__init__(docs, POINTS, "noc.json", SECTION, self._figures, record=record)

    def write(self, points: list[Point]) -> list[Path]:
        """Write figure, section and record; returns the files' paths."""
        drawn = curves(merge(self.kept, points))
        text = f"![latency against load](figures/noc.png)\n\n{tables.markdown(drawn)}"
        entries = bare(point for curve in drawn for point in curve.points)
        image = self._plots.latency(drawn)
        return self.store(entries, text, dict.fromkeys(self._figures, image))
