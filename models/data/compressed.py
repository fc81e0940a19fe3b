"""Files as publishers pack them: plain, gzip or xz, or members of a compressed archive."""

import lzma
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from trispike.models.errors import BadInput

_GZIP_WINDOW = 31  # zlib's number for "largest window, gzip header"

_UNPACKERS = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=_GZIP_WINDOW),
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
}
"""By the first bytes of what they unpack."""

_SUFFIXES = ("", ".gz", ".xz")


def unpack(data: bytes, limit: int, origin: str) -> bytes:
    """``data`` without its gzip or xz wrapping, if it has one.

    At most ``limit`` bytes are unpacked, so that a hostile file cannot fill the memory. `BadInput`,
    naming ``origin``, if the wrapping is broken.
    """
    unpackers = (start() for magic, start in _UNPACKERS.items() if data.startswith(magic))
    unpacker = next(unpackers, None)
    if unpacker is None:
        return data
    try:
        unpacked = unpacker.decompress(data, limit)
    except (zlib.error, lzma.LZMAError):
        raise BadInput(f"{origin} is damaged; fetch it again") from None
    if not unpacker.eof and len(unpacked) < limit:
        raise BadInput(f"{origin} is cut short; fetch it again")
    return unpacked


def read(names: Sequence[str], folder: Path, remedy: str) -> tuple[bytes, str]:
    """Bytes of a file in ``folder`` as they lie there, and its path.

    The file has the first of ``names`` that is there, plain, .gz or .xz. `BadInput` if there is no
    such folder or file or if it cannot be read; ``remedy`` ends the line that says that something
    is not there.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"data folder {folder} is not a folder; {remedy}")
    if not folder.is_dir():
        raise BadInput(f"data folder {folder} does not exist; {remedy}")
    for path in (folder / f"{name}{suffix}" for name in names for suffix in _SUFFIXES):
        if path.is_file():
            try:
                return path.read_bytes(), str(path)
            except OSError as error:
                raise BadInput(f"cannot read {path}: {error.strerror or error}") from None
    raise BadInput(f"data folder {folder} has no {names[0]}, plain, .gz or .xz; {remedy}")


def members(archive: Path, limit: int = -1) -> Iterator[tuple[str, bytes]]:
    """Names and bytes, ``limit`` of them at most, of the files in a tar ``archive``.

    `BadInput` if it is damaged or cannot be read.
    """
    try:
        with tarfile.open(archive, "r|*") as files:
            for file in files:
                if file.isfile():
                    yield file.name, files.extractfile(file).read(limit)
    except tarfile.TarError:
        raise BadInput(f"{archive} is damaged; fetch it again") from None
    except OSError as error:
        raise BadInput(f"cannot read {archive}: {error.strerror or error}") from None
