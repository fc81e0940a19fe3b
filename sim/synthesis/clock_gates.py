"""The clock gate: what passes the clock on to registers in those cycles that change them."""

import dataclasses
import math
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.synthesis.liberty import Liberty
from trispike.sim.synthesis.netlist import CLOCK_GATE, Bit, Instance, Module

CLOCK, ENABLE, GATED = "clk", "enable", "gated"
"""Ports of a `CLOCK_GATE`. It is told in a cycle whether the edge at its end is to pass."""

STUB = f"(* blackbox *) module {CLOCK_GATE}(input clk, input enable, output gated); endmodule\n"
"""What Yosys knows of it."""

_GATING = """\
opt_dff
techmap -D LEAST_GATED={least} -map {techmap}
opt_merge -share_all t:{gate}
{sharing}
dffunmap
opt_expr
opt_clean"""
# Before anything is merged: an enable is seen only in a multiplexer that nothing else uses.

_SHARING = """select -set sharing t:{gate} %ci1:+[{enable}] %co1:+[EN] t:$dffe %i
techmap -D LEAST_GATED=1 -map {techmap} @sharing
opt_merge -share_all t:{gate}"""
# A register too narrow for a gate of its own shares that of a wider one with the same enable.

_INVERTED, _HELD, _STOPPED = "inverted", "held", "stopped"

LATCH, LATCH_CLOCK = f"{_HELD}_reg", "CLK"
"""Name of the latch, where a clock gate has one that is a cell of its own, and its clock pin."""

LAST, LAST_ENABLE = "gate", "B"
"""Name of the cell behind the latch, which stops the clock or passes it, and its enable pin."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a clock gate is made of.

    cells: By instance name, each with the nets of its pins.
    early: It has no latch: the enable must settle in the first half of each period.
    """

    cells: dict[str, tuple[str, dict[str, str]]]
    early: bool = False


def _integrated(cell: str, clock: str, enable: str, gated: str) -> Recipe:
    return Recipe(cells={"gate": (cell, {clock: CLOCK, enable: ENABLE, gated: GATED})})


RECIPES = (
    # The latch is open while the clock is low, and keeps the enable as it is while it is high.
    Recipe(
        cells={
            "inverter": ("INVX1", {"A": CLOCK, "Y": _INVERTED}),
            LATCH: ("LATCH", {LATCH_CLOCK: _INVERTED, "D": ENABLE, "Q": _HELD}),
            LAST: ("AND2X2", {"A": CLOCK, LAST_ENABLE: _HELD, "Y": GATED}),
        }
    ),  # OSU
    _integrated("sky130_fd_sc_hd__dlclkp_1", "CLK", "GATE", "GCLK"),  # SkyWater 130 nm
    _integrated("CLKGATE_X1", "CK", "E", "GCK"),  # Nangate 45 nm
    # High while the clock is, whatever the enable does then; it must be there when the clock falls.
    Recipe(
        cells={
            "inverter": ("INVX1", {"A": ENABLE, "Y": _STOPPED}),
            LAST: ("OR2X2", {"A": CLOCK, LAST_ENABLE: _STOPPED, "Y": GATED}),
        },
        early=True,
    ),  # OSU
)
"""Of known libraries."""


def clock_gate(library: Liberty, *, early: bool = False) -> Module | None:
    """The module `CLOCK_GATE` in cells of ``library``, or None if no recipe is known.

    ``early``: one without a latch.
    """
    fitting = (
        each
        for each in RECIPES
        if each.early == early and all(kind in library.cells for kind, _ in each.cells.values())
    )
    known = next(fitting, None)
    if known is None:
        return None
    names = (CLOCK, ENABLE, GATED, _INVERTED, _HELD, _STOPPED)
    nets: dict[str, Bit] = {name: k for k, name in enumerate(names, start=2)}
    return Module(
        name=CLOCK_GATE,
        ports={
            CLOCK: ("input", [nets[CLOCK]]),
            ENABLE: ("input", [nets[ENABLE]]),
            GATED: ("output", [nets[GATED]]),
        },
        cells=[
            Instance(name=name, kind=kind, pins={pin: [nets[net]] for pin, net in pins.items()})
            for name, (kind, pins) in known.cells.items()
        ],
        names={nets[net]: net for _, pins in known.cells.values() for net in pins.values()},
    )


def least_gated(library: Liberty, nand2: str) -> int:
    """Bits of a register from which on a gate is smaller than a multiplexer for each bit.

    A multiplexer is taken for two of the cell ``nand2``. `BadInput` if there is no gate.
    """
    gate = clock_gate(library)
    if gate is None:
        raise BadInput(
            f"no clock gate is known for {library.path}; give UNGATED=1, or name another "
            "library by LIBERTY="
        )
    area = sum(library.cells[cell.kind].area for cell in gate.cells)
    return math.floor(area / (2 * library.cells[nand2].area)) + 1


def gating(least: int, techmap: str) -> str:
    """Commands of Yosys that gate the clocks of registers with an enable and ``least`` bits.

    ``techmap``: where they find `techmap_file`.
    """
    names = {"techmap": techmap, "gate": CLOCK_GATE}
    sharing = _SHARING.format(**names, enable=ENABLE) if least > 1 else ""
    return _GATING.format(**names, least=least, sharing=sharing)


def techmap_file() -> Path:
    """Our own techmap from registers with an enable to gated ones."""
    return Path(__file__).resolve().parent / "techmap" / "clock_gate.v"
