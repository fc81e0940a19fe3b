"""Register and port values of a chip, cycle by cycle, from a waveform of its co-simulation."""

from pathlib import Path

import numpy as np
import pywellen

from trispike.sim.cosim import harness


class Trace:
    """Values of signals in the cycles between the first prediction and the last.

    Of a single one, from the first input vector on.

    ``path`` is a waveform of `sim.cosim.cosimulation.run`.
    """

    def __init__(self, path: Path):
        self._wave = pywellen.Waveform(str(path))
        self._vars = {var.full_name: var for var in self._wave.all_vars()}
        self._bits: dict[str, np.ndarray] = {}
        self._edges = self._window()

    @property
    def cycles(self) -> int:
        """Number of cycles."""
        return len(self._edges)

    def _window(self) -> list[int]:
        edges, inputs, results = map(self._rises, ("clk", "i_valid", "result_valid"))
        # A value stands at the edge that ends its cycle: it is read just before that.
        first = results[0] if len(results) > 1 else inputs[0]
        last = results[-1] + edges[1] - edges[0]
        return [edge for edge in edges if first < edge <= last]

    def _rises(self, signal: str) -> list[int]:
        """Times at which a bit of the bench rises."""
        times = []

        def look(time, _, value):
            if int(value) == 1:
                times.append(time)

        self._wave.stream_changes(look, [self._vars[f"{harness.TOP}.{signal}"]])
        return times

    def bits(self, signal: str) -> np.ndarray:
        """Bits of the chip's ``signal``, such as ``layer_0.pe_3.potential``, lowest first.

        Returns bool of shape (width, cycles).
        """
        if signal not in self._bits:
            name = f"{harness.TOP}.chip.{signal}"
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
