"""Energy of a prediction from the switching of the mapped netlist, with OpenSTA's cell energies.

OpenSTA gives the power of each instance for outputs that switch once a cycle and for outputs that
never switch, from the library's tables and the netlist's loads. In between, power is linear in the
switching rate, which is counted on real images (`sim.energy.toggles`).
"""

import collections
import dataclasses
import re

from trispike.sim.energy.toggles import Toggles
from trispike.sim.synthesis import sta
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.tools.simulator import breakdown

PERIOD_NS = 10.0
"""Energies of a cycle do not depend on it."""

_SCRIPT = """\
set_power_activity -global -activity {activity} -duty 0.5
puts "== instances"
report_power -instances [get_cells -hierarchical *] -digits 6
"""
_LINE = re.compile(r"^ *(\d\S+) +(\d\S+) +(\d\S+) +\d\S+ +(\S+)$", re.M)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Switching:
    """Energy of one clock cycle in pJ, in the cell library's own technology.

    clock: Energy of the clock: of its pins at all registers, and of the gates that it passes.
    registers: Energy of register outputs that change.
    logic: Energy of all other cells, by kind of block.
    leakage: Power in nW.
    """

    clock: float
    registers: float
    logic: dict[str, float]
    leakage: float

    @property
    def total(self) -> float:
        """Energy of one cycle in pJ, without leakage."""
        return self.clock + self.registers + sum(self.logic.values())


def _powers(mapped: Mapped, activity: float) -> dict[str, tuple[float, float]]:
    """Dynamic and leakage power in W of each instance."""
    text = sta.run(
        mapped, _SCRIPT.format(activity=activity), period=PERIOD_NS, name=f"power_{activity:g}"
    )
    _, _, table = text.partition("== instances")
    return {
        name.replace("\\", ""): (float(internal) + float(switching), float(leakage))
        for internal, switching, leakage, name in _LINE.findall(table)
    }


def switching(mapped: Mapped, toggles: Toggles) -> Switching:
    """Energies of the ``toggles`` of ``mapped``."""
    still, busy = (_powers(mapped, activity) for activity in (0.0, 1.0))
    pj = 1e12 * PERIOD_NS * 1e-9
    clock = registers = leakage = 0.0
    logic: dict[str, float] = collections.defaultdict(float)
    for cell in toggles.activities():
        path = cell.path.replace("\\", "")
        if path not in busy:
            raise breakdown(f"sta said nothing of {path}", mapped.folder / "power_1.log")
        idle, leaks = still[path]  # what the clock alone takes, nothing in most cells
        moved = float((busy[path][0] - idle) * cell.switches * pj)
        leakage += leaks * 1e9
        clock += idle * cell.clocked * pj
        if mapped.library.cells[cell.kind].stores:
            registers += moved
        else:
            logic[_block(cell.path)] += moved
    return Switching(clock=clock, registers=registers, logic=dict(logic), leakage=leakage)


def _block(path: str) -> str:
    """Kind of block that contains the cell ``path``."""
    instances = path.split("/")[:-1]
    names = {"pe": "processing elements", "encoder": "encoders", "readout": "read-out"}
    for part in instances:
        for begin, name in names.items():
            if part.startswith(begin):
                return name
    return "broadcast, control, configuration"
