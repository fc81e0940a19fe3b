"""MNIST: four IDX files from a folder, from the cache or from a public mirror."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import platformdirs

from trispike.models.data import idx
from trispike.models.data.download import download
from trispike.models.data.samples import Part
from trispike.models.errors import BadInput
from trispike.models.files import write_atomically

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
"""Where the files are published, in the order in which they are tried."""

_REMEDY = "name a folder with MNIST's four IDX files with DATA_FOLDER= or TRISPIKE_DATA"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MnistFile:
    """One of the four files: its name, its dimensions and the sha256 of its unpacked bytes."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    def array(self, data: bytes, origin: str) -> np.ndarray:
        """The file's array (uint8 of `shape`) from its bytes, gzip or not, or `BadInput`."""
        array, digest = idx.load(data, self.shape, origin)
        if digest != self.sha256:
            raise BadInput(
                f"{origin} must have sha256 {self.sha256[:12]}..., not {digest[:12]}..., to be "
                f"MNIST's; fetch it again (other data sets' files have the same names)"
            )
        return array


TRAIN_IMAGES = MnistFile(
    name="train-images-idx3-ubyte",
    shape=(60000, 28, 28),
    sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
)
TRAIN_LABELS = MnistFile(
    name="train-labels-idx1-ubyte",
    shape=(60000,),
    sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
)
TEST_IMAGES = MnistFile(
    name="t10k-images-idx3-ubyte",
    shape=(10000, 28, 28),
    sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
)
TEST_LABELS = MnistFile(
    name="t10k-labels-idx1-ubyte",
    shape=(10000,),
    sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)


def files(part: Part) -> tuple[MnistFile, MnistFile]:
    """The files of the images and of the labels of ``part``."""
    train = part is Part.TRAIN
    return (TRAIN_IMAGES, TRAIN_LABELS) if train else (TEST_IMAGES, TEST_LABELS)


def cache_folder() -> Path:
    """Folder of the user's cache where downloaded files are kept."""
    return Path(platformdirs.user_cache_dir("trispike", appauthor=False)) / "mnist"


def from_folder(file: MnistFile, folder: Path) -> np.ndarray:
    """The array of ``file`` in ``folder``, gzip or not. uint8 of its shape, or `BadInput`."""
    return file.array(*idx.read(file.name, folder, _REMEDY))


def from_cache(
    file: MnistFile, mirrors: Sequence[str] = MIRRORS, cache: Path | None = None
) -> np.ndarray:
    """The array of ``file`` from the cache, downloaded first if it is not there intact.

    ``cache`` is `cache_folder` unless given. uint8 of the file's shape, or `BadInput`.
    """
    cache = cache_folder() if cache is None else cache
    try:
        return from_folder(file, cache)
    except BadInput:
        pass  # absent or damaged: the download replaces it
    packed = f"{file.name}.gz"
    limit = 2 * math.prod(file.shape) + 4096  # gzip cannot grow a file by more
    data = download(packed, mirrors, file.array, limit=limit, remedy=_REMEDY)
    write_atomically(cache / packed, data)
    return file.array(data, packed)


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Images and labels of ``part``, and the sha256 of their files by name.

    From the cache, or a download, if ``folder`` is None. uint8 of shapes (n, 784) and (n,).
    """
    images, labels = (
        from_cache(file) if folder is None else from_folder(file, folder) for file in files(part)
    )
    return images.reshape(len(images), -1), labels, {file.name: file.sha256 for file in files(part)}
