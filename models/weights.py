"""Weight files: a network's parameters in ``NAME.npz`` and its card in ``NAME.json`` beside it.

The archive holds, for each layer k from 1: ``weights_k`` and ``bias_k``, uint8 of packed two-bit
codes (see `models.codes`), and ``constants_k``, int32 of a, b and threshold. The shapes are the
card's ``sizes``. Nothing in it is ever unpickled, and the same parameters give the same bytes.
"""

import dataclasses
import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from models import codes
from models.card import Card, digest
from models.errors import BadInput
from models.files import write_atomically
from models.network import LayerParameters, LayerShape, Network, NetworkShape

_FOLDER = Path(__file__).parent / "weights"
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


def committed(layer: str, data: str) -> Path:
    """Where the weights that come with Trispike for a network and a data set are, or would be."""
    return _FOLDER / f"{layer}-{data}.npz"


def card_path(path: Path) -> Path:
    """Where the card of the weight file ``path`` is."""
    return path.with_suffix(".json")


def _arrays(network: Network) -> dict[str, np.ndarray]:
    arrays = {}
    for k, layer in enumerate(network.layers, 1):
        arrays[f"weights_{k}"] = codes.pack(layer.weights)
        arrays[f"bias_{k}"] = codes.pack(layer.bias)
        constants = (layer.a, layer.b, layer.threshold)
        arrays[f"constants_{k}"] = np.array(constants, dtype=np.int32)
    return arrays


def _archive(arrays: dict[str, np.ndarray]) -> bytes:
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


def save(path: Path, network: Network, card: Card) -> None:
    """Write ``network`` to ``path`` (NAME.npz) and ``card``, with its digest, to NAME.json.

    Each file appears whole or not at all. Between the two there is a moment when a new archive
    stands beside an old card; their digests differ, so that `load` refuses the pair. `BadInput` if
    the card is of another network or the files cannot be written.
    """
    if path.suffix != ".npz":
        raise BadInput(f"a weight file's name must end with .npz, not {path.name!r}")
    if (card.name, card.sizes) != (network.name, network.shape.sizes):
        raise BadInput(
            f"the card of {path} must be of {network.name} {network.shape}, "
            f"not of {card.name} {'-'.join(map(str, card.sizes))}"
        )
    card = dataclasses.replace(card, digest=digest(network))
    write_atomically(path, _archive(_arrays(network)))
    write_atomically(card_path(path), card.to_json())


def load(path: Path) -> tuple[Network, Card]:
    """The network in the weight file ``path`` and its card.

    `BadInput`, naming the file, if either is missing, damaged or out of range, or if they do not
    belong together.
    """
    if path.suffix != ".npz":
        raise BadInput(f"a weight file's name must end with .npz, not {str(path)!r}")
    card = Card.from_json(_read(card_path(path)), str(card_path(path)))
    data = _read(path)
    try:
        shape = NetworkShape(name=card.name, sizes=card.sizes)
    except BadInput as error:
        raise BadInput(f"{card_path(path)}: {error}") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            layers = tuple(_layer(archive, k, layer) for k, layer in enumerate(shape.layers, 1))
            extra = set(archive.namelist()) - {f"{what}.npy" for what in _names(shape)}
        if extra:
            raise BadInput(f"it holds {', '.join(sorted(extra))} besides the card's layers")
        network = Network(name=card.name, layers=layers)
    except BadInput as error:
        raise BadInput(f"{path}: {error}; {_REMEDY}") from None
    except _DAMAGE:
        raise BadInput(f"{path} is damaged or cut short; {_REMEDY}") from None
    if digest(network) != card.digest:
        raise BadInput(f"{path} does not belong to {card_path(path).name}: digest; {_REMEDY}")
    return network, card


def _names(shape: NetworkShape) -> list[str]:
    kinds = ("weights", "bias", "constants")
    return [f"{kind}_{k}" for k in range(1, len(shape.layers) + 1) for kind in kinds]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; {_REMEDY}") from None


def _layer(archive: zipfile.ZipFile, k: int, shape: LayerShape) -> LayerParameters:
    weights = _member(
        archive, f"weights_{k}", np.uint8, codes.packed_size(shape.inputs * shape.neurons)
    )
    bias = _member(archive, f"bias_{k}", np.uint8, codes.packed_size(shape.neurons))
    a, b, threshold = _member(archive, f"constants_{k}", np.int32, 3).tolist()
    try:
        return LayerParameters(
            weights=codes.unpack(weights, (shape.inputs, shape.neurons), f"weights_{k}"),
            bias=codes.unpack(bias, (shape.neurons,), f"bias_{k}"),
            a=a,
            b=b,
            threshold=threshold,
        )
    except BadInput as error:
        raise BadInput(f"layer {k}: {error}") from None


def _member(archive: zipfile.ZipFile, name: str, dtype: type, size: int) -> np.ndarray:
    """One array of the archive, of ``dtype`` and shape (size,).

    The member is read whole before it is looked at, as zipfile compares the checksum only then.
    """
    kind = np.dtype(dtype).newbyteorder("<")
    entry = archive.getinfo(f"{name}.npy")
    if entry.file_size > size * kind.itemsize + _HEADER_LIMIT:
        raise BadInput(f"{name} must have {size} values, not {entry.file_size} bytes")
    member = io.BytesIO(archive.read(entry))
    if np.lib.format.read_magic(member) != (1, 0):
        raise BadInput(f"{name} must be an array of .npy version 1.0")
    shape, _, found = np.lib.format.read_array_header_1_0(member)
    values = member.read()
    if shape != (size,) or found != kind or len(values) != size * kind.itemsize:
        raise BadInput(
            f"{name} must be {size} of {kind}, as the card's sizes say, not {shape} of {found}"
        )
    return np.frombuffer(values, dtype=kind)
