"""A user's own data: an archive of images or spikes, with labels or without."""

import random
from pathlib import Path

import numpy as np

from tb.fuzz import arrays
from tb.fuzz.formats.weights import file_of
from tb.kit import networks
from trispike.models.network.shape import Encoder, NetworkShape

_COMMANDS = (["sim"], ["map"], ["prune"], ["order", "--lanes", "2"], ["sim", "--images", "2"])


class Own:
    """Images and spikes of every layout."""

    def __init__(self):
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (6, 12), np.uint8)
        spikes = rng.integers(0, 2, (6, 4, 12), np.uint8)
        self._images = [images, images.reshape(6, 3, 4), images.reshape(6, 1, 3, 4)]
        self._spikes = [spikes, spikes.astype(bool), spikes.reshape(6, 4, 1, 3, 4)]
        self._labels = np.arange(6)
        dense = NetworkShape.dense(name="own", sizes=(12, 5, 10))
        given = NetworkShape.of("own", dense.layers, encoder=Encoder.GIVEN)
        self._weights = [file_of(networks.random_network_of(shape, 0)) for shape in (dense, given)]

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        kind = rng.choice(["images", "spikes"])
        good = {kind: rng.choice(self._images if kind == "images" else self._spikes)}
        if rng.random() < 0.7:
            good["labels"] = self._labels
        name = rng.choice(["own.npz"] * 30 + ["own", "own.npy", "é [b]own.npz", "-.npz"])
        (folder / name).write_bytes(arrays.npz(rng, good))
        archive, card = self._weights[kind == "spikes"]
        (folder / "w.npz").write_bytes(archive)
        (folder / "w.json").write_bytes(card)
        return [*rng.choice(_COMMANDS), "--weights", "w.npz", "--input", name]
