"""Reads files of a size that memory has room for, and writes files whole or not at all."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from trispike.models.errors import BadInput

MOST_BYTES = 10**9
"""Largest file that is read."""

_REMEDY = "name a folder you may write to"


def read(path: Path) -> bytes:
    """The bytes of ``path``; OSError, too, if it has more than `MOST_BYTES`, as /dev/zero has."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_size <= MOST_BYTES:
            data = file.read() if stat.S_ISREG(status.st_mode) else file.read(MOST_BYTES + 1)
            if len(data) <= MOST_BYTES:
                return data
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))


def check_writable(path: Path) -> None:
    """`BadInput` if `write_atomically` could not write ``path`` now. Nothing is left there."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            return
        folder = next(each for each in path.absolute().parents if each.exists())
        handle, probe = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
        os.close(handle)
        os.unlink(probe)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror or error}; {_REMEDY}") from None


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` as `atomically` does."""
    with atomically(path) as file:
        file.write(data)


@contextlib.contextmanager
def atomically(path: Path) -> Iterator[BinaryIO]:
    """A file to write: once the block has ended, a reader of ``path`` sees the whole of it.

    Until then, and for ever if the block raises, he sees the old file. Missing folders are made. A
    device or a pipe (/dev/stdout) is written to as it is. `BadInput` if the place cannot be
    written.
    """
    temporary = None
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp gives 0o600, too narrow for a file meant for sharing
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        reason = error.strerror or error
        raise BadInput(f"cannot write {path}: {reason}; {_REMEDY}") from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
