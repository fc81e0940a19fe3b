"""IDX files: MNIST's, Fashion-MNIST's and EMNIST's, plain, gzip or xz."""

import gzip
import lzma
import random
from pathlib import Path

from tb.fuzz import damage
from tb.fuzz.formats.weights import file_of
from tb.kit import networks
from tb.kit.idx_files import small_file

_PACKINGS = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, 1, mtime=0),
    ".xz": lambda data: lzma.compress(data, preset=0),
}
_COUNT = 5


def packed(rng: random.Random, path: Path, data: bytes, *, damaged: bool) -> None:
    """Write ``data`` to ``path`` with a suffix of its packing, ``damaged`` before or after that."""
    suffix, pack = rng.choice(list(_PACKINGS.items()))
    inside = damaged and rng.random() < 0.5
    data = pack(damage.bytes_of(rng, data) if inside else data)
    if rng.random() < 0.002:
        data = pack(bytes(64 << 20))
    if rng.random() < 0.02:
        suffix = rng.choice(list(_PACKINGS))
    path = path.with_name(path.name + suffix)
    path.write_bytes(damage.bytes_of(rng, data) if damaged and not inside else data)


class Idx:
    """Small files that stand in for those of the data sets."""

    def __init__(self):
        images, self._images = small_file("t10k-images-idx3-ubyte", (_COUNT, 28, 28))
        labels, self._labels = small_file("t10k-labels-idx1-ubyte", (_COUNT,))
        mnist = "trispike.models.data.mnist"
        self.patches = {f"{mnist}.TEST_IMAGES": images, f"{mnist}.TEST_LABELS": labels}
        self._weights = file_of(networks.random_network((784, 5, 26), 0))

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        data = rng.choice(["mnist", "fashion", "emnist"])
        names = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
        if data == "emnist":
            names = [
                "emnist-letters-test-images-idx3-ubyte",
                "emnist-letters-test-labels-idx1-ubyte",
            ]
        if rng.random() < 0.1:
            names = [name.replace("-idx", ".idx") for name in names]
        which = rng.choice([(1, 0), (0, 1), (1, 1)])
        for name, good, damaged in zip(names, (self._images, self._labels), which, strict=True):
            if rng.random() < 0.99:
                packed(rng, folder / name, good, damaged=bool(damaged))
            elif rng.random() < 0.5:
                (folder / name).mkdir()
        for suffix, part in zip((".npz", ".json"), self._weights, strict=True):
            (folder / f"w{suffix}").write_bytes(part)
        return ["sim", "--data", data, "--data-folder", ".", "--weights", "w.npz"]
