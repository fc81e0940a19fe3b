"""C++ declarations of what Python and the C++ programs share: numbers, flits, records of files."""

import enum
from pathlib import Path

import numpy as np

from trispike.models.mesh.flits import COORDINATE_BITS, MEMORY, SPIKE, Command, Field, FlitType
from trispike.models.mesh.topology import MeshShape, Port
from trispike.sim.tools.build import missing_for_fst
from trispike.sim.tools.simulator import SimulationError
from trispike.sim.tools.toolchain import find

_CODE_BITS = 3 * COORDINATE_BITS

_FIELDS = {
    "TYPE": SPIKE["type"],
    "DESTINATION": Field(lowest=SPIKE["x"].lowest, width=_CODE_BITS),
    "STEP": SPIKE["step"],
    "CONTROL": SPIKE["control"],
    "SOURCE": Field(lowest=SPIKE["source_x"].lowest, width=_CODE_BITS),
    "NEURON": SPIKE["neuron"],
    "FROM_HOST": SPIKE["from_host"],
    "TO_HOST": SPIKE["to_host"],
    "COMMAND": MEMORY["command"],
}


def record(*names: str, **types: type) -> np.dtype:
    """A record of signed 64-bit words called ``names``, or of ``types``; C++ has no gaps in it."""
    return np.dtype([(name, np.int64) for name in names] + list(types.items()))


def headers(folder: Path) -> dict[str, str]:
    """C++ headers that stand in ``folder``, by name."""
    return {path.name: path.read_text() for path in sorted(folder.glob("*.h"))}


def structs(**records: np.dtype) -> list[str]:
    """C++ lines: ``records`` by name."""
    lines = []
    for name, layout in records.items():
        members = " ".join(f"{layout[member]}_t {member};" for member in layout.names)
        lines.append(f"struct {name} {{ {members} }};")
        lines.append(f"static_assert(sizeof({name}) == {layout.itemsize});")
    return lines


def declarations(mesh: MeshShape, *enums: type[enum.Enum]) -> list[str]:
    """C++ lines: how large ``mesh`` is, its ports, the fields of flits, ``enums``."""
    lines = [
        "#pragma once",
        "#include <cstdint>",
        f"constexpr int NODES = {mesh.nodes}, PORTS = {len(Port)}, CODE_BITS = {_CODE_BITS};",
        "struct Field { uint32_t lowest, width; };",
        *(f"constexpr Field {name}{{{at.lowest}, {at.width}}};" for name, at in _FIELDS.items()),
    ]
    for kind in (FlitType, Command, *enums):
        members = ", ".join(f"{member.name} = {member.value}" for member in kind)
        lines.append(f"enum {kind.__name__} : uint32_t {{ {members} }};")
    return lines


def waveform(waves: bool) -> list[str]:
    """C++ lines: the class of waveforms, if the program can write ``waves``."""
    if not waves:
        return []
    form = "vcd" if missing_for_fst(find().cxx) else "fst"
    return [f'#include "verilated_{form}_c.h"', f"#define WAVEFORM Verilated{form.title()}C"]


def packed(layout: np.dtype, *values: int) -> bytes:
    """One record of ``layout`` that holds ``values``."""
    return np.array([values], dtype=layout).tobytes()


class RecordFile:
    """Takes a file of records apart, from its beginning on."""

    def __init__(self, path: Path):
        self._bytes, self._at = path.read_bytes(), 0

    def take(self, count: int, layout: np.dtype | type = np.int64) -> np.ndarray:
        """The next ``count`` records; `SimulationError` if there are fewer."""
        size = count * np.dtype(layout).itemsize
        if self._at + size > len(self._bytes):
            raise SimulationError("the results of a run were cut short")
        self._at += size
        return np.frombuffer(self._bytes, layout, count, self._at - size)

    def rest(self, layout: np.dtype) -> np.ndarray:
        """All records that are left."""
        return self.take((len(self._bytes) - self._at) // layout.itemsize, layout)
