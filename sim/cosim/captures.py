"""Reads what the harness captured."""

import dataclasses
from pathlib import Path

import numpy as np

from trispike.models.network.numbers import COUNT_BITS, POTENTIAL_BITS


@dataclasses.dataclass(frozen=True, eq=False)
class Capture:
    """Captured events: ``cycles`` int64 (n,) and the events' bits, bool (n, width), bit 0 first."""

    cycles: np.ndarray
    bits: np.ndarray

    def __len__(self):
        return len(self.cycles)

    def followed_by(self, later: "Capture") -> "Capture":
        """These events, then the ``later`` ones, of the same width."""
        return Capture(
            np.concatenate([self.cycles, later.cycles]), np.concatenate([self.bits, later.bits])
        )

    def numbers(self, width: int, *, signed: bool) -> np.ndarray:
        """The bits as fields of ``width`` bits, lowest first: int32, shape (n, fields)."""
        weights = 1 << np.arange(width, dtype=np.int32)
        if signed:
            weights[-1] = -weights[-1]
        fields = self.bits.reshape(len(self), self.bits.shape[1] // width, width)
        return fields.astype(np.int32) @ weights


def read(path: Path, width: int) -> Capture:
    """Events of ``width`` bits in the file ``path``, one a line: cycle, space, hexadecimal."""
    lines = path.read_bytes().split()
    cycles = np.array(lines[0::2], dtype=np.int64)
    digits = -(-width // 8) * 2
    raw = bytes.fromhex(b"".join(line.zfill(digits) for line in lines[1::2]).decode())
    words = np.frombuffer(raw, dtype=np.uint8).reshape(len(cycles), digits // 2)[:, ::-1]
    bits = np.unpackbits(words, axis=1, bitorder="little")[:, :width].astype(bool)
    return Capture(cycles, bits)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """Everything captured of one chunk.

    Parameters
    ----------
    spikes
        Each layer's output vectors, bool (steps, neurons), with the cycles they were taken in.
    potentials
        Each layer's potentials as it fires, with the cycles; None if they were not captured.
    result_cycles
        int64, shape (predictions,): the cycle in which each prediction was taken.
    labels
        int64, shape (predictions,).
    counts
        int32, shape (predictions, outputs).
    """

    spikes: tuple[Capture, ...]
    potentials: tuple[Capture, ...] | None
    result_cycles: np.ndarray
    labels: np.ndarray
    counts: np.ndarray


class Captures:
    """The captures of a run, taken up chunk by chunk; what is ahead of a chunk waits for the next.

    Parameters
    ----------
    folder
        Where the harness leaves them.
    neurons
        Neurons of each layer of the chip.
    potentials
        Potentials are captured too.
    """

    def __init__(self, folder: Path, neurons: list[int], *, potentials: bool):
        self._folder, self._outputs = folder, neurons[-1]
        self._spikes = [(f"layer_{k}.spikes", n) for k, n in enumerate(neurons)]
        self._potentials = [
            (f"layer_{k}.potentials", n * POTENTIAL_BITS)
            for k, n in enumerate(neurons)
            if potentials
        ]
        self._ahead: dict[str, Capture] = {}

    def take(self, steps: int | None) -> Run:
        """The next ``steps`` of each layer, or all that there are if None, and the predictions.

        Reads and removes the harness's files, which must be closed.
        """
        label_bits = max(1, (self._outputs - 1).bit_length())
        results = self._read("results", label_bits + COUNT_BITS * self._outputs)
        count_bits = Capture(results.cycles, results.bits[:, label_bits:])
        label = Capture(results.cycles, results.bits[:, :label_bits])
        potentials = tuple(self._next(*file, steps) for file in self._potentials)
        return Run(
            spikes=tuple(self._next(*file, steps) for file in self._spikes),
            potentials=potentials or None,
            result_cycles=results.cycles,
            labels=label.numbers(label_bits, signed=False)[:, 0],
            counts=count_bits.numbers(COUNT_BITS, signed=False),
        )

    def _read(self, name: str, width: int) -> Capture:
        path = self._folder / name
        capture = read(path, width)
        path.unlink()
        return capture

    def _next(self, name: str, width: int, steps: int | None) -> Capture:
        have = self._read(name, width)
        if name in self._ahead:
            have = self._ahead[name].followed_by(have)
        if steps is not None:
            # A copy: a view would keep the whole chunk in memory.
            self._ahead[name] = Capture(have.cycles[steps:].copy(), have.bits[steps:].copy())
            have = Capture(have.cycles[:steps], have.bits[:steps])
        return have
