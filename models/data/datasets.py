"""Data sets by name: ``digits`` comes with scikit-learn, the others are files of the user.

``mnist`` is read from a folder, from a cache, or from a download; ``fashion``, which is
Fashion-MNIST, from a folder only. Their files have the same names, so each has an environment
variable of its own and refuses the other's files.
"""

import dataclasses
import os
from pathlib import Path

import numpy as np

from trispike.models.data import digits, fashion, mnist
from trispike.models.errors import BadInput

NAMES = ("digits", "mnist", "fashion")
"""Names that `load` and `load_test` take."""

FOLDER_VARIABLE = "TRISPIKE_DATA"
"""Environment variable that names the folder with MNIST's files."""

FASHION_VARIABLE = "TRISPIKE_FASHION"
"""Environment variable that names the folder with Fashion-MNIST's files."""


def held_out_count(images: int) -> int:
    """Number of held-out images among ``images`` training images; they are the last ones.

    A fifth, rounded down, and at most 10,000: 10,000 of MNIST's and of Fashion-MNIST's 60,000, 287
    of the 1,438 digits.
    """
    return min(images // 5, 10_000)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images of 28 x 28 pixels and their labels.

    Settings, epochs and seeds are chosen by accuracy on the held-out images, after training on the
    others, `fit_images`; test images are only for measurements.

    - ``name``: one of `NAMES`.
    - ``train_images``, ``test_images``: uint8, shape (n, 784), row by row, 0 is background.
    - ``train_labels``, ``test_labels``: uint8, shape (n,), 0 to 9.
    - ``digests``: sha256, in hexadecimal, of the sources of the arrays: by file name, of the file's
      unpacked bytes; for digits, by `models.data.digits.SOURCE`, the result of
      `models.data.digits.digest`.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    digests: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def fit_images(self) -> np.ndarray:
        """The training images that are not held out. uint8, a view of shape (n, 784)."""
        return self.train_images[: self._fit]

    @property
    def fit_labels(self) -> np.ndarray:
        """Labels of `fit_images`. uint8, a view of shape (n,)."""
        return self.train_labels[: self._fit]

    @property
    def held_out_images(self) -> np.ndarray:
        """The last `held_out_count` training images. uint8, a view of shape (n, 784)."""
        return self.train_images[self._fit :]

    @property
    def held_out_labels(self) -> np.ndarray:
        """Labels of `held_out_images`. uint8, a view of shape (n,)."""
        return self.train_labels[self._fit :]

    @property
    def _fit(self) -> int:
        return len(self.train_images) - held_out_count(len(self.train_images))


def find_folder(option: Path | None = None, name: str = "mnist") -> Path | None:
    """The folder with the files of the data set ``name``.

    ``option``, else the folder that TRISPIKE_FASHION names for fashion and TRISPIKE_DATA for other
    sets, else None. For mnist, None means the user's cache and, if that is empty, a download.
    """
    if option is not None:
        return Path(option)
    named = os.environ.get(FASHION_VARIABLE if name == "fashion" else FOLDER_VARIABLE)
    return Path(named) if named else None


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise BadInput(f"data set must be one of {', '.join(NAMES)}, not {name!r}")


def _read(name: str, file: mnist.MnistFile, folder: Path | None) -> tuple[np.ndarray, str]:
    """The array in mnist's or fashion's ``file``, images flattened, and the file's digest."""
    if name == "fashion":
        array, digest = fashion.from_folder(file, folder)
    else:
        array = mnist.from_cache(file) if folder is None else mnist.from_folder(file, folder)
        digest = file.sha256
    return (array.reshape(len(array), -1) if array.ndim > 1 else array), digest


def load_test(name: str, folder: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Test images (uint8, (n, 784)) and labels (uint8, (n,)) of the data set called ``name``.

    Files of training images are neither needed nor fetched. `BadInput` as for `load`.
    """
    _check_name(name)
    if name == "digits":
        return digits.load_arrays()[2:]
    images, labels = (_read(name, file, folder) for file in (mnist.TEST_IMAGES, mnist.TEST_LABELS))
    return images[0], labels[0]


def load(name: str, folder: Path | None = None) -> Dataset:
    """The data set called ``name``.

    - ``name``: one of `NAMES`, else `BadInput`.
    - ``folder``: folder with the four IDX files of mnist or of fashion, gzip or not; see
      `find_folder`. `BadInput` for missing and broken files, for mnist if an unpacked file is not
      MNIST's, byte for byte, and for fashion if it is MNIST's. fashion needs a folder.
    """
    _check_name(name)
    if name == "digits":
        arrays = digits.load_arrays()
        digests = {digits.SOURCE: digits.digest(arrays)}
    else:
        files = (mnist.TRAIN_IMAGES, mnist.TRAIN_LABELS, mnist.TEST_IMAGES, mnist.TEST_LABELS)
        loaded = {file.name: _read(name, file, folder) for file in files}
        arrays = [array for array, _ in loaded.values()]
        digests = {file: digest for file, (_, digest) in loaded.items()}
    return Dataset(
        name=name,
        train_images=arrays[0],
        train_labels=arrays[1],
        test_images=arrays[2],
        test_labels=arrays[3],
        digests=digests,
    )
