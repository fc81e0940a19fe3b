"""Reads what the harness captured."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.readout import score_shape
from trispike.rtl.layers.configuration import TIMESTEPS_SHAPE
from trispike.sim.cosim import harness


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
        """The bits as fields of ``width`` bits, lowest first: int32 (n, fields), bool if 1 bit."""
        if width == 1 and not signed:
            return self.bits
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

    - ``probed``: what each probe showed: for layer number k from 0 and the probe's name, the
      values, integers of shape (steps, values), and their cycles, int64 (steps,).
    - ``result_cycles``: int64, shape (predictions,): the cycle in which each prediction was taken.
    - ``labels``: int64, shape (predictions,).
    - ``scores``: int32, shape (predictions, outputs): spike counts, or sums of potentials.
    - ``decided``: int64, shape (predictions, 1): timesteps that each took; (predictions, 0) where
      all take all.
    """

    probed: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]]
    result_cycles: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    decided: np.ndarray


class Captures:
    """The captures of a run, taken up chunk by chunk; what is ahead of a chunk waits for the next.

    - ``folder``: where the harness leaves them.
    - ``shape``: the chip's.
    - ``costly``: costly probes are captured too.
    """

    def __init__(self, folder: Path, shape: NetworkShape, *, costly: bool):
        self._folder, self._outputs = folder, shape.sizes[-1]
        self._label_bits = max(1, (shape.labels - 1).bit_length())
        self._timestep_bits = TIMESTEPS_SHAPE.width * shape.stops
        self._score = score_shape(shape.read_out)
        self._probes = [
            (k, probe) for k, probe in harness.probes(shape) if costly or not probe.costly
        ]
        self._ahead: dict[str, Capture] = {}

    def take(self, number: Callable[[int, str], int] | None) -> Run:
        """The next events of each layer, or all that there are if None, and the predictions.

        ``number(k, name)`` is how many of layer k's probe ``name``. Reads and removes the harness's
        files, which must be closed.
        """
        widths = (self._label_bits, self._timestep_bits, self._score.width * self._outputs)
        results = self._read("results", sum(widths))
        label, timesteps, scores = (
            Capture(results.cycles, bits)
            for bits in np.split(results.bits, np.cumsum(widths)[:-1], axis=1)
        )
        probed = {}
        for k, probe in self._probes:
            count = number and number(k, probe.name)
            capture = self._next(f"layer_{k}.{probe.name}", probe.width, count)
            values = capture.numbers(probe.bits, signed=probe.signed)
            probed[k, probe.name] = values, capture.cycles
        return Run(
            probed=probed,
            result_cycles=results.cycles,
            labels=label.numbers(widths[0], signed=False)[:, 0],
            scores=scores.numbers(self._score.width, signed=self._score.signed),
            decided=timesteps.numbers(TIMESTEPS_SHAPE.width, signed=False),
        )

    def _read(self, name: str, width: int) -> Capture:
        path = self._folder / name
        capture = read(path, width)
        path.unlink()
        return capture

    def _next(self, name: str, width: int, count: int | None) -> Capture:
        have = self._read(name, width)
        if name in self._ahead:
            have = self._ahead[name].followed_by(have)
        if count is not None:
            # A copy: a view would keep the whole chunk in memory.
            self._ahead[name] = Capture(have.cycles[count:].copy(), have.bits[count:].copy())
            have = Capture(have.cycles[:count], have.bits[:count])
        return have
