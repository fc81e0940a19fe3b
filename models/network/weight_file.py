"""What weight files of every kind of network share: ``NAME.npz`` and its card ``NAME.json``.

The shapes in the archive are the card's. Nothing in it is ever unpickled, and the same
arrays give the same bytes.
"""

import io
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from trispike.models import files
from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.models.network.card import Card
from trispike.models.network.layers import Layer
from trispike.models.network.shape import NetworkShape

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip file can hold
_HEADER_LIMIT = 4096
_REMEDY = "restore it or train again"
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    NotImplementedError,  # zipfile's, of a compression method that a flipped bit made
    OSError,
    RuntimeError,  # a flipped "encrypted" flag
    TypeError,
    ValueError,
    tokenize.TokenError,  # of an array's header that is no expression
)
"""What reading a damaged .npz may raise."""

_Layer = TypeVar("_Layer")


class HasNameAndShape(Protocol):
    """A network of some kind."""

    name: str
    shape: NetworkShape


def card_path(path: Path) -> Path:
    """Where the card of the weight file ``path`` is."""
    return path.with_suffix(".json")


def save(path: Path, network: HasNameAndShape, card: Card, arrays: dict[str, np.ndarray]) -> None:
    """Write ``arrays``, which are ``network``'s, to ``path`` (NAME.npz) and ``card`` to NAME.json.

    Each file appears whole or not at all. Between the two there is a moment when a new archive
    stands beside an old card; their digests differ, so that `check_digest` refuses the pair.
    `BadInput` if the card is of another network or the files cannot be written.
    """
    if path.suffix != ".npz":
        raise BadInput(f"a weight file's name must end with .npz, not {path.name!r}")
    if card.shape != network.shape:
        raise BadInput(
            f"the card of {path} must be of {network.name} {network.shape}, "
            f"not of {card.shape.name} {card.shape}"
        )
    write_atomically(path, packed(arrays))
    write_atomically(card_path(path), card.to_json())


class Archive:
    """The open archive of a weight file; it knows which of its arrays were asked for."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._asked: set[str] = set()

    def array(self, name: str, dtype: type, size: int) -> np.ndarray:
        """One array of the archive, of ``dtype`` and shape (size,).

        The member is read whole before it is looked at, as zipfile compares the checksum only then.
        """
        kind = np.dtype(dtype).newbyteorder("<")
        self._asked.add(f"{name}.npy")
        entry = self._archive.getinfo(f"{name}.npy")
        if entry.file_size > size * kind.itemsize + _HEADER_LIMIT:
            raise BadInput(f"{name} must have {size} values, not {entry.file_size} bytes")
        file = io.BytesIO(self._archive.read(entry))
        if np.lib.format.read_magic(file) != (1, 0):
            raise BadInput(f"{name} must be an array of .npy version 1.0")
        shape, _, stored = np.lib.format.read_array_header_1_0(file)
        values = file.read()
        if shape != (size,) or stored != kind or len(values) != size * kind.itemsize:
            raise BadInput(
                f"{name} must be {size} of {kind}, as the card's sizes say, not {shape} of {stored}"
            )
        return np.frombuffer(values, dtype=kind)

    def check_empty(self) -> None:
        """`BadInput` if the archive holds anything that was not asked for."""
        if extra := set(self._archive.namelist()) - self._asked:
            raise BadInput(f"it holds {', '.join(sorted(extra))} besides the card's layers")


def load(
    path: Path, layer_of: Callable[[Archive, int, Layer], _Layer]
) -> tuple[tuple[_Layer, ...], Card]:
    """The layers in the weight file ``path``, and its card.

    ``layer_of`` makes layer k of a shape from the open archive. `BadInput`, naming the file, if
    either file is missing or damaged, or if the archive is not of the card's shape or holds
    anything else.
    """
    if path.suffix != ".npz":
        raise BadInput(f"a weight file's name must end with .npz, not {str(path)!r}")
    card = Card.from_json(_read(card_path(path)), str(card_path(path)))
    data = _read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            archive = Archive(file)
            layers = []
            for k, shape in enumerate(card.shape.layers, 1):
                try:
                    layers.append(layer_of(archive, k, shape))
                except BadInput as error:
                    raise BadInput(f"layer {k}: {error}") from None
            archive.check_empty()
    except BadInput as error:
        raise BadInput(f"{path}: {error}; {_REMEDY}") from None
    except DAMAGE:
        raise BadInput(f"{path} is damaged or cut short; {_REMEDY}") from None
    return tuple(layers), card


def check_digest(path: Path, card: Card, digest: str) -> None:
    """`BadInput` unless ``digest``, of what the weight file ``path`` holds, is its card's."""
    if digest != card.digest:
        raise BadInput(f"{path} does not belong to {card_path(path).name}: digest; {_REMEDY}")


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """Bytes of an .npz of ``arrays``. Unlike `numpy.savez`, no clock reading goes into it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
            np.lib.format.write_array(member, little_endian, version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # not what this machine happens to be
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, member.getvalue(), compresslevel=9)
    return whole.getvalue()


def _read(path: Path) -> bytes:
    try:
        return files.read(path)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; {_REMEDY}") from None
