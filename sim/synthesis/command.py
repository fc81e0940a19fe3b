"""``trispike synth``: a chip, router or node mapped to standard cells, counted and timed."""

import dataclasses
import time
from pathlib import Path
from types import ModuleType

from trispike.models.errors import BadInput
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.network import weights
from trispike.models.network.presets import preset
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import Block
from trispike.rtl.noc.router import Router
from trispike.rtl.node.node import Node
from trispike.sim.report import records
from trispike.sim.report.place import Place
from trispike.sim.report.records import Records
from trispike.sim.synthesis import (
    ecp5,
    ecp5_tables,
    liberty,
    node,
    node_tables,
    router,
    router_tables,
    tables,
    timing,
    tools,
)
from trispike.sim.synthesis.early import synthesised_chip
from trispike.sim.synthesis.figures import figures
from trispike.sim.synthesis.flow import Mapped, netlist_folder, synthesise
from trispike.sim.synthesis.liberty import Liberty
from trispike.sim.synthesis.record import CELLS, ECP5, NODE, ROUTER, Entry
from trispike.sim.synthesis.router import RouterSynthesis
from trispike.sim.synthesis.timing import Timing
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import DeadLinks, Json, Lanes, Layer, Record, Weights
from trispike.sim.terminal.request import command, option
from trispike.sim.tools import paths
from trispike.sim.tools.paths import build_folder

SECTION = "synthesis"
ROUTER_SECTION = "synthesis router"
NODE_SECTION = "synthesis node"
ECP5_SECTION = "synthesis ecp5"
"""Of docs/results.md."""

TARGETS = ("cells", "ecp5")

FULL_NODE = NodeShape()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cells(Json, Record):
    """A block to map, and to which cells."""

    block: str = option(
        "What is mapped: chip, with its options layer, lanes and target; router, with depth, "
        "routing and dead-links; or node, of 256 neurons.",
        "chip",
    )
    liberty: Path | None = option(
        "Liberty file of the cells.  [default: OSU 180 nm, of Debian's qflow-tech-osu018]"
    )
    ungated: bool = option(
        "Registers with an enable get a multiplexer for each bit, no clock gate; not recorded.",
        False,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.record and self.ungated:
            raise BadInput("RECORD=1 keeps figures with clock gates; leave UNGATED=1 out")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChipRequest(Cells, Lanes, Weights, Layer):
    """A fixed chip."""

    target: str = option(
        "cells: standard cells; ecp5: an FPGA of Lattice, which needs the extra fpga.", "cells"
    )

    def __post_init__(self):
        super().__post_init__()
        if self.target not in TARGETS:
            raise BadInput(f"TARGET must be one of {', '.join(TARGETS)}, not {self.target!r}")
        for name in ("liberty", "ungated"):
            if self.target == "ecp5" and getattr(self, name):
                raise BadInput(f"{name.upper()}= is for TARGET=cells; leave it out for ecp5")

    @property
    def shape(self) -> NetworkShape:
        """The network, on that many lanes; `BadInput` if there is none."""
        if self.weights is None:
            return preset(self.layer).with_lanes(self.lanes)
        return weights.load(self.weights)[0].shape.with_lanes(self.lanes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouterRequest(Cells, DeadLinks):
    """A router with all seven ports."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeRequest(Cells):
    """A node of 256 neurons."""


BLOCKS = {"chip": ChipRequest, "router": RouterRequest, "node": NodeRequest}


def _mode(values: dict) -> type:
    if values["block"] not in BLOCKS:
        raise BadInput(f"BLOCK must be one of {', '.join(BLOCKS)}, not {values['block']!r}")
    return BLOCKS[values["block"]]


@command("synth", {kind: f"BLOCK={name}" for name, kind in BLOCKS.items()}, _mode)
def synth(asked: Cells) -> None:
    """Map a chip, a router or a node to standard cells, count its gates and time it.

    Needs yosys and opensta. Memory banks stay macros. Writes the mapped netlist to build/synthesis;
    with --record, the table of docs/results.md too, which keeps other chips from the record
    docs/synthesis.json, other routers from docs/router.json and other nodes from docs/node.json.
    """
    begun = time.perf_counter()
    if isinstance(asked, RouterRequest):
        _router(asked, begun)
    elif isinstance(asked, NodeRequest):
        _node(asked, begun)
    elif asked.target == "ecp5":
        _ecp5(asked, begun)
    else:
        _cells(asked, begun)


def _place(records_: Records, name: str, section: str, asked: Cells) -> Place:
    """Where figures are kept; the JSON file must be writable."""
    docs = paths.docs(record=asked.record)
    place = Place(docs, records_, name, section, record=asked.record)
    asked.check_json()
    return place


def _library(liberty_file: Path | None) -> Liberty:
    """The cells; `BadInput` if they or a tool are missing."""
    for tool in tools.PACKAGES:
        tools.find(tool)
    return liberty.read(tools.find_liberty(liberty_file))


def _mapped(asked: Cells, block: Block, name: str, cells: Liberty) -> tuple[Mapped, Timing]:
    """``block`` mapped to ``cells`` and timed; the user reads ``name`` meanwhile."""
    gated = not asked.ungated
    folder = netlist_folder(block, cells, gated=gated)
    with progress_bar() as progress:
        progress.add_task(f"mapping {name} (Yosys), timing (OpenSTA)", total=None)
        if isinstance(block, Chip):
            return synthesised_chip(block, cells, folder, gated=gated)
        mapped = synthesise(block, cells, folder, gated=gated)
        return mapped, timing.time(mapped)


def _versions() -> dict[str, str]:
    return {"yosys": tools.version("yosys"), "opensta": tools.version("sta")}


def _cells(asked: ChipRequest, begun: float) -> None:
    shape, cells = asked.shape, _library(asked.liberty)
    place = _place(CELLS, "synthesis.json", SECTION, asked)
    mapped, timed = _mapped(asked, Chip(shape=shape), shape.name, cells)
    measured = figures(shape, mapped, timed, **_versions())
    _finish(asked, begun, mapped, measured, timed.fmax, tables, place)


def _router(asked: RouterRequest, begun: float) -> None:
    shape, cells = asked.router, _library(asked.liberty)
    place = _place(ROUTER, "router.json", ROUTER_SECTION, asked)
    mapped, timed = _mapped(asked, Router(shape=shape), "router", cells)
    measured = router.figures(shape, mapped, timed, **_versions())
    _finish(asked, begun, mapped, measured, measured.fmax, router_tables, place)


def _node(asked: NodeRequest, begun: float) -> None:
    shape, cells = FULL_NODE, _library(asked.liberty)
    beside = _recorded_router(cells)
    place = _place(NODE, "node.json", NODE_SECTION, asked)
    mapped, timed = _mapped(asked, Node(shape=shape), "node", cells)
    measured = node.figures(shape, mapped, timed, beside, **_versions())
    _finish(asked, begun, mapped, measured, measured.fmax, node_tables, place)


def _recorded_router(cells: Liberty) -> RouterSynthesis:
    """The router of a node, in these cells; `BadInput` if it has not been mapped yet."""
    path = paths.docs(record=False) / "router.json"
    for entry in ROUTER.read(path):
        if (entry.library, entry.shape) == (cells.name, node.ROUTER):
            return entry
    remedy = "run make synth BLOCK=router RECORD=1 first"
    raise BadInput(f"{path} has no router in {cells.name}; {remedy}")


def _finish(
    asked: Cells,
    begun: float,
    mapped: Mapped,
    measured: Entry,
    fmax: float,
    shown: ModuleType,
    place: Place,
) -> None:
    """Print ``measured`` as its module of tables shows it, and keep it."""
    table_console().print(shown.terminal(measured))
    print(*shown.remarks(measured), sep="\n")
    written = [mapped.folder / "netlist.v", *place.keep(measured, shown.markdown)]
    _end(asked, begun, measured, written, total=measured.total, fmax_mhz=fmax)


def _ecp5(asked: ChipRequest, begun: float) -> None:
    shape = asked.shape
    ecp5.check()
    place = _place(ECP5, "ecp5.json", ECP5_SECTION, asked)
    chip = Chip(shape=shape)
    folder = build_folder() / "synthesis" / f"{chip.module_name}-ecp5"
    with progress_bar() as progress:
        progress.add_task(f"placing {shape.name} (Yosys, nextpnr)", total=None)
        measured = ecp5.place_and_route(chip, folder)
    print(*ecp5_tables.lines(measured), sep="\n")
    _end(asked, begun, measured, place.keep(measured, ecp5_tables.markdown))


def _end(asked: Cells, begun: float, measured: Entry, written: list[Path], **more: object) -> None:
    """Write the user's JSON, with ``more`` in it, and tell what was written."""
    seconds = time.perf_counter() - begun
    fields = {**records.plain(measured), **records.plain(more), "wall_seconds": seconds}
    print(f"wall time: {seconds:.1f} s")
    for path in written + asked.keep(fields):
        print(f"written: {relative(path)}")
