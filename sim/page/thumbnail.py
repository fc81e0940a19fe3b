"""Small pictures of what goes into a network."""

import base64
import math
import struct
import zlib

import numpy as np

from trispike.models.network.volume import Volume


def picture(values: np.ndarray, volume: Volume) -> str | None:
    """A PNG of ``values`` as a data URL; None if they are no picture.

    ``values``: uint8 of a pixel, or counts of its spikes, shape (volume.size,). Three maps are red,
    green and blue, of others the first is shown; values without maps are square if they can be.
    """
    maps = _maps(values, volume)
    if maps is None:
        return None
    scale = 1 if values.dtype == np.uint8 else 255 / max(1, values.max())
    pixels = (maps * scale).astype(np.uint8)
    return f"data:image/png;base64,{base64.b64encode(_png(pixels)).decode()}"


def _maps(values: np.ndarray, volume: Volume) -> np.ndarray | None:
    """The maps to show: shape (height, width, 1 or 3)."""
    if volume.positions > 1:
        maps = values.reshape(volume.channels, volume.height, volume.width)
        return np.moveaxis(maps[: 3 if volume.channels == 3 else 1], 0, -1)
    side = math.isqrt(len(values))
    return values.reshape(side, side, 1) if side * side == len(values) else None


def _png(pixels: np.ndarray) -> bytes:
    height, width, colours = pixels.shape
    head = struct.pack(">2I5B", width, height, 8, 2 if colours == 3 else 0, 0, 0, 0)
    lines = np.concatenate(
        [np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1
    )  # each begins with its filter: none
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
