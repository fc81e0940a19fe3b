"""EMNIST's letters: the 26 letters, each capital or small, as handwritten as MNIST's digits."""

import dataclasses
from pathlib import Path

import numpy as np

from trispike.models.data import idx
from trispike.models.data.samples import IMAGES, Part
from trispike.models.errors import BadInput

HOME = "https://www.nist.gov/itl/products-and-services/emnist-dataset"
"""The publisher's page."""

SAMPLES = dataclasses.replace(IMAGES, groups=(26,))
"""Labels are 0 for A to 25 for Z."""

_REMEDY = (
    f"get EMNIST in the binary format from {HOME} and name the folder with the four files "
    f"emnist-letters-* with DATA_FOLDER= or TRISPIKE_EMNIST"
)


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Images and labels of ``part``, as many as there are, and the sha256 of their files by name.

    The files hold each image transposed, and labels from 1 on. `BadInput` for what is missing or
    broken.
    """
    if folder is None:
        raise BadInput(f"no data folder for EMNIST; {_REMEDY}")
    names = [f"emnist-letters-{part.value}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
    data, origin = idx.read(names[0], folder, _REMEDY)
    images, images_digest = idx.load(data, (None, 28, 28), origin)
    data, origin = idx.read(names[1], folder, _REMEDY)
    labels, labels_digest = idx.load(data, (len(images),), origin)
    if not len(labels) or labels.min() < 1 or labels.max() > SAMPLES.classes:
        raise BadInput(f"{origin} must hold labels from 1 to {SAMPLES.classes}; fetch it again")
    upright = images.swapaxes(1, 2).reshape(len(images), -1)
    return upright, labels - 1, dict(zip(names, (images_digest, labels_digest), strict=True))
