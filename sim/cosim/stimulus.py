"""Where a co-simulation gets its input spikes, a few images at a time."""

import dataclasses
from pathlib import Path
from typing import Protocol

import numpy as np

from trispike.models.data.encoders import encode
from trispike.models.network.shape import NetworkShape


class Stimulus(Protocol):
    """Input spikes that are made, or read, when they are asked for.

    Shards get a pickled copy each and ask in processes of their own, on other machines too: what
    it reads must be files, and its class one that can be imported from the checkout.
    """

    timesteps: int
    """Timesteps per image."""

    def spikes(self, first: int, last: int) -> np.ndarray:
        """Spikes of images ``first`` to ``last - 1``: bool, shape (images, timesteps, inputs).

        For a first layer of pixels these: uint8, of the same shape.
        """


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
    """Images encoded for a network, each as it would be in a run of the whole set.

    - ``shape``: the network, whose encoder it is.
    - ``images``: file of all images as NumPy saves them.
    - ``timesteps``, ``seed``: as for `models.data.encoders.encode`.
    """

    shape: NetworkShape
    images: Path
    timesteps: int
    seed: int

    @classmethod
    def of(
        cls, shape: NetworkShape, images: np.ndarray, timesteps: int, seed: int, folder: Path
    ) -> "Encoding":
        """The encoding of ``images``, which are put into ``folder``."""
        path = folder / "images.npy"
        np.save(path, images, allow_pickle=False)
        return cls(shape=shape, images=path, timesteps=timesteps, seed=seed)

    def spikes(self, first: int, last: int) -> np.ndarray:
        """What goes in for images ``first`` to ``last - 1``, see `Stimulus`."""
        images = np.load(self.images, mmap_mode="r", allow_pickle=False)[first:last]
        return encode(self.shape, images, self.timesteps, self.seed, first)
