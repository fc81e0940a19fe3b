"""Files as publishers pack them: plain, gzip or xz, or members of a compressed archive."""

import lzma
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from trispike.models import files
from trispike.models.errors import BadInput

_GZIP_WINDOW = 31  # zlib's number for "largest window, gzip header"

_UNPACKERS = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=_GZIP_WINDOW),
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
}
"""By the first bytes of what they unpack."""

_BROKEN = (zlib.error, lzma.LZMAError)
"""What broken wrappings raise."""

_BROKEN_TAR = (tarfile.TarError, EOFError, RecursionError, ValueError, TypeError, *_BROKEN)
"""What broken archives raise: TypeError is of a wrapping that ends within its header."""

_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)

_MEMBER_BYTES = 1 << 14

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
    except _BROKEN:
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
                return files.read(path), str(path)
            except OSError as error:
                raise BadInput(f"cannot read {path}: {error.strerror or error}") from None
    raise BadInput(f"data folder {folder} has no {names[0]}, plain, .gz or .xz; {remedy}")


class _Header(tarfile.TarInfo):
    """A member's header; one that only names the next member, for which it is read, is short."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        header = super().frombuf(buf, encoding, errors)
        if header.type in _NAMES and header.size > _MEMBER_BYTES:
            raise tarfile.ReadError("a name is too long")
        return header


def members(archive: Path, limit: int, most: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes, ``limit`` of them at most, of the files in a tar ``archive``.

    `BadInput` if it is damaged or cannot be read, or once it has ``most`` bytes: a hostile one
    cannot take all time or memory. Each member counts as 16 KiB more than it has.
    """
    left = most
    try:
        with tarfile.open(archive, "r|*", tarinfo=_Header) as unpacked:
            for file in unpacked:
                left -= file.size + _MEMBER_BYTES
                if left < 0:
                    raise BadInput(f"{archive} must have at most {most:,} bytes; fetch it again")
                if file.isfile():
                    yield file.name, unpacked.extractfile(file).read(limit)
    except BadInput:
        raise
    except _BROKEN_TAR:
        raise BadInput(f"{archive} is damaged; fetch it again") from None
    except OSError as error:
        raise BadInput(f"cannot read {archive}: {error.strerror or error}") from None
