"""How many flip-flops a chip has, from its Verilog."""

import collections
import re
from pathlib import Path

_MODULE = re.compile(r"^module (\S+)\s*\(.*?^endmodule", re.S | re.M)
_REGISTER = re.compile(r"^  reg (?:\[(\d+):0\] )?(\S+)(?: = \S+)?\s*;", re.M)
_CLOCKED = re.compile(r"^  always @\(posedge clk\)\n((?:    .*\n)+)", re.M)
_ASSIGNED = re.compile(r"(\S+) <= ")
_INSTANCE = re.compile(r"^  (\S+) (\S+) \($", re.M)
_MEMORY = "sram_"


def flip_flops(texts: dict[str, str], top: str) -> int:
    """Flip-flops in ``top`` and all below it, by the exported Verilog of each block.

    Memory banks count none: they are macros. A synthesiser may need a few less, where it finds that
    a bit never changes.
    """
    modules = {
        match[1].replace("\\", ""): match[0]
        for text in texts.values()
        for match in _MODULE.finditer(text)
    }
    counts: dict[str, int] = {}

    def count(name: str) -> int:
        if name not in counts:
            text = modules[name]
            below = collections.Counter(
                kind.replace("\\", "") for kind, _ in _INSTANCE.findall(text)
            )
            own = 0 if name.startswith(_MEMORY) else _own(text)
            counts[name] = own + sum(n * count(kind) for kind, n in below.items())
        return counts[name]

    return count(top)


def chip_flip_flops(model: Path) -> int:
    """Flip-flops of the chip whose Verilog is in the folder ``model``."""
    texts = {path.stem: path.read_text() for path in model.glob("*.v")}
    [top] = [name for name in texts if name.startswith("trispike_")]
    return flip_flops(texts, top)


def _own(text: str) -> int:
    widths = {name: int(high or 0) + 1 for high, name in _REGISTER.findall(text)}
    stored = {name for body in _CLOCKED.findall(text) for name in _ASSIGNED.findall(body)}
    return sum(widths[name.partition("[")[0]] for name in stored)
