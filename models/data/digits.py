"""scikit-learn's 1,797 handwritten digits, enlarged to MNIST's format."""

import hashlib
from pathlib import Path

import numpy as np

from trispike.models.data.samples import Part

SOURCE = "scikit-learn load_digits"
"""Key in the digests of `models.data.datasets.Dataset`, in place of a file's name."""

_SOURCE_SIDE = 8
_SOURCE_MAX = 16
_DIGIT_SIDE = 20
_BORDER = 4
_TENTHS = 10
_TEST_EVERY = 5


def _resampling() -> np.ndarray:
    """Bilinear weights from 8 to 20 pixels, in tenths. int64, shape (20, 8).

    The centre of pixel i of 20 lies at (i + 1/2) * 8/20 - 1/2 = (4i - 3)/10 on the axis of 8.
    """
    weights = np.zeros((_DIGIT_SIDE, _SOURCE_SIDE), dtype=np.int64)
    for i in range(_DIGIT_SIDE):
        tenths = min(max(4 * i - 3, 0), _TENTHS * (_SOURCE_SIDE - 1))
        pixel, part = divmod(tenths, _TENTHS)
        weights[i, pixel] += _TENTHS - part
        if part:
            weights[i, pixel + 1] += part
    return weights


def frame(images: np.ndarray) -> np.ndarray:
    """8 x 8 images of 0..16 as 28 x 28 images of 0..255, a 20 x 20 digit in a border of 4.

    Uses integer arithmetic only, so that every machine gives the same pixels. Takes integers of
    shape (n, 8, 8), returns uint8 of shape (n, 784).
    """
    weights = _resampling()
    scaled = weights @ images.astype(np.int64) @ weights.T
    full_scale = _SOURCE_MAX * _TENTHS * _TENTHS
    pixels = (scaled * 255 + full_scale // 2) // full_scale
    border = (_BORDER, _BORDER)
    return np.pad(pixels, ((0, 0), border, border)).astype(np.uint8).reshape(len(images), -1)


def load_arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images, test labels; every fifth digit is for testing.

    Images are uint8 of shape (n, 784), labels uint8 of shape (n,).
    """
    from sklearn.datasets import load_digits  # takes a second to import: only when wanted

    images, labels = load_digits(return_X_y=True)
    images = frame(images.reshape(-1, _SOURCE_SIDE, _SOURCE_SIDE))
    labels = labels.astype(np.uint8)
    test = np.arange(len(labels)) % _TEST_EVERY == _TEST_EVERY - 1
    return images[~test], labels[~test], images[test], labels[test]


def digest(arrays: tuple[np.ndarray, ...]) -> str:
    """sha256 of the bytes of the arrays that `load_arrays` gives, one after the other."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(array.tobytes())
    return total.hexdigest()


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Images and labels of ``part``, and the digest of all; no folder is needed."""
    arrays = load_arrays()
    images, labels = arrays[:2] if part is Part.TRAIN else arrays[2:]
    return images, labels, {SOURCE: digest(arrays)}
