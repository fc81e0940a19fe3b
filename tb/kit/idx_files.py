"""Small files like MNIST's, and what goes wrong with them."""

import hashlib
import struct

import numpy as np

from trispike.models.data import mnist


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def small_file(name: str, shape: tuple[int, ...]) -> tuple[mnist.MnistFile, bytes]:
    """A stand-in for one of MNIST's files, small enough for a test, and its unpacked bytes."""
    rng = np.random.default_rng(len(shape))
    data = idx(rng.integers(0, 10, shape, dtype=np.uint8))
    return mnist.MnistFile(name=name, shape=shape, sha256=sha256(data)), data


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def one_line(caught) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message
