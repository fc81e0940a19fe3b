"""What a clock has to reach in a chip, from its Verilog."""

import collections
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_MODULE = re.compile(r"^module (\S+)\s*\(.*?^endmodule", re.S | re.M)
_REGISTER = re.compile(r"^  reg (?:\[(\d+):0\] )?(\S+)\s*(?:= \S+)?\s*;", re.M)
_WORDS = re.compile(r"^  reg \[(\d+):0\] \S+ \[(\d+):0\];", re.M)
_CLOCKED = re.compile(r"^  always @\(posedge clk\)\n((?:    .*\n)+)", re.M)
_ASSIGNED = re.compile(r"(\S+) +<= ")
_INSTANCE = re.compile(r"^  (\S+) +(\S+) +\($", re.M)
_MEMORY = "sram_"
_ELEMENT = "processing_element"

_LEAST_GATED = 3
"""Bits of a register from which on a clock gate is smaller than multiplexers (OSU 180 nm)."""


class Registers(NamedTuple):
    """Registers of a chip, or of a part of it.

    flip_flops: All of them. Memory banks count none: they are macros. A synthesiser may need a few
        less, where it finds that a bit never changes.
    narrow: Flip-flops of registers too narrow for a clock gate, and of buffers of flits, which
        synthesis gives none; outside PEs, whose spike is taken to share that of the potential.
    wide: Registers that have one.
    elements: Flip-flops of a PE of each layer, or of the layer or node that ``top`` is.
    """

    flip_flops: int
    narrow: int
    wide: int
    elements: tuple[int, ...] = ()


def registers(texts: dict[str, str], top: str) -> Registers:
    """Of ``top`` and all below it, by the exported Verilog of each block."""
    modules = {
        match[1].replace("\\", ""): match[0]
        for text in texts.values()
        for match in _MODULE.finditer(text)
    }
    instances = {
        name: [(kind.replace("\\", ""), instance) for kind, instance in _INSTANCE.findall(text)]
        for name, text in modules.items()
    }
    widths = {name: _widths(name, text) for name, text in modules.items()}

    def every(of: Callable[[str], int]) -> int:
        counts: dict[str, int] = {}

        def count(name: str) -> int:
            if name not in counts:
                below = collections.Counter(kind for kind, _ in instances[name])
                counts[name] = of(name) + sum(n * count(kind) for kind, n in below.items())
            return counts[name]

        return count(top)

    def narrow(name: str) -> int:
        few = [width for width in widths[name] if width < _LEAST_GATED]
        return 0 if name.startswith(_ELEMENT) else sum(few)

    kinds = [top, *(kind for kind, _ in instances[top])]
    elements = [kind for at in kinds for kind, instance in instances[at] if instance == "pe_0"]
    return Registers(
        flip_flops=every(lambda name: sum(widths[name])),
        narrow=every(narrow),
        wide=every(lambda name: sum(width >= _LEAST_GATED for width in widths[name])),
        elements=tuple(sum(widths[kind]) for kind in elements),
    )


def chip_registers(model: Path) -> Registers:
    """Of the chip whose Verilog is in the folder ``model``."""
    texts = {path.stem: path.read_text() for path in model.glob("*.v")}
    [top] = [name for name in texts if name.startswith("trispike_")]
    return registers(texts, top)


def _widths(name: str, text: str) -> list[int]:
    """Bits of each register of the module ``name`` itself."""
    if name.startswith(_MEMORY):
        return []
    widths = {name: int(high or 0) + 1 for high, name in _REGISTER.findall(text)}
    stored = {name for body in _CLOCKED.findall(text) for name in _ASSIGNED.findall(body)}
    words = sum((int(high) + 1) * (int(last) + 1) for high, last in _WORDS.findall(text))
    return [widths[name.partition("[")[0]] for name in sorted(stored)] + [1] * words
