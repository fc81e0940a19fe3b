"""The IDX file format, MNIST's format: a magic number, the dimensions, then bytes."""

import hashlib
import math
import struct
from pathlib import Path

import numpy as np

from trispike.models.data import compressed
from trispike.models.errors import BadInput

_UNSIGNED_BYTE = 0x08

_MOST = 1 << 18
"""Most images, or labels, of a file whose number of them is not known."""


def parse(data: bytes, shape: tuple[int | None, ...], origin: str) -> np.ndarray:
    """The array in the bytes of an unpacked IDX file of unsigned bytes.

    ``shape`` is what the file must hold, None for any number; `BadInput`, naming ``origin``, for a
    wrong magic number, other dimensions or a wrong length. Returns uint8 of that shape.
    """
    dimensions = len(shape)
    magic = struct.pack(">HBB", 0, _UNSIGNED_BYTE, dimensions)
    if data[:4] != magic:
        raise BadInput(
            f"{origin} must start with {magic.hex()}, as an IDX file does, not {data[:4].hex()!r}; "
            f"fetch it again"
        )
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise BadInput(f"{origin} is cut short; fetch it again")
    file_shape = struct.unpack(f">{dimensions}I", data[4:start])
    shape = tuple(found if n is None else n for n, found in zip(shape, file_shape, strict=True))
    if file_shape != shape:
        raise BadInput(
            f"{origin} must hold {'x'.join(map(str, shape))} values, not "
            f"{'x'.join(map(str, file_shape))}; fetch it again"
        )
    if len(data) - start != math.prod(shape):
        raise BadInput(
            f"{origin} must have {math.prod(shape)} bytes after its header, not "
            f"{len(data) - start}; fetch it again"
        )
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


def load(data: bytes, shape: tuple[int | None, ...], origin: str) -> tuple[np.ndarray, str]:
    """The array in an IDX file's bytes, packed or not, and the sha256 of the unpacked bytes.

    Arguments and errors as for `parse`; `BadInput` for a broken wrapping as well.
    """
    size = 4 + 4 * len(shape) + math.prod(_MOST if n is None else n for n in shape)
    data = compressed.unpack(data, size + 1, origin)
    return parse(data, shape, origin), hashlib.sha256(data).hexdigest()


def read(name: str, folder: Path, remedy: str) -> tuple[bytes, str]:
    """As `models.data.compressed.read`, for the IDX file ``name``.

    The dot of ``t10k-images.idx3-ubyte``, as some archives unpack it, is as good as the hyphen.
    """
    return compressed.read((name, name.replace("-idx", ".idx")), folder, remedy)
