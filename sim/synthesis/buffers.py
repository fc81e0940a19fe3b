"""Buffer trees for nets with a high load.

A layer broadcasts its state, constants and threshold to hundreds of PEs. In the mapper's netlist
one small gate drives them all: no chip could have that, and a timing library does not describe its
delay.
"""

import dataclasses
import itertools

from trispike.sim.synthesis.library import Buffer
from trispike.sim.synthesis.netlist import Bit, Instance, Module, Netlist

GATE_LOAD = 16
"""Highest load of a gate, in inputs of a NAND2."""

BUFFER_LOAD = 48
"""The same for a buffer of a tree and for an input port. The driver of an input port gets the
buffer, so the tree of a net that goes into hundreds of PEs is outside them.
"""

CLOCK = "clk"
"""The port whose net gets no buffers, as a clock tree is not modelled; a gated clock gets them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Sink:
    """One end of a net: pin ``pin``, bit ``bit``, of ``instance``, with its load."""

    instance: Instance
    pin: str
    bit: int
    load: float


def insert(netlist: Netlist, buffer: Buffer, nand2: str) -> dict[str, int]:
    """Insert trees of ``buffer`` into ``netlist``, in place; returns how many by module.

    Loads are the library's input capacitances, in inputs of the cell ``nand2``. Modules are
    processed bottom-up, as the load of an input port is the load inside its module.
    """
    cells = netlist.library.cells
    unit = cells[nand2].pins[cells[nand2].inputs[0]].capacitance
    behind: dict[tuple[str, str, int], float] = {}  # module, input port, bit

    def load(kind: str, pin: str, bit: int) -> float:
        if kind in cells:
            return cells[kind].pins[pin].capacitance / unit
        return behind.get((kind, pin, bit), 1.0)  # a macro's, which nothing is known of

    counts = {}
    for name, module in netlist.modules.items():
        if not module.macro:
            tree = _Trees(module, netlist, buffer, load)
            counts[name] = tree.insert()
            for port, bit, total in tree.inputs():
                behind[name, port, bit] = total
    return counts


class _Trees:
    """The trees of one module."""

    def __init__(self, module: Module, netlist: Netlist, buffer: Buffer, load):
        self._module, self._buffer, self._load = module, buffer, load
        self._own = load(buffer.cell, buffer.input, 0)
        self._numbers = itertools.count(max(b for b in module.names if isinstance(b, int)) + 1)
        self._count = 0
        self._sinks: dict[Bit, list[_Sink]] = {}
        for cell in module.cells:
            for pin, bits in cell.pins.items():
                if _drives(netlist, cell.kind, pin):
                    continue
                for k, bit in enumerate(bits):
                    sink = _Sink(instance=cell, pin=pin, bit=k, load=load(cell.kind, pin, k))
                    self._sinks.setdefault(bit, []).append(sink)

    def insert(self) -> int:
        """Insert the trees; returns the number of buffers."""
        ports = {
            bit
            for direction, bits in self._module.ports.values()
            if direction == "input"
            for bit in bits
        }
        for bit in list(self._sinks):
            if isinstance(bit, int) and bit not in self._module.ports[CLOCK][1]:
                self._drive(bit, BUFFER_LOAD if bit in ports else GATE_LOAD)
        return self._count

    def inputs(self):
        """Name, bit and load of each input port."""
        for port, (direction, bits) in self._module.ports.items():
            if direction == "input":
                for k, bit in enumerate(bits):
                    yield port, k, sum(sink.load for sink in self._sinks.get(bit, ()))

    def _drive(self, root: Bit, most: float) -> None:
        """Reduce the load of the net ``root`` to at most ``most``, or to one buffer."""
        sinks = self._sinks[root]
        number = itertools.count()
        while sum(sink.load for sink in sinks) > most:
            if len(sinks) == 1 and sinks[0].instance.kind == self._buffer.cell:
                break
            sinks = [self._buffered(group, root, next(number)) for group in _groups(sinks)]
        self._sinks[root] = sinks

    def _buffered(self, sinks: list[_Sink], root: Bit, number: int) -> _Sink:
        """A buffer between ``root`` and ``sinks``; its input is the new sink."""
        net = next(self._numbers)
        name = f"{self._module.names[root]}_buffer_{number}"
        self._module.names[net] = f"{name}_net"
        pins = {self._buffer.input: [root], self._buffer.output: [net]}
        cell = Instance(name=name, kind=self._buffer.cell, pins=pins)
        self._module.cells.append(cell)
        self._count += 1
        for sink in sinks:
            sink.instance.pins[sink.pin][sink.bit] = net
        return _Sink(instance=cell, pin=self._buffer.input, bit=0, load=self._own)


def _groups(sinks: list[_Sink]) -> list[list[_Sink]]:
    """Groups of neighbours, of about equal load, each at most `BUFFER_LOAD`."""
    total = sum(sink.load for sink in sinks)
    share = total / -(-total // BUFFER_LOAD)
    groups: list[list[_Sink]] = [[]]
    group_load = 0.0
    for sink in sinks:
        if groups[-1] and group_load + sink.load > share:
            groups.append([])
            group_load = 0.0
        groups[-1].append(sink)
        group_load += sink.load
    return groups


def _drives(netlist: Netlist, kind: str, pin: str) -> bool:
    """Whether ``pin`` of a cell or module of this kind is an output."""
    cell = netlist.library.cells.get(kind)
    if cell is not None:
        return cell.pins[pin].direction == "output"
    return netlist.modules[kind].ports[pin][0] == "output"
