"""Fashion-MNIST: ten kinds of clothing in files with MNIST's names and dimensions, from a folder.

It is never downloaded, as there is no sha256 to check a download with.
"""

from pathlib import Path

import numpy as np

from trispike.models.data import idx
from trispike.models.data.mnist import MnistFile, files
from trispike.models.data.samples import Part
from trispike.models.errors import BadInput

HOME = "https://github.com/zalandoresearch/fashion-mnist"
"""The publisher's repository; the four files are in its folder ``data/fashion``."""

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts the four files."""

_REMEDY = (
    f"get Fashion-MNIST's four IDX files from {HOME} (data/fashion), or by Debian's package "
    f"dataset-fashion-mnist, and name their folder with DATA_FOLDER= or TRISPIKE_FASHION"
)
_LABELS = 10


def from_folder(file: MnistFile, folder: Path | None) -> tuple[np.ndarray, str]:
    """Fashion-MNIST's file of the name and dimensions of MNIST's ``file``, gzip or not.

    Without a folder (None) the file is that of Debian's package. Returns the array (uint8 of
    ``file.shape``; labels are 0 to 9) and the sha256 of the unpacked bytes. `BadInput` if there is
    no such package either, and for a file that is missing, broken or MNIST's own.
    """
    folder = folder or DEBIAN
    if folder is DEBIAN and not DEBIAN.is_dir():
        raise BadInput(f"no data folder for Fashion-MNIST; {_REMEDY}")
    data, origin = idx.read(file.name, folder, _REMEDY)
    array, digest = idx.load(data, file.shape, origin)
    if digest == file.sha256:
        raise BadInput(f"{origin} is MNIST's, not Fashion-MNIST's; {_REMEDY}")
    if array.ndim == 1 and array.max() >= _LABELS:
        raise BadInput(
            f"{origin} must hold labels from 0 to {_LABELS - 1}, not {array.max()}; fetch it again"
        )
    return array, digest


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Images and labels of ``part``, and the sha256 of their files by name, as `from_folder`."""
    found = {file.name: from_folder(file, folder) for file in files(part)}
    images, labels = (array for array, _ in found.values())
    return images.reshape(len(images), -1), labels, {name: sha for name, (_, sha) in found.items()}
