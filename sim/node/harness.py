"""What the C++ program of `sim.node.run` is compiled with besides the Verilated models."""

import re
from pathlib import Path

from trispike.models.mesh.flits import Control, node_code
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import MeshShape
from trispike.rtl.noc.mesh import node_name
from trispike.sim.noc import cpp
from trispike.sim.noc import harness as noc_harness
from trispike.sim.node.formats import RECORDS, STATES, Ending, Kind

MAIN = Path(__file__).with_name("drive.cpp")
"""The program that is the host."""

PORTS = "ports.h"
"""Name of the C++ header that is made for a mesh."""

_PORT = re.compile(r"^  (input|output) (\[\d+:0\] )?(\w+);$", re.M)
"""A port in Yosys's Verilog."""

_LINK = {
    "i_valid": "CData",
    "i_payload": "IData",
    "i_ready": "CData",
    "o_valid": "CData",
    "o_payload": "IData",
    "o_ready": "CData",
    "sent": "CData",
    "dropped": "SData",
    "dropped_ports": "CData",
    "stall": "CData",
}
"""Ports of the backbone at each node, and how Verilator holds them."""


def reset_apart(module: str, text: str) -> tuple[str, str]:
    """A module round ``module``, whose Verilog is ``text``, with a register for its reset.

    The reset reaches every register: if it were a port of what is Verilated, all that is written to
    registers would be computed once more at each of the clock's edges. Returns name and Verilog.
    """
    top = f"{module}_top"
    ports = _PORT.findall(text)
    assert {"clk", "rst"} <= {name for _, _, name in ports}
    declared = ", ".join(f"{way} {width}{name}" for way, width, name in ports)
    wired = ", ".join(f".{name}({'reset' if name == 'rst' else name})" for _, _, name in ports)
    lines = [
        f"module {top}({declared});",
        "reg reset;",
        "always @(posedge clk) reset <= rst;",
        f"{module} block({wired});",
        "endmodule",
        "",
    ]
    return top, "\n".join(lines)


def block_of(module: str) -> str:
    """Where ``module`` is in the module that `reset_apart` makes."""
    return f"{module}_top.block"


def headers(mesh: MeshShape, *, stalls: bool, waves: bool = False) -> dict[str, str]:
    """C++ headers by name: those that stand beside `MAIN`, and `PORTS`."""
    shared = cpp.headers(noc_harness.MAIN.parent)
    return {**shared, **cpp.headers(MAIN.parent), PORTS: _ports(mesh, stalls, waves)}


def _ports(mesh: MeshShape, stalls: bool, waves: bool) -> str:
    codes = ", ".join(str(node_code(node)) for node in mesh.every())
    names = ", ".join(f'"node_{node_name(node)}"' for node in mesh.every())
    rows = [
        "{" + ", ".join(_member(port, node_name(node), stalls) for port in _LINK) + "},"
        for node in mesh.every()
    ]
    return "\n".join(
        [
            *cpp.declarations(mesh, Control, Ending, Kind),
            *cpp.structs(**RECORDS),
            *cpp.waveform(waves),
            '#include "Vbackbone.h"',
            "#define PORT(stream, part) stream##___05F##part  // Verilator's stream__part",
            f"constexpr int STATES = {STATES};",
            f"constexpr int HOST = {mesh.number(HOST)};",
            f"constexpr bool STALLS = {str(stalls).lower()};",
            f"constexpr uint32_t CODES[NODES] = {{{codes}}};",
            f"constexpr const char* NAMES[NODES] = {{{names}}};",
            "struct Link {",
            *(f"    {kind}* {port};" for port, kind in _LINK.items()),
            "};",
            "struct Links {",
            "    Link of[NODES];",
            "    explicit Links(Vbackbone& top) : of{",
            *rows,
            "    } {}",
            "};",
            "",
        ]
    )


def _member(port: str, name: str, stalls: bool) -> str:
    """Address of the member of the Verilated backbone that is ``port`` at the node ``name``."""
    if port == "stall" and not stalls:
        return "nullptr"
    stream, _, part = port.partition("_")
    if stream in ("i", "o"):
        return f"&top.PORT({stream}_{name}, {part})"
    return f"&top.{port}_{name}"
