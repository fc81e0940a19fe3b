"""Damage to arrays and to the .npz archives that hold them."""

import functools
import io
import random
import struct
import zipfile
import zlib

import numpy as np

from tb.fuzz import damage

_DTYPES = (
    "u1",
    "i1",
    "<i2",
    ">i4",
    "<i4",
    "<i8",
    "<u8",
    "<f2",
    "<f4",
    "<f8",
    "?",
    "<c8",
    "U1",
    "S3",
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_BOMB_BYTES = 3 << 30
_SHAPES = (
    *("()", "(0,)", "(-1,)", "(1,)", "(99999999999,)", "(4294967296, 4294967296)", "(1 << 70,)"),
    *("(True,)", "('x',)", "None", "[3]", "(1.0,)", "(3, 0, 9223372036854775807)", "(2,) * 99"),
)
_DESCRIPTIONS = (
    *("'|O'", "'<i9'", "'V16'", "[('a', '<i4')]", "None", "'<M8[s]'", "''", "'U999999999'", "3"),
    *("('<f8', (10000, 100000))",),
)


def array(rng: random.Random, good: np.ndarray) -> np.ndarray:
    """Another array like ``good``: of other values, dtype, shape or size."""
    kind = rng.randrange(6)
    with np.errstate(all="ignore"):
        if kind == 0 and good.size:
            flat = good.copy().reshape(-1)
            try:
                flat[rng.randrange(flat.size)] = rng.choice(damage.NUMBERS)
            except OverflowError:
                flat[:] = rng.randrange(2)
            return flat.reshape(good.shape)
        if kind == 1:
            return good.astype(rng.choice(_DTYPES))
        if kind == 2:
            return good.reshape(rng.choice([(-1,), (1, -1), (-1, 1), (*good.shape, 1)]))
        if kind == 3:
            return good[: rng.randrange(len(good) + 1)] if good.ndim else good
        if kind == 4:
            return np.concatenate([good, good]) if good.ndim else good
    return rng.choice([np.zeros(0, good.dtype), np.full(good.shape, np.nan), np.array(7), good.T])


def npy(rng: random.Random, good: np.ndarray) -> bytes:
    """``good`` as a .npy file that is not as it should be."""
    if rng.random() < 0.5:
        good = array(rng, good)
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(good), rng.choice([(1, 0), (1, 0), (2, 0), (3, 0)]))
    kind = rng.random()
    if kind < 0.5:
        return file.getvalue()
    if kind < 0.7:
        return damage.bytes_of(rng, file.getvalue())
    shape, description = repr(good.shape), repr(good.dtype.str)
    if rng.random() < 0.6:
        shape = rng.choice(_SHAPES)
    else:
        description = rng.choice(_DESCRIPTIONS)
    order = rng.choice(["False", "True", "3"])
    return _written(
        f"{{'descr': {description}, 'fortran_order': {order}, 'shape': {shape}, }}", good
    )


def _written(header: str, good: np.ndarray) -> bytes:
    """A .npy file with any ``header``."""
    text = f"{header}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + good.tobytes()


def npz(rng: random.Random, good: dict[str, np.ndarray]) -> bytes:
    """An archive of the arrays ``good`` in which something is not as it should be."""
    if rng.random() < 0.3:
        return damage.bytes_of(rng, _archive(rng, {k: _npy(v) for k, v in good.items()}))
    members = {name: _npy(each) for name, each in good.items()}
    for _ in range(rng.choice([1, 1, 2])):
        name = rng.choice(list(members) or ["x"])
        kind = rng.random()
        if kind < 0.65 and name in good:
            members[name] = npy(rng, good[name])
        elif kind < 0.75:
            members.pop(name, None)
        elif kind < 0.85:
            members[
                rng.choice(["", "x", "../x", "/x", "é", "weights_0", f"{name}_1", name.upper()])
            ] = rng.choice([b"", b"\x80\x04N.", _npy(np.zeros(3))])
        elif kind < 0.95:
            other = rng.choice(list(members) or ["x"])
            members[other] = members.get(name, b"")
    if rng.random() < 0.002:
        return _bomb(rng.choice(list(good)))
    return _lying(rng, _archive(rng, members))


def _npy(good: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, good, version=(1, 0))
    return file.getvalue()


def _archive(rng: random.Random, members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    method = rng.choice(_METHODS) if rng.random() < 0.2 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy" if rng.random() < 0.99 else f"{name}.txt", data)
    return file.getvalue()


def _lying(rng: random.Random, archive: bytes) -> bytes:
    """``archive``, at times with another size or method in an entry of its directory."""
    entry = archive.find(b"PK\x01\x02")
    if entry < 0 or rng.random() > 0.1:
        return archive
    at, length = rng.choice([(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (42, 4)])
    lie = rng.choice([0, 1, 9, 0xFFFF, 0xFFFFFFFF, 1 << 30]) & ((1 << 8 * length) - 1)
    return archive[: entry + at] + lie.to_bytes(length, "little") + archive[entry + at + length :]


def _bomb(name: str) -> bytes:
    """An archive whose array ``name`` has gigabytes of zeros, in a few megabytes."""
    member = f"{name}.npy".encode()
    data, checksum, size = _zeros()
    sizes = checksum, len(data), size, len(member)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *sizes, 0) + member
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, *sizes, *[0] * 6) + member
    place = len(entry), len(local) + len(data)
    return local + data + entry + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, *place, 0)


@functools.cache
def _zeros() -> tuple[bytes, int, int]:
    """A .npy file of zeros, deflated, with the checksum and the size of what it was.

    Its blocks are one block, again and again: it takes a second.
    """
    unit, count = bytes(16 << 20), _BOMB_BYTES >> 24
    shape = f"({count * len(unit) // 512}, 512)"
    header = _written(
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}", np.zeros(0)
    )
    packer = zlib.compressobj(9, wbits=-15)
    begin = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(header)
    for _ in range(count):
        checksum = zlib.crc32(unit, checksum)
    return begin + block * count + packer.flush(), checksum, len(header) + count * len(unit)
