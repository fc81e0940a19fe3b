"""The cells that the flow uses by name: full adders and buffers."""

import dataclasses
import re
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.synthesis.liberty import Liberty


@dataclasses.dataclass(frozen=True, kw_only=True)
class FullAdder:
    """A full-adder cell and its pins: three summands, sum, carry."""

    cell: str
    summands: tuple[str, str, str]
    sum: str
    carry: str


FULL_ADDERS = (
    FullAdder(cell="FAX1", summands=("A", "B", "C"), sum="YS", carry="YC"),  # OSU
    FullAdder(
        cell="sky130_fd_sc_hd__fa_1", summands=("A", "B", "CIN"), sum="SUM", carry="COUT"
    ),  # SkyWater 130 nm
    FullAdder(cell="FA_X1", summands=("A", "B", "CI"), sum="S", carry="CO"),  # Nangate 45 nm
)
"""Full adders of known libraries; Yosys and ABC do not use them by themselves."""

_ADDER = """\
(* techmap_celltype = "trispike_full_adder" *)
module {cell}_for_full_adder (A, B, C, S, CO);
  input A, B, C;
  output S, CO;
  parameter _TECHMAP_CONSTMSK_A_ = 0;
  parameter _TECHMAP_CONSTMSK_B_ = 0;
  parameter _TECHMAP_CONSTMSK_C_ = 0;
  generate
    // With a constant summand a few gates do.
    if (_TECHMAP_CONSTMSK_A_ || _TECHMAP_CONSTMSK_B_ || _TECHMAP_CONSTMSK_C_) begin
      assign S = A ^ B ^ C;
      assign CO = (A & B) | (C & (A | B));
    end else begin
{body}
    end
  endgenerate
endmodule
"""

_PLAIN = """\
      assign S = A ^ B ^ C;
      assign CO = (A & B) | (C & (A | B));"""


def full_adder(library: Liberty) -> FullAdder | None:
    """The full adder of ``library``, or None if no known one is in it."""
    return next((adder for adder in FULL_ADDERS if adder.cell in library.cells), None)


def adder_map(library: Liberty) -> str:
    """Verilog of a techmap from ``trispike_full_adder`` to ``library``'s cell, or to logic."""
    adder = full_adder(library)
    if adder is None:
        return _ADDER.format(cell="gates", body=_PLAIN)
    a, b, c = adder.summands
    pins = f".{a}(A), .{b}(B), .{c}(C), .{adder.sum}(S), .{adder.carry}(CO)"
    return _ADDER.format(cell=adder.cell, body=f"      {adder.cell} adder ({pins});")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Buffer:
    """A buffer cell, its pins, and the capacitance of its input in the library's unit."""

    cell: str
    input: str
    output: str
    capacitance: float


BUFFER_STRENGTH = 3.5
"""Least load that the buffer of a tree must drive, in units of a NAND2's highest load."""


def buffer(library: Liberty, nand2: str) -> Buffer:
    """The smallest buffer that drives `BUFFER_STRENGTH` times the load of the cell ``nand2``."""

    def most(name: str) -> float:
        cell = library.cells[name]
        return cell.pins[cell.outputs[0]].most

    fitting = [
        name
        for name, cell in library.cells.items()
        if len(cell.inputs) == len(cell.outputs) == 1
        and not cell.stores
        and re.sub(r"[\s()]", "", cell.pins[cell.outputs[0]].function) == cell.inputs[0]
        and most(name) >= BUFFER_STRENGTH * most(nand2)
        and cell.area > 0
    ]
    if not fitting:
        raise BadInput(
            f"{library.path} has no buffer that drives {BUFFER_STRENGTH:g} times the load of "
            f"{nand2}, which broadcasts to all PEs need; name another library by LIBERTY="
        )
    name = min(fitting, key=lambda name: (library.cells[name].area, name))
    cell = library.cells[name]
    return Buffer(
        cell=name,
        input=cell.inputs[0],
        output=cell.outputs[0],
        capacitance=cell.pins[cell.inputs[0]].capacitance,
    )


def techmap_file() -> Path:
    """Our own techmap from adders and comparators to full adders and majority gates."""
    return Path(__file__).resolve().parent / "techmap" / "arithmetic.v"
