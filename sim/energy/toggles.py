"""Switching rates of a mapped netlist's cells, computed from the values of its registers.

The values of flip-flops, memories and inputs in each cycle come from the RTL, which has the same
registers. The other cells follow by their Boolean functions, cycle by cycle, so a cell switches at
most once a cycle: glitches are not counted. A clock gate passes the clock on in the cycles in which
its enable is 1.
"""

import dataclasses
import re
from collections.abc import Iterator

import numpy as np

from trispike.sim.energy.functions import Function, parse
from trispike.sim.energy.trace import Waves
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.synthesis.clock_gates import ENABLE, GATED
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.synthesis.netlist import CLOCK_GATE, Bit, Instance, Module

_REGISTER = "_reg"
_DATA = "D"
"""Name of a flip-flop's input in all libraries."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Activity:
    """What a cell does.

    path, kind: The cell, as OpenSTA names it, ``layer_0/pe_3/potential_reg[17]``, and its kind.
    switches: Mean number of times that its outputs switch in a cycle for other reasons than the
        clock; for a cell with several outputs the mean over them.
    clocked: Share of the cycles in which the clock reaches it, if it does at all.
    """

    path: str
    kind: str
    switches: float
    clocked: float = 1.0


class Toggles:
    """Switching of the netlist ``mapped`` during the run recorded in ``trace``."""

    def __init__(self, mapped: Mapped, trace: Waves):
        self._netlist, self._trace = mapped.netlist, trace
        self._functions: dict[tuple[str, str], Function] = {}
        self._order: dict[str, list] = {}

    def activities(self) -> Iterator[Activity]:
        """The activity of each cell.

        `MismatchFound` if in any cycle the netlist computes another next value for a flip-flop than
        the RTL's register has.
        """
        yield from self._module(self._netlist.modules[self._netlist.top], ())

    def _module(self, module: Module, path: tuple[str, ...]) -> Iterator[Activity]:
        values = self._known(module, path)
        cells = self._netlist.library.cells
        for cell, outputs in self._sorted(module):
            pins = {pin: self._value(values, bits[0]) for pin, bits in cell.pins.items()}
            for pin, function in outputs:
                values[cell.pins[pin][0]] = function(pins)
        enables = self._enables(module, values)
        for cell in module.cells:
            if cell.kind in cells:
                name = "/".join((*path, cell.name))
                enable = next((enables[net] for net in self._inputs(cell) if net in enables), None)
                if cells[cell.kind].stores:
                    self._compare(name, cell, values, enable)
                nets = [cell.pins[pin][0] for pin in cells[cell.kind].outputs if pin in cell.pins]
                switches = sum(self._switches(values[net]) for net in nets) / len(nets)
                clocked = 1.0 if enable is None else float(enable.mean())
                yield Activity(path=name, kind=cell.kind, switches=switches, clocked=clocked)
            elif cell.kind == CLOCK_GATE:
                yield from self._gate((*path, cell.name), enables[cell.pins[GATED][0]])
        for cell in module.cells:
            child = self._netlist.modules.get(cell.kind)
            if child is not None and not child.macro and cell.kind != CLOCK_GATE:
                yield from self._module(child, (*path, cell.name))

    def _switches(self, values: np.ndarray) -> float:
        return np.count_nonzero(np.diff(values)) / (self._trace.cycles - 1)

    def _inputs(self, cell: Instance) -> list[Bit]:
        pins = self._netlist.library.cells[cell.kind].inputs
        return [cell.pins[pin][0] for pin in pins if pin in cell.pins]

    def _enables(self, module: Module, values: dict[Bit, np.ndarray]) -> dict[Bit, np.ndarray]:
        """For each net with a gated clock, whether an edge passes at the end of each cycle."""
        gates = [cell for cell in module.cells if cell.kind == CLOCK_GATE]
        enables = {cell.pins[GATED][0]: self._value(values, cell.pins[ENABLE][0]) for cell in gates}
        if gates:  # and the trees of buffers behind them
            for cell, outputs in self._sorted(module):
                behind = [enables[net] for net in self._inputs(cell) if net in enables]
                enables |= {cell.pins[pin][0]: behind[0] for pin, _ in outputs if behind}
        return enables

    def _gate(self, path: tuple[str, ...], enable: np.ndarray) -> Iterator[Activity]:
        """The cells of a clock gate: one that passes the clock, and what follows the enable.

        A latch has the clock in every cycle; other cells have no clock of their own.
        """
        gate = self._netlist.modules[CLOCK_GATE]
        for cell in gate.cells:
            passes = gate.ports[GATED][1] in cell.pins.values()
            yield Activity(
                path="/".join((*path, cell.name)),
                kind=cell.kind,
                switches=0.0 if passes else self._switches(enable),
                clocked=float(enable.mean()) if passes else 1.0,
            )

    def _compare(
        self,
        name: str,
        cell: Instance,
        values: dict[Bit, np.ndarray],
        enable: np.ndarray | None,
    ) -> None:
        """Compare the next value that the netlist computes with that of the RTL's register."""
        library_cell = self._netlist.library.cells[cell.kind]
        if _DATA in cell.pins:
            following = self._value(values, cell.pins[_DATA][0])[:-1]
            stored = values[cell.pins[library_cell.outputs[0]][0]][1:]
            if enable is not None:
                held = values[cell.pins[library_cell.outputs[0]][0]][:-1]
                following = np.where(enable[:-1], following, held)
            wrong = np.flatnonzero(following != stored)
            if len(wrong):
                message = f"netlist and RTL differ: {name}"
                raise MismatchFound(Mismatch(what=message, cycle=int(wrong[0]) + 1))

    def _value(self, values: dict[Bit, np.ndarray], bit: Bit) -> np.ndarray:
        if isinstance(bit, str):
            return np.full(self._trace.cycles, bit == "1")
        return values.get(bit, np.zeros(self._trace.cycles, dtype=bool))

    def _known(self, module: Module, path: tuple[str, ...]) -> dict[Bit, np.ndarray]:
        """Values of the nets driven by inputs, flip-flops and instances."""
        values: dict[Bit, np.ndarray] = {}

        def take(bits: list[Bit], signal: tuple[str, ...]) -> None:
            rows = self._trace.bits(".".join(signal))
            for bit, row in zip(bits, rows, strict=True):
                if isinstance(bit, int):
                    values[bit] = row

        for port, (direction, bits) in module.ports.items():
            if direction == "input" and port not in ("clk", "rst"):
                take(bits, (*path, port))
        for cell in module.cells:
            child = self._netlist.modules.get(cell.kind)
            library_cell = self._netlist.library.cells.get(cell.kind)
            if child is not None and cell.kind != CLOCK_GATE:
                for port, (direction, _) in child.ports.items():
                    if direction == "output" and port in cell.pins:
                        take(cell.pins[port], (*path, cell.name, port))
            elif library_cell is not None and library_cell.stores:
                signal, _, index = cell.name.partition(_REGISTER)
                *word, bit = re.findall(r"\[(\d+)\]", index) or ["0"]
                signal += "".join(f".[{number}]" for number in word)  # of a memory
                rows = self._trace.bits(".".join((*path, signal)))
                values[cell.pins[library_cell.outputs[0]][0]] = rows[int(bit)]
        return values

    def _sorted(self, module: Module) -> list:
        """The combinational cells of ``module``, each after the cells that drive it."""
        if module.name not in self._order:
            cells = [
                cell
                for cell in module.cells
                if cell.kind in self._netlist.library.cells
                and not self._netlist.library.cells[cell.kind].stores
            ]
            outputs = {cell.name: self._outputs(cell.kind, cell.pins) for cell in cells}
            driver = {cell.pins[pin][0]: cell for cell in cells for pin, _ in outputs[cell.name]}
            order, visited = [], set()
            for start in cells:
                stack = [(start, False)]
                while stack:
                    cell, ready = stack.pop()
                    if ready:
                        order.append((cell, outputs[cell.name]))
                    elif cell.name not in visited:
                        visited.add(cell.name)
                        stack.append((cell, True))
                        inputs = self._netlist.library.cells[cell.kind].inputs
                        nets = [cell.pins[pin][0] for pin in inputs if pin in cell.pins]
                        stack += [(driver[net], False) for net in nets if net in driver]
            self._order[module.name] = order
        return self._order[module.name]

    def _outputs(self, kind: str, pins: dict) -> list[tuple[str, Function]]:
        functions = []
        for pin in self._netlist.library.cells[kind].outputs:
            if pin in pins:
                if (kind, pin) not in self._functions:
                    text = self._netlist.library.cells[kind].pins[pin].function
                    self._functions[kind, pin] = parse(text)
                functions.append((pin, self._functions[kind, pin]))
        return functions
