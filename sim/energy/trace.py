"""Register and port values of a block, cycle by cycle, from a waveform of its simulation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pywellen

from trispike.sim.cosim import harness


class Waves:
    """Values of the signals below the scope ``scope``, just before each of ``edges``."""

    def __init__(self, wave: pywellen.Waveform, scope: str, edges: Sequence[int]):
        self._vars = {var.full_name: var for var in wave.all_vars()}
        self._scope, self._edges = scope, edges
        self._bits: dict[str, np.ndarray] = {}

    @property
    def cycles(self) -> int:
        """Number of cycles."""
        return len(self._edges)

    def bits(self, signal: str) -> np.ndarray:
        """Bits of ``signal``, such as ``layer_0.pe_3.potential``, lowest first.

        Returns bool of shape (width, cycles).
        """
        if signal not in self._bits:
            name = f"{self._scope}.{signal}"
            if name not in self._vars:
                raise ValueError(f"the waveform has no signal {signal}")
            var = self._vars[name]
            values = [int(var.signal.value_at(edge - 1)) for edge in self._edges]
            size = -(-var.bitwidth // 8)
            raw = b"".join(value.to_bytes(size, "little") for value in values)
            words = np.frombuffer(raw, dtype=np.uint8).reshape(len(values), size)
            bits = np.unpackbits(words, axis=1, bitorder="little")[:, : var.bitwidth]
            self._bits[signal] = bits.T.astype(bool)
        return self._bits[signal]


class Trace(Waves):
    """Values of a chip's signals in the cycles between the first prediction and the last.

    Of a single one, from the first input vector on.

    ``path`` is a waveform of `sim.cosim.cosimulation.run`.
    """

    def __init__(self, path: Path):
        wave = pywellen.Waveform(str(path))
        signals = "clk", "i_valid", "result_valid"
        edges, inputs, results = (rises(wave, f"{harness.TOP}.{signal}") for signal in signals)
        # A value stands at the edge that ends its cycle: it is read just before that.
        first = results[0] if len(results) > 1 else inputs[0]
        last = results[-1] + edges[1] - edges[0]
        window = [edge for edge in edges if first < edge <= last]
        super().__init__(wave, f"{harness.TOP}.chip", window)


def rises(wave: pywellen.Waveform, signal: str) -> list[int]:
    """Times at which the bit ``signal`` of ``wave`` rises."""
    [var] = [var for var in wave.all_vars() if var.full_name == signal]
    times = []

    def look(time, _, value):
        if int(value) == 1:
            times.append(time)

    wave.stream_changes(look, [var])
    return times
