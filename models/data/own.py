"""Test data of the user's own: an .npz of images or spikes, with labels or without."""

import dataclasses
import re
import tokenize
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np

from trispike.models.data.encoders import packed
from trispike.models.data.samples import Samples
from trispike.models.data.spikes import check_timesteps
from trispike.models.errors import BadInput
from trispike.models.network.volume import Volume
from trispike.models.network.weight_file import DAMAGE

_LAYOUTS = {
    ("images", 2): "(n, pixels)",
    ("images", 3): "(n, height, width)",
    ("images", 4): "(n, channels, height, width)",
    ("spikes", 3): "(n, timesteps, inputs)",
    ("spikes", 5): "(n, timesteps, channels, height, width)",
}
"""Shapes that each array may have, by its name and its number of dimensions."""

_NO_ARRAY = (
    ValueError,
    TypeError,  # of a shape of something else than integers
    tokenize.TokenError,  # of a header that is no expression
    OverflowError,  # of one whose shape is out of all bounds, or larger than the memory
    MemoryError,
)
"""What NumPy raises for bytes that are no array, or objects."""

_MOST_BYTES, _MOST_SAMPLES = 10**9, 1 << 24
"""What is taken from one file, so that a small one cannot fill the memory."""

_REMEDY = "write it again with numpy.savez"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class OwnData:
    """What a file holds; all of it is the test set.

    - ``path``: the file.
    - ``images``: pixels, uint8 (n, inputs), or spikes as `models.data.encoders.packed` gives them.
    - ``labels``: int64 (n,), 0 or more; None if there are none.
    - ``samples``: what one of ``images`` is. What their labels answer is not known.
    """

    path: Path
    images: np.ndarray
    labels: np.ndarray | None
    samples: Samples

    @classmethod
    def read(cls, path: Path) -> Self:
        """The images or spikes, and the labels, in the file ``path``; nothing is unpickled.

        `BadInput`, naming the file, if it cannot be read, is too large, or holds anything but what
        `of` takes.
        """
        if path.suffix != ".npz":
            raise BadInput(f"INPUT must end with .npz, not {path.name!r}")
        return cls.of(path, _arrays(path))

    @classmethod
    def of(cls, path: Path, arrays: Mapping[str, np.ndarray]) -> Self:
        """The data in ``arrays``, called ``path``: images or spikes, and labels or not.

        - ``images``: uint8 of shape (n, pixels), (n, height, width) or (n, channels, height,
          width).
        - ``spikes``: bool, or uint8 of 0 and 1, of shape (n, timesteps, inputs) or (n, timesteps,
          channels, height, width).
        - ``labels``: integers of shape (n,).

        `BadInput`, naming ``path``, for any other.
        """
        (kind,) = arrays.keys() - {"labels"}
        try:
            images, samples = _spikes(arrays) if kind == "spikes" else _images(arrays)
            labels = _labels(arrays["labels"], len(images)) if "labels" in arrays else None
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from None
        return cls(path=path, images=images, labels=labels, samples=samples)

    @property
    def name(self) -> str:
        """The file's name without its end, with _ for what is no letter, digit, point or minus."""
        return re.sub(r"[^\w.-]", "_", self.path.stem)

    def check_labels(self, classes: int, network: str) -> None:
        """`BadInput` if a label is not one of the ``classes`` of ``network``."""
        if self.labels is not None and self.labels.max() >= classes:
            raise BadInput(
                f"{self.path}: labels must be from 0 to {classes - 1} for {network}, "
                f"not {self.labels.max()}"
            )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays by name: images or spikes, and labels if there are any."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadInput(
            f"cannot read {path}: {error.strerror or error}; name another file"
        ) from None
    try:
        with file, zipfile.ZipFile(file) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
            if len(names & {"images", "spikes"}) != 1 or names - {"images", "spikes", "labels"}:
                raise BadInput(
                    "it must hold images or spikes, and labels if there are any, "
                    f"not {', '.join(sorted(names)) or 'nothing'}; {_REMEDY}"
                )
            if (size := sum(entry.file_size for entry in archive.infolist())) > _MOST_BYTES:
                raise BadInput(
                    f"its arrays must have at most {_MOST_BYTES:,} bytes, not {size:,}: make "
                    "several files of it"
                )
            return {name: _array(archive, name) for name in names}
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    except DAMAGE:
        raise BadInput(f"{path} is no .npz, or it is damaged or cut short; {_REMEDY}") from None


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    try:
        with archive.open(f"{name}.npy") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
            if not file.read(1):  # all of it: zipfile has compared the checksum
                return array
    except _NO_ARRAY:
        pass
    raise BadInput(f"{name} must be a whole array, and not of objects; {_REMEDY}")


def _images(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, Samples]:
    images = arrays["images"]
    _check(images, "images", ("uint8",))
    samples = Samples(volume=_volume(images.shape[1:]), groups=())
    return images.reshape(len(images), samples.inputs), samples


def _spikes(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, Samples]:
    spikes = arrays["spikes"]
    _check(spikes, "spikes", ("bool", "uint8"))
    if spikes.max() > 1:
        raise BadInput(f"spikes must be 0 or 1, not {spikes.max()}")
    timesteps = check_timesteps(spikes.shape[1])
    samples = Samples(volume=_volume(spikes.shape[2:]), timesteps=timesteps, groups=())
    return packed(spikes.reshape(len(spikes), timesteps, samples.inputs)), samples


def _check(array: np.ndarray, name: str, dtypes: tuple[str, ...]) -> None:
    layouts = {d: layout for (of, d), layout in _LAYOUTS.items() if of == name}
    if array.dtype.name not in dtypes or array.ndim not in layouts:
        raise BadInput(
            f"{name} must be {' or '.join(dtypes)} of shape {' or '.join(layouts.values())}, "
            f"not {array.dtype} of {array.shape}"
        )
    if not array.size:
        raise BadInput(f"{name} must not be empty, as their shape {array.shape} is")
    if len(array) > _MOST_SAMPLES:
        raise BadInput(f"there must be at most {_MOST_SAMPLES:,} {name}, not {len(array):,}")


def _volume(shape: tuple[int, ...]) -> Volume:
    """Maps of a ``shape``: channels, height and width, those of one channel, or values alone."""
    channels, *sides = (1, *shape) if len(shape) == 2 else shape
    height, width = sides or (1, 1)
    return Volume(channels=channels, height=height, width=width)


def _labels(labels: np.ndarray, count: int) -> np.ndarray:
    if labels.dtype.kind not in "iu" or labels.shape != (count,):
        raise BadInput(
            f"labels must be integers of shape ({count},), one for each sample, "
            f"not {labels.dtype} of {labels.shape}"
        )
    if labels.min() < 0 or labels.max() > np.iinfo(np.int64).max:
        raise BadInput(f"labels must be 0 or more, not {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)
