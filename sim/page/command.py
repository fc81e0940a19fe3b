"""``trispike report``: a run of the RTL as one HTML file."""

import dataclasses
import time
from pathlib import Path
from types import ModuleType

from trispike.models.errors import BadInput
from trispike.models.files import check_writable, write_atomically
from trispike.sim.cosim import command as chip
from trispike.sim.cosim.command import ChipRan, ChipRun
from trispike.sim.node import command as mesh
from trispike.sim.node.command import MeshRan, RandomRun, TrainedRun
from trispike.sim.terminal import extras
from trispike.sim.terminal.console import relative
from trispike.sim.terminal.request import Request, command, option, set_aside, stamp
from trispike.sim.tools.paths import build_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Output(Request):
    """Where the page is to be."""

    output: Path | None = option("File of the page.  [default: build/report/NAME.html]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChipReport(_Output, ChipRun):
    """A page on the fixed chip."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshReport(_Output, TrainedRun):
    """A page on the nodes of a mesh."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandomReport(_Output, RandomRun):
    """A page on a random network on the nodes of a mesh."""


_REPORTS = {RandomRun: RandomReport, TrainedRun: MeshReport, ChipRun: ChipReport}


@command(
    "report",
    {
        RandomReport: "a mesh, which MESH= or RANDOM= names",
        MeshReport: "a network with weights, without RANDOM=",
        ChipReport: "a fixed chip, without MESH= and RANDOM=",
    },
    lambda values: _REPORTS[mesh.choose(values)],
)
def report(asked: ChipReport | MeshReport | RandomReport) -> None:
    """Run a network's RTL as sim does, and write one HTML file that shows what it did.

    The file needs no network and no server. It has what was compared, accuracy, spikes and
    potentials, cycles, energy and gates, and on a mesh the load of its links.
    """
    old = asked.output and stamp(asked.output)
    chip_asked = isinstance(asked, ChipRun)
    if asked.output is not None:
        check_writable(asked.output)
    document = _needed("document", "jinja2", "markupsafe", "vl_convert")
    pages = _needed("chip" if chip_asked else "mesh", "altair")
    written = []

    def look(ran: ChipRan | MeshRan) -> None:
        started = time.perf_counter()
        path = asked.output or build_folder() / "report" / f"{pages.name(ran)}.html"
        data = document.html(pages.page(asked, ran)).encode()
        write_atomically(path, data)
        written.append(path)
        seconds = time.perf_counter() - started
        print(f"report: {relative(path)}, {len(data) / 1e6:.1f} MB, made in {seconds:.1f} s")

    try:
        (chip if chip_asked else mesh).execute(asked, look)
    finally:
        if asked.output is not None and not written:
            set_aside(asked.output, old)


def _needed(module: str, *packages: str) -> ModuleType:
    """The ``module`` of this package; `BadInput` if one of ``packages`` is not installed."""
    found = extras.find(f"page.{module}", *packages)
    if found is None:
        raise BadInput(f"a page needs Altair, Jinja2 and vl-convert: {extras.install('report')}")
    return found
