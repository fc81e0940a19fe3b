"""CIFAR-10's records, plain, gzip or xz, or in the publisher's archive."""

import random
from pathlib import Path

import numpy as np

from tb.fuzz.formats.idx import packed
from tb.fuzz.formats.tars import tar
from tb.fuzz.formats.weights import file_of
from tb.kit import networks
from tb.kit.idx_files import sha256
from trispike.models.data import cifar10
from trispike.models.data.samples import Part

_RECORDS = 2
_UNPACKED = "cifar-10-batches-bin"


class Cifar:
    """Files of two records that stand in for those of the data set."""

    def __init__(self):
        records = np.random.default_rng(6).integers(0, 10, (_RECORDS, 3073), np.uint8)
        self._data = records.tobytes()
        (self._name,) = cifar10.FILES[Part.TEST]
        files = {**cifar10.FILES, Part.TEST: {self._name: sha256(self._data)}}
        module = "trispike.models.data.cifar10"
        self.patches = {
            f"{module}.FILES": files,
            f"{module}._RECORDS": _RECORDS,
            f"{module}._LIMIT": len(self._data) + 1,
        }
        self._weights = file_of(networks.random_network((3072, 3, 10), 0))

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        place = rng.choice(["", _UNPACKED, cifar10.ARCHIVE, cifar10.ARCHIVE])
        if place == cifar10.ARCHIVE:
            members = {f"{_UNPACKED}/{self._name}": self._data, "batches.meta.txt": b"cat\n"}
            (folder / place).write_bytes(tar(rng, members))
        else:
            (folder / place).mkdir(exist_ok=True)
            packed(rng, folder / place / self._name, self._data, damaged=rng.random() < 0.95)
        for suffix, part in zip((".npz", ".json"), self._weights, strict=True):
            (folder / f"w{suffix}").write_bytes(part)
        return ["sim", "--data", "cifar10", "--data-folder", ".", "--weights", "w.npz"]
