"""Data sets by name: ``digits`` comes with scikit-learn, ``mnist`` from a folder or a download."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from models import digits, mnist
from models.errors import BadInput

NAMES = ("digits", "mnist")
"""Names that `load` and `load_test` take."""

FOLDER_VARIABLE = "TRISPIKE_DATA"
"""Environment variable that names the folder with MNIST's files."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images of 28 x 28 pixels and their labels.

    Parameters
    ----------
    name
        One of `NAMES`.
    train_images, test_images
        uint8, shape (n, 784), row by row, 0 is background.
    train_labels, test_labels
        uint8, shape (n,), 0 to 9.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def find_folder(option: Path | None = None) -> Path | None:
    """The folder with MNIST's files: ``option``, else what TRISPIKE_DATA names, else None.

    None means the user's cache and, if that is empty, a download.
    """
    if option is not None:
        return Path(option)
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise BadInput(f"data set must be one of {', '.join(NAMES)}, not {name!r}")


def _mnist(
    images: mnist.MnistFile, labels: mnist.MnistFile, folder: Path | None
) -> tuple[np.ndarray, np.ndarray]:
    arrays = [
        mnist.from_cache(file) if folder is None else mnist.from_folder(file, folder)
        for file in (images, labels)
    ]
    return arrays[0].reshape(len(arrays[0]), -1), arrays[1]


def load_test(name: str, folder: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Test images (uint8, (n, 784)) and labels (uint8, (n,)) of the data set called ``name``.

    MNIST's training files are neither needed nor fetched. `BadInput` as for `load`.
    """
    _check_name(name)
    if name == "digits":
        return digits.load_arrays()[2:]
    return _mnist(mnist.TEST_IMAGES, mnist.TEST_LABELS, folder)


def load(name: str, folder: Path | None = None) -> Dataset:
    """The data set called ``name``.

    Parameters
    ----------
    name
        One of `NAMES`, else `BadInput`.
    folder
        Folder with MNIST's four IDX files, gzip or not; see `find_folder`. Files that are missing
        or are not MNIST's, byte for byte once unpacked, are `BadInput`.
    """
    _check_name(name)
    if name == "digits":
        arrays = digits.load_arrays()
    else:
        train = _mnist(mnist.TRAIN_IMAGES, mnist.TRAIN_LABELS, folder)
        arrays = (*train, *load_test(name, folder))
    return Dataset(
        name=name,
        train_images=arrays[0],
        train_labels=arrays[1],
        test_images=arrays[2],
        test_labels=arrays[3],
    )
