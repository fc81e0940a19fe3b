"""What a mesh is simulated in: registers at its ports, and a table of those for the C++ program.

Everything that drives a mesh comes from registers, as from a node's own logic. Without them a
change of an input would have Verilator compute the whole mesh once more in every cycle.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.models.mesh.topology import DROPPED_BITS, MeshShape, Port
from trispike.rtl.noc.mesh import Mesh, node_name
from trispike.sim.noc import cpp
from trispike.sim.noc.cpp import record
from trispike.sim.tools.watch import watched

TOP = "mesh_harness"

MAIN = Path(__file__).with_name("drive.cpp")
"""The program that drives the mesh."""

PORTS = "ports.h"
"""Name of the C++ header that is made for a mesh."""

SETTINGS = record(
    "warmup", "inject", "limit", "seed", "dead", "wave_first", "wave_last", ready=np.uint64
)
OFFER = record(cycle=np.uint32, flit=np.uint32)
HEAD = record("cycles", "nanoseconds")
DROPS = record("flits", "ports")
DELIVERY = record("cycle", node=np.uint32, flit=np.uint32)
"""Records of the files of `MAIN`."""

DONE = record("phase", "done", "total")
"""How far a program is: steps done, of how many, of the phase that it is at, from 0."""

DONE_FILE = "done"
"""Where a program writes a `DONE`."""

HINTS = """\
`verilator_config
// Routers of one kind stay one C++ class; what is inside of them, and the harness, is dissolved.
no_inline -module "router_*"
inline -module "input_unit_*"
inline -module "output_unit_*"
inline -module "*.*"
"""

_NODE_PORTS = (
    ("input", "offer_valid", 1),
    ("input", "offer_flit", 32),
    ("output", "offer_ready", 1),
    ("input", "take_ready", 1),
    ("output", "take_valid", 1),
    ("output", "take_flit", 32),
    ("output", "sent", len(Port)),
    ("output", "dropped", DROPPED_BITS),
    ("output", "dropped_ports", len(Port)),
)


def sources(mesh: Mesh) -> dict[str, str]:
    """Files for Verilator besides the mesh's own Verilog: the harness, and hints."""
    return {f"{TOP}.v": _verilog(mesh), "mesh.vlt": HINTS}


def headers(shape: MeshShape, *, waves: bool = False) -> dict[str, str]:
    """C++ headers by name: those that stand beside `MAIN`, and `PORTS`."""
    return {**cpp.headers(MAIN.parent), PORTS: _ports(shape, waves)}


def watched_file(
    path: Path, progress: Callable[[int, int, int], None]
) -> contextlib.AbstractContextManager[None]:
    """Call ``progress`` now and then with the `DONE` that is in ``path`` by then."""

    def look() -> None:
        if path.exists() and path.stat().st_size == DONE.itemsize:
            progress(*np.fromfile(path, dtype=DONE).tolist()[0])

    return watched(look)


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _verilog(mesh: Mesh) -> str:
    names = [node_name(node) for node in mesh.shape.every()]
    ports = ["input clk", "input rst"]
    body = ["reg reset;", "always @(posedge clk) reset <= rst;"]
    wires = [".clk(clk)", ".rst(reset)"]
    if mesh.router.dead_links:
        width = len(mesh.dead_links.as_value())
        ports.append(f"input [{width - 1}:0] dead_links")
        body += [f"reg [{width - 1}:0] dead;", "always @(posedge clk) dead <= dead_links;"]
        wires.append(".dead_links(dead)")
    for name in names:
        ports += [f"{way} {_range(width)}{port}_{name}" for way, port, width in _NODE_PORTS]
        body += [
            f"reg valid_{name}, ready_{name}; reg [31:0] flit_{name};",
            "always @(posedge clk) begin",
            f"  valid_{name} <= offer_valid_{name};",
            f"  flit_{name} <= offer_flit_{name};",
            f"  ready_{name} <= take_ready_{name};",
            "end",
        ]
        wires += [
            f".i_{name}__valid(valid_{name})",
            f".i_{name}__payload(flit_{name})",
            f".i_{name}__ready(offer_ready_{name})",
            f".o_{name}__valid(take_valid_{name})",
            f".o_{name}__payload(take_flit_{name})",
            f".o_{name}__ready(ready_{name})",
            *(f".{status}_{name}({status}_{name})" for status in ("sent", "dropped")),
            f".dropped_ports_{name}(dropped_ports_{name})",
        ]
    lines = [f"module {TOP}({', '.join(ports)});", *body]
    lines += [f"{mesh.module_name} mesh({', '.join(wires)});", "endmodule", ""]
    return "\n".join(lines)


def _ports(shape: MeshShape, waves: bool) -> str:
    rows = [
        "{" + ", ".join(f"&top.{port}_{name}" for _, port, _ in _NODE_PORTS) + "},"
        for name in map(node_name, shape.every())
    ]
    types = {1: "CData", 7: "CData", 16: "SData", 32: "IData"}
    fields = [f"    {types[width]}* {port};" for _, port, width in _NODE_PORTS]
    records = {"Settings": SETTINGS, "Offer": OFFER, "Head": HEAD, "Drops": DROPS}
    structs = cpp.structs(**records, Delivery=DELIVERY, Done=DONE)
    nodes = ["struct Nodes {", "    Node node[NODES];", "    explicit Nodes(Vtop& top) : node{"]
    lines = [*cpp.declarations(shape), *structs, *cpp.waveform(waves), '#include "Vtop.h"']
    lines += ["struct Node {", *fields, "};", *nodes, *rows, "    } {}", "};", ""]
    return "\n".join(lines)
