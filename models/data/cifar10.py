"""CIFAR-10: colour photographs of ten kinds of things, 32 x 32 pixels, from a folder.

It is never downloaded, as its publisher gives no sha256 to check a download with.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trispike.models.data import compressed
from trispike.models.data.samples import Part, Samples
from trispike.models.errors import BadInput
from trispike.models.network.volume import Volume

HOME = "https://www.cs.toronto.edu/~kriz/cifar.html"
"""The publisher's page."""

ARCHIVE = "cifar-10-binary.tar.gz"
"""The publisher's archive of the binary version."""

FILES = {
    Part.TRAIN: {
        "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    },
    Part.TEST: {
        "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    },
}
"""Names of a part's files, in order, and the sha256 of their unpacked bytes."""

SAMPLES = Samples(volume=Volume(channels=3, height=32, width=32))
"""Channels are red, green, blue."""

_RECORDS = 10_000
"""Images of a file."""

_RECORD_BYTES = 1 + SAMPLES.inputs
"""A label and an image, flattened as a `models.network.volume.Volume` is."""

_LIMIT = _RECORDS * _RECORD_BYTES + 1
_MOST = 1 << 28  # the archive has six files and some text
_UNPACKED = "cifar-10-batches-bin"
_REMEDY = (
    f"get CIFAR-10's binary version from {HOME} and name the folder with {ARCHIVE}, or with the "
    f"files *_batch*.bin that it holds, with DATA_FOLDER= or TRISPIKE_CIFAR10"
)


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Images and labels of ``part``, and the sha256 of their files by name.

    uint8 of shapes (n, 3072) and (n,). `BadInput` for what is missing or broken, and for a file
    that is not CIFAR-10's, byte for byte.
    """
    if folder is None:
        raise BadInput(f"no data folder for CIFAR-10; {_REMEDY}")
    digests = FILES[part]
    files = zip(_files(digests, folder), digests.values(), strict=True)
    batches = [_records(*file, sha256) for file, sha256 in files]
    images = np.concatenate([records[:, 1:] for records in batches])
    labels = np.concatenate([records[:, 0] for records in batches])
    return images, labels, dict(digests)


def _files(names: dict[str, str], folder: Path) -> Iterator[tuple[bytes, str]]:
    """Unpacked bytes of the files called ``names``, and where each stands.

    They are taken from the folder that the archive unpacks to, else from the archive, else from
    ``folder`` itself.
    """
    unpacked, archive = folder / _UNPACKED, folder / ARCHIVE
    if archive.is_file() and not unpacked.is_dir():
        members = compressed.members(archive, _LIMIT, _MOST)
        found = {Path(path).name: data for path, data in members if Path(path).name in names}
        for name in names:
            if name not in found:
                raise BadInput(f"{archive} has no {name}; fetch it again")
            yield found[name], f"{name} of {archive}"
        return
    for name in names:
        data, origin = compressed.read([name], unpacked if unpacked.is_dir() else folder, _REMEDY)
        yield compressed.unpack(data, _LIMIT, origin), origin


def _records(data: bytes, origin: str, sha256: str) -> np.ndarray:
    """The records of a file. uint8, shape (records, bytes of a record), or `BadInput`."""
    if len(data) != _RECORDS * _RECORD_BYTES:
        raise BadInput(
            f"{origin} must hold {_RECORDS} records of {_RECORD_BYTES} bytes, not {len(data)} "
            f"bytes; fetch it again"
        )
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise BadInput(
            f"{origin} must have sha256 {sha256[:12]}..., not {digest[:12]}..., to be CIFAR-10's; "
            f"fetch it again"
        )
    return np.frombuffer(data, np.uint8).reshape(_RECORDS, _RECORD_BYTES)
