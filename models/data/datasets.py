"""Data sets by name: ``digits`` comes with scikit-learn, the others are files of the user.

``mnist``, and ``saccade`` which is made of it, are read from a folder, from a cache, or from a
download; the others from a folder only. Files of several sets have the same names, so each has an
environment variable of its own and refuses the other's files.
"""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.models.data import cifar10, digits, emnist, fashion, mnist, nmnist, saccade
from trispike.models.data.samples import IMAGES, Part, Samples
from trispike.models.errors import BadInput

FOLDER_VARIABLE = "TRISPIKE_DATA"
"""Environment variable that names the folder with MNIST's files."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """Where a data set is read from.

    - ``read``: gives the arrays of a part, and digests, from a folder or without one (None).
    - ``variable``: environment variable that names the folder; None: it needs no folder.
    """

    read: Callable[[Part, Path | None], tuple[np.ndarray, np.ndarray, dict[str, str]]]
    variable: str | None
    samples: Samples = IMAGES


SOURCES = {
    "digits": Source(read=digits.read, variable=None),
    "mnist": Source(read=mnist.read, variable=FOLDER_VARIABLE),
    "saccade": Source(read=saccade.read, variable=FOLDER_VARIABLE, samples=saccade.SAMPLES),
    "nmnist": Source(read=nmnist.read, variable="TRISPIKE_NMNIST", samples=saccade.SAMPLES),
    "fashion": Source(read=fashion.read, variable="TRISPIKE_FASHION"),
    "emnist": Source(read=emnist.read, variable="TRISPIKE_EMNIST", samples=emnist.SAMPLES),
    "cifar10": Source(read=cifar10.read, variable="TRISPIKE_CIFAR10", samples=cifar10.SAMPLES),
}

NAMES = tuple(SOURCES)
"""Names that `load` and `load_test` take."""


def held_out_count(images: int) -> int:
    """Number of held-out images among ``images`` training images; they are the last ones.

    A fifth, rounded down, and at most 10,000: 10,000 of MNIST's and of Fashion-MNIST's 60,000, 287
    of the 1,438 digits.
    """
    return min(images // 5, 10_000)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images, or spikes, and their labels.

    Settings, epochs and seeds are chosen by accuracy on the held-out images, after training on the
    others, `fit_images`; test images are only for measurements.

    - ``name``: one of `NAMES`.
    - ``train_images``, ``test_images``: uint8; images are of shape (n, inputs), row by row, 0 is
      background; spikes as `models.data.encoders.packed` gives them.
    - ``train_labels``, ``test_labels``: uint8, shape (n,), from 0 on.
    - ``digests``: sha256, in hexadecimal, of the sources of the arrays: by file name, of the file's
      unpacked bytes; for digits, by `models.data.digits.SOURCE`, the result of
      `models.data.digits.digest`; for nmnist, by part, of its recordings.
    - ``samples``: what one image, or train of spikes, and its label are.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    digests: dict[str, str] = dataclasses.field(default_factory=dict)
    samples: Samples = IMAGES

    @property
    def fit_images(self) -> np.ndarray:
        """The training images that are not held out. A view."""
        return self.train_images[: self._fit]

    @property
    def fit_labels(self) -> np.ndarray:
        """Labels of `fit_images`. A view."""
        return self.train_labels[: self._fit]

    @property
    def held_out_images(self) -> np.ndarray:
        """The last `held_out_count` training images. A view."""
        return self.train_images[self._fit :]

    @property
    def held_out_labels(self) -> np.ndarray:
        """Labels of `held_out_images`. A view."""
        return self.train_labels[self._fit :]

    @property
    def _fit(self) -> int:
        return len(self.train_images) - held_out_count(len(self.train_images))


def find_folder(option: Path | None = None, name: str = "mnist") -> Path | None:
    """The folder with the files of the data set ``name``.

    ``option``, else the folder that the set's environment variable names, else None. For mnist and
    saccade, None means the user's cache and, if that is empty, a download.
    """
    variable = source(name).variable
    named = os.environ.get(variable) if variable else None
    if option is not None:
        return Path(option)
    return Path(named) if named else None


def source(name: str) -> Source:
    """Where the data set ``name`` is read from; `BadInput` names the known ones."""
    try:
        return SOURCES[name]
    except KeyError:
        raise BadInput(f"DATA must be one of {', '.join(NAMES)}, not {name!r}") from None


def load_test(name: str, folder: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Test images and labels of the data set called ``name``, see `Dataset`.

    Files of training images are neither needed nor fetched. `BadInput` as for `load`.
    """
    images, labels, _ = source(name).read(Part.TEST, folder)
    return images, labels


def load(name: str, folder: Path | None = None) -> Dataset:
    """The data set called ``name``.

    - ``name``: one of `NAMES`, else `BadInput`.
    - ``folder``: folder with its files, see `find_folder`: recordings for nmnist, batches for
      cifar10, four IDX files for the others; plain, gzip or xz. `BadInput` for missing and broken
      files, for mnist, saccade and cifar10 if an unpacked file is not the publisher's, byte for
      byte, and for fashion if it is MNIST's. nmnist, emnist and cifar10 need a folder, and so does
      fashion where Debian's package of it is not installed.
    """
    train_images, train_labels, train_digests = source(name).read(Part.TRAIN, folder)
    test_images, test_labels, test_digests = source(name).read(Part.TEST, folder)
    return Dataset(
        name=name,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        digests=train_digests | test_digests,
        samples=source(name).samples,
    )
