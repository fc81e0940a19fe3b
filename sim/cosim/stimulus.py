"""Where a co-simulation gets its input spikes, a few images at a time."""

import dataclasses
from pathlib import Path
from typing import Protocol

import numpy as np

from trispike.models.data.spikes import encode


class Stimulus(Protocol):
    """Input spikes that are made, or read, when they are asked for.

    Shards get a pickled copy each and ask in processes of their own, on other machines too: what
    it reads must be files, and its class one that can be imported from the checkout.
    """

    timesteps: int
    """Timesteps per image."""

    def spikes(self, first: int, last: int) -> np.ndarray:
        """Spikes of images ``first`` to ``last - 1``: bool, shape (images, timesteps, inputs)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Given:
    """Spikes that are there already, all in memory: bool, shape (images, timesteps, inputs)."""

    array: np.ndarray

    @property
    def timesteps(self) -> int:
        """See `Stimulus`."""
        return self.array.shape[1]

    def spikes(self, first: int, last: int) -> np.ndarray:
        """See `Stimulus`."""
        return self.array[first:last]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Encoding:
    """Images encoded by `models.data.spikes.encode`, each as it would be in a run of the whole set.

    - ``pixels``: file of all images as NumPy saves them: uint8, shape (n, inputs).
    - ``timesteps``, ``seed``: as for `models.data.spikes.encode`.
    """

    pixels: Path
    timesteps: int
    seed: int

    @classmethod
    def of(cls, pixels: np.ndarray, timesteps: int, seed: int, folder: Path) -> "Encoding":
        """The encoding of ``pixels``, which are put into ``folder``."""
        path = folder / "pixels.npy"
        np.save(path, pixels, allow_pickle=False)
        return cls(pixels=path, timesteps=timesteps, seed=seed)

    def spikes(self, first: int, last: int) -> np.ndarray:
        """Spikes of images ``first`` to ``last - 1``, see `Stimulus`."""
        pixels = np.load(self.pixels, mmap_mode="r", allow_pickle=False)[first:last]
        return encode(pixels, self.timesteps, self.seed, first)
