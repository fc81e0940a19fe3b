"""What the C++ program of `sim.node.run` is compiled with besides the Verilated models."""

import re
from pathlib import Path

from trispike.models.mesh.flits import (
    COORDINATE_BITS,
    MEMORY,
    SPIKE,
    Command,
    Control,
    Field,
    FlitType,
    node_code,
)
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import MeshShape
from trispike.rtl.noc.mesh import node_name

MAIN = Path(__file__).with_name("drive.cpp")

PORTS = "ports.h"

HINTS = """\
`verilator_config
// Routers of one kind stay one C++ class; what is inside of them, and the rest, is dissolved.
no_inline -module "router_*"
inline -module "input_unit_*"
inline -module "output_unit_*"
inline -module "*.*"
"""

_PORT = re.compile(r"^  (input|output) (\[\d+:0\] )?(\w+);$", re.M)
"""A port in Yosys's Verilog."""

_CODE_BITS = 3 * COORDINATE_BITS

_FIELDS = {
    "TYPE": SPIKE["type"],
    "DESTINATION": Field(lowest=SPIKE["x"].lowest, width=_CODE_BITS),
    "STEP": SPIKE["step"],
    "CONTROL": SPIKE["control"],
    "SOURCE": Field(lowest=SPIKE["source_x"].lowest, width=_CODE_BITS),
    "NEURON": SPIKE["neuron"],
    "FROM_HOST": SPIKE["from_host"],
    "COMMAND": MEMORY["command"],
}

_NUMBERS = {
    "MEMORY": FlitType.MEMORY,
    "KEPT": Command.KEPT,
    "END": Control.END,
    "CREDIT": Control.CREDIT,
}

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


def headers(mesh: MeshShape, *, stalls: bool) -> dict[str, str]:
    """C++ headers by name: those that stand beside `MAIN`, and `PORTS`."""
    own = {path.name: path.read_text() for path in sorted(MAIN.parent.glob("*.h"))}
    return {**own, PORTS: _ports(mesh, stalls)}


def _ports(mesh: MeshShape, stalls: bool) -> str:
    codes = ", ".join(str(node_code(node)) for node in mesh.every())
    fields = [
        f"constexpr Field {name}{{{field.lowest}, {field.width}}};"
        for name, field in _FIELDS.items()
    ]
    numbers = [f"constexpr uint32_t {name} = {int(value)};" for name, value in _NUMBERS.items()]
    rows = [
        "{" + ", ".join(_member(port, node_name(node), stalls) for port in _LINK) + "},"
        for node in mesh.every()
    ]
    return "\n".join(
        [
            "// The ports of the backbone by node, and the fields of flits.",
            "#pragma once",
            "#include <cstdint>",
            '#include "Vbackbone.h"',
            "#define PORT(stream, part) stream##___05F##part  // Verilator's stream__part",
            "struct Field { uint32_t lowest, width; };",
            *fields,
            *numbers,
            f"constexpr int CODE_BITS = {_CODE_BITS};",
            f"constexpr int NODES = {mesh.nodes};",
            f"constexpr int HOST = {mesh.number(HOST)};",
            f"constexpr bool STALLS = {str(stalls).lower()};",
            f"constexpr uint32_t CODES[NODES] = {{{codes}}};",
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
