"""Damaged archives of tar."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zlib

from tb.fuzz import damage

_PACKINGS = (
    bytes,
    bz2.compress,
    lambda data: lzma.compress(data, preset=0),
    lambda data: gzip.compress(data, 1, mtime=0),
)
_TYPES = (
    *(tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, b"Z"),
)


def tar(rng: random.Random, members: dict[str, bytes]) -> bytes:
    """An archive of ``members`` in which something is not as it should be."""
    names = list(members)
    odd = rng.choice(names) if rng.random() < 0.7 else None
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=rng.choice([0, 1, 2])) as file:
        for name in names:
            header, data = tarfile.TarInfo(name), members[name]
            header.size = len(data)
            if name == odd:
                data = _oddly(rng, header, data)
            file.addfile(header, io.BytesIO(data))
    whole = plain.getvalue()
    if rng.random() < 0.3:
        whole = damage.bytes_of(rng, whole)
    packed = rng.choice(_PACKINGS)(whole)
    if rng.random() < 0.002:
        return bomb(rng.choice(names))
    return damage.bytes_of(rng, packed) if rng.random() < 0.3 else packed


def _oddly(rng: random.Random, header: tarfile.TarInfo, data: bytes) -> bytes:
    """Data of a member whose ``header`` becomes odd."""
    kind = rng.randrange(4)
    if kind == 0:
        header.type = rng.choice(_TYPES)
    elif kind == 1:
        header.name = rng.choice(["x", "../../x", "/x", "", "a\nb", f"x/{header.name}"])
    elif kind == 2:
        data = damage.bytes_of(rng, data)
        header.size = len(data)
    else:
        header.size = rng.choice([0, 1, len(data)])
    return data


def bomb(name: str, zeros: int = 24 << 30) -> bytes:
    """A gzip archive whose member ``name`` has so many ``zeros``, in a thousandth of that.

    Its blocks are one block of zeros, again and again; what comes after them is left out.
    """
    header = tarfile.TarInfo(name)
    header.size = zeros
    packer = zlib.compressobj(9, wbits=31)
    begin = packer.compress(header.tobuf(tarfile.GNU_FORMAT)) + packer.flush(zlib.Z_FULL_FLUSH)
    unit = 16 << 20
    block = packer.compress(bytes(unit)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + block * (zeros // unit)
