"""What weight files of every kind of network share: ``NAME.npz`` and its card ``NAME.json``.

The shapes in the archive are the card's ``sizes``. Nothing in it is ever unpickled, and the same
arrays give the same bytes.
"""

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.models.network.card import Card
from trispike.models.network.description import LayerShape, NetworkShape

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip file can hold
_HEADER_LIMIT = 4096
_REMEDY = "restore it or train again"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,  # a flipped compression method
    OSError,
    RuntimeError,  # a flipped "encrypted" flag
    ValueError,
)
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
    if (card.name, card.sizes) != (network.name, network.shape.sizes):
        raise BadInput(
            f"the card of {path} must be of {network.name} {network.shape}, "
            f"not of {card.name} {'-'.join(map(str, card.sizes))}"
        )
    write_atomically(path, _pack(arrays))
    write_atomically(card_path(path), card.to_json())


def load(
    path: Path,
    kinds: tuple[str, ...],
    layer_of: Callable[[zipfile.ZipFile, int, LayerShape], _Layer],
) -> tuple[tuple[_Layer, ...], Card]:
    """The layers in the weight file ``path``, and its card.

    ``kinds`` are the arrays that a layer k has, named KIND_k; ``layer_of`` makes layer k of a shape
    from the open archive. `BadInput`, naming the file, if either file is missing or damaged, or if
    the archive is not of the card's shape or holds anything else.
    """
    if path.suffix != ".npz":
        raise BadInput(f"a weight file's name must end with .npz, not {str(path)!r}")
    card = Card.from_json(_read(card_path(path)), str(card_path(path)))
    data = _read(path)
    try:
        shape = NetworkShape(name=card.name, sizes=card.sizes)
    except BadInput as error:
        raise BadInput(f"{card_path(path)}: {error}") from None
    wanted = {f"{kind}_{k}.npy" for k in range(1, len(shape.layers) + 1) for kind in kinds}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            layers = tuple(layer_of(archive, k, layer) for k, layer in enumerate(shape.layers, 1))
            extra = set(archive.namelist()) - wanted
        if extra:
            raise BadInput(f"it holds {', '.join(sorted(extra))} besides the card's layers")
    except BadInput as error:
        raise BadInput(f"{path}: {error}; {_REMEDY}") from None
    except _DAMAGE:
        raise BadInput(f"{path} is damaged or cut short; {_REMEDY}") from None
    return layers, card


def check_digest(path: Path, card: Card, digest: str) -> None:
    """`BadInput` unless ``digest``, of what the weight file ``path`` holds, is its card's."""
    if digest != card.digest:
        raise BadInput(f"{path} does not belong to {card_path(path).name}: digest; {_REMEDY}")


def _pack(arrays: dict[str, np.ndarray]) -> bytes:
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
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; {_REMEDY}") from None


def member(archive: zipfile.ZipFile, name: str, dtype: type, size: int) -> np.ndarray:
    """One array of the archive, of ``dtype`` and shape (size,).

    The member is read whole before it is looked at, as zipfile compares the checksum only then.
    """
    kind = np.dtype(dtype).newbyteorder("<")
    entry = archive.getinfo(f"{name}.npy")
    if entry.file_size > size * kind.itemsize + _HEADER_LIMIT:
        raise BadInput(f"{name} must have {size} values, not {entry.file_size} bytes")
    file = io.BytesIO(archive.read(entry))
    if np.lib.format.read_magic(file) != (1, 0):
        raise BadInput(f"{name} must be an array of .npy version 1.0")
    shape, _, found = np.lib.format.read_array_header_1_0(file)
    values = file.read()
    if shape != (size,) or found != kind or len(values) != size * kind.itemsize:
        raise BadInput(
            f"{name} must be {size} of {kind}, as the card's sizes say, not {shape} of {found}"
        )
    return np.frombuffer(values, dtype=kind)
