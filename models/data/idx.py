"""The IDX file format, MNIST's format: a magic number, the dimensions, then bytes."""

import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from trispike.models.errors import BadInput

_UNSIGNED_BYTE = 0x08
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's number for "largest window, gzip header"


_MOST = 1 << 18
"""Most images, or labels, of a file whose number of them is not known."""


def unpack(data: bytes, limit: int, origin: str) -> bytes:
    """``data`` without its gzip wrapping, if it has one. `BadInput`, naming ``origin``, if broken.

    At most ``limit`` bytes are unpacked, so that a hostile file cannot fill the memory.
    """
    if not data.startswith(_GZIP_MAGIC):
        return data
    unpacker = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        unpacked = unpacker.decompress(data, limit)
    except zlib.error:
        raise BadInput(f"{origin} is damaged; fetch it again") from None
    if not unpacker.eof and len(unpacked) < limit:
        raise BadInput(f"{origin} is cut short; fetch it again")
    return unpacked


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
    """The array in an IDX file's bytes, gzip or not, and the sha256 of the unpacked bytes.

    Arguments and errors as for `parse`; `BadInput` for a broken gzip wrapping as well.
    """
    size = 4 + 4 * len(shape) + math.prod(_MOST if n is None else n for n in shape)
    data = unpack(data, size + 1, origin)
    return parse(data, shape, origin), hashlib.sha256(data).hexdigest()


def read(name: str, folder: Path, remedy: str) -> tuple[bytes, str]:
    """Bytes of the file ``name``, gzip or not, in ``folder`` as they lie there, and its path.

    The dot of ``t10k-images.idx3-ubyte``, as some archives unpack it, is as good as the hyphen.
    `BadInput` if there is no such folder or file or if it cannot be read; ``remedy`` ends the line
    that says that something is not there.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"data folder {folder} is not a folder; {remedy}")
    if not folder.is_dir():
        raise BadInput(f"data folder {folder} does not exist; {remedy}")
    names = (name, name.replace("-idx", ".idx"))
    for path in (folder / f"{each}{suffix}" for each in names for suffix in ("", ".gz")):
        if path.is_file():
            try:
                return path.read_bytes(), str(path)
            except OSError as error:
                raise BadInput(f"cannot read {path}: {error.strerror or error}") from None
    raise BadInput(f"data folder {folder} has no {name} nor {name}.gz; {remedy}")
