"""Reads waveforms of meshes, in which a nanosecond is a cycle."""

from pathlib import Path

import pywellen

from trispike.sim.tools import viewers


class MeshWave:
    """The waveform in the file ``path``, and what its viewer files say of flits."""

    def __init__(self, path: Path):
        self._path = path
        wave = pywellen.Waveform(str(path))
        self.bits = {var.full_name: var.bitwidth for var in wave.all_vars()}

    def changes(self, signal: str) -> list[tuple[int, int]]:
        """Cycles in which ``signal`` becomes another value, and the values."""
        seen = []
        wave = pywellen.Waveform(str(self._path))  # which streams a signal once
        (var,) = (each for each in wave.all_vars() if each.full_name == signal)
        wave.stream_changes(lambda time, _, value: seen.append((time, int(value))), [var])
        return [(time // 1000, value) for time, value in seen]

    def at(self, cycle: int, signal: str) -> int:
        """Value of ``signal`` in a ``cycle``."""
        return [value for when, value in self.changes(signal) if when <= cycle][-1]

    def words(self) -> dict[int, str]:
        """Flits in words, as both viewers read them."""
        path = self._path.parent / viewers._mapping(viewers._flits(self._path))
        head, *lines = path.read_text().splitlines()
        assert head == "Bits = 32"
        pairs = (line.split(" ", 1) for line in lines)
        return {int(value): text for value, text in pairs}

    def shown(self) -> list[str]:
        """Signals that Surfer shows."""
        lines = self._path.with_suffix(".sucl").read_text().splitlines()
        return [line.split(" ")[1] for line in lines if line.startswith("variable_add ")]
