"""Two waves as one VCD file, which Surfer and GTKWave show side by side."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from trispike.models.files import write_atomically
from trispike.sim.tools.paths import build_folder
from trispike.sim.waves.wave import Wave

_NUMBER = re.compile(r"-?\d+")
_BITS = re.compile(r"[01]|0x[0-9a-f]+|-")
_FIRST, _LAST = 33, 126
"""Printable characters, from which VCD makes its identifiers."""


def write_difference(name: str, expected: Wave, found: Wave) -> Path:
    """Write both waves of the scenario ``name`` to one file in ``build/waves``; its path."""
    path = build_folder() / "waves" / f"{name}-difference.vcd"
    write_atomically(path, text({"expected": expected, "found": found}).encode())
    return path


def text(waves: dict[str, Wave]) -> str:
    """VCD text of ``waves``, by scope. A unit of time (1 ns) is a clock cycle.

    Each scope holds the signals of its wave, in scopes after their names, and ``recorded``, which
    falls where the wave ends. Bits are wires, numbers are reals, which viewers show unchanged, and
    all other values are strings.
    """
    identifiers = _identifiers()
    head = ["$timescale 1 ns $end"]
    changes: dict[int, list[str]] = {}
    for scope, wave in waves.items():
        head.append(f"$scope module {scope} $end")
        kinds = {name: _kind(name, waves.values()) for name in wave.signals}
        codes = {name: next(identifiers) for name in wave.signals}
        head += _declarations(kinds, codes)
        recorded = next(identifiers)
        head += [f"$var wire 1 {recorded} recorded $end", "$upscope $end"]
        for name in wave.signals:
            cycle = 0
            for count, value in wave.runs(name):
                change = _change(kinds[name], value, codes[name])
                changes.setdefault(cycle, []).append(change)
                cycle += count
        changes.setdefault(0, []).append(f"1{recorded}")
        changes.setdefault(wave.cycles, []).append(f"0{recorded}")
    changes.setdefault(max(wave.cycles for wave in waves.values()) + 1, [])
    body = [line for cycle in sorted(changes) for line in (f"#{cycle}", *changes[cycle])]
    return "\n".join([*head, "$enddefinitions $end", *body]) + "\n"


def _identifiers() -> Iterator[str]:
    characters = [chr(code) for code in range(_FIRST, _LAST + 1)]
    for length in itertools.count(1):
        yield from map("".join, itertools.product(characters, repeat=length))


def _kind(name: str, waves) -> tuple[str, int]:
    """VCD's type and size of the signal ``name``."""
    values = {value for wave in waves for value in wave.signals[name]}
    if all(_BITS.fullmatch(value) for value in values):
        digits = max((len(value) - 2 for value in values if value.startswith("0x")), default=0)
        return "wire", 4 * digits or 1
    return ("real", 64) if all(_NUMBER.fullmatch(value) for value in values) else ("string", 1)


def _declarations(kinds: dict[str, tuple[str, int]], codes: dict[str, str]) -> list[str]:
    lines, inside = [], []
    for name, (kind, size) in kinds.items():
        *scopes, last = name.split(".")
        common = 0
        while common < len(inside) and inside[: common + 1] == scopes[: common + 1]:
            common += 1
        lines += ["$upscope $end"] * (len(inside) - common)
        lines += [f"$scope module {scope} $end" for scope in scopes[common:]]
        inside = scopes
        lines.append(f"$var {kind} {size} {codes[name]} {last} $end")
    return lines + ["$upscope $end"] * len(inside)


def _change(kind: tuple[str, int], value: str, code: str) -> str:
    if kind[0] in ("string", "real"):
        return f"{kind[0][0]}{value} {code}"
    if value == "-":
        return f"bx {code}"
    return f"b{int(value, 16):b} {code}" if value.startswith("0x") else f"{value}{code}"
