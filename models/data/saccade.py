"""MNIST's digits moved before a sensor that tells where they get brighter, as spikes.

They stand in for N-MNIST (Orchard 2015) in the experiment of Yin 2017, sec. III-B, and imitate the
on-events of its first saccade: the digit moves down 7 pixels and right 2, starts and stops gently,
and is dark on bright ground, so that on-events lie on its trailing edges. A digit that moves up is
one that moves down, played backwards, as in Yin 2017.
"""

from pathlib import Path

import numpy as np

from trispike.models.data import mnist
from trispike.models.data.encoders import packed
from trispike.models.data.samples import Part, Samples
from trispike.models.network.volume import Volume

SIDE = 34
"""Width and height of the sensor, in pixels."""

SAMPLES = Samples(volume=Volume(channels=1, height=SIDE, width=SIDE), timesteps=16, groups=(10, 2))
"""Labels are digit * 2 + direction; directions are 0 up, 1 down."""

_FIRST_ROW, _DOWN, _RIGHT = 1, 7, 2
_CONTRAST = 40
"""Change of a pixel, of 255, that makes an event."""

_PARTS = 256
"""Parts of a pixel that positions are rounded down to."""

_BATCH = 500


def events(images: np.ndarray) -> np.ndarray:
    """On-events of digits that move down: a spike where a pixel got brighter in that timestep.

    A pixel's brightness is compared with that of its last event, of either kind.

    Takes uint8, shape (n, 784), returns bool, shape (n, 16, 1156).
    """
    # Every sum below is an integer under 2**24, which float32 holds exactly.
    images = images.reshape(-1, 28, 28).astype(np.float32)
    seen = _ink(images, 0)
    on = np.empty((SAMPLES.timesteps, *seen.shape), bool)
    threshold = _CONTRAST * _PARTS * _PARTS
    for t, brighter in enumerate(on):
        ink = _ink(images, t + 1)
        np.greater_equal(seen - ink, threshold, out=brighter)
        np.copyto(seen, ink, where=brighter | (ink - seen >= threshold))
    return on.swapaxes(0, 1).reshape(len(images), SAMPLES.timesteps, SAMPLES.inputs)


def _ink(images: np.ndarray, t: int) -> np.ndarray:
    """The digits on the sensor after ``t`` timesteps, times the square of `_PARTS`."""
    steps = SAMPLES.timesteps
    smooth = t * t * (3 * steps - 2 * t), steps**3  # 3u**2 - 2u**3 of u = t / steps
    down, right = (_PARTS * way * smooth[0] // smooth[1] for way in (_DOWN, _RIGHT))
    return _resampling(_FIRST_ROW * _PARTS + down) @ images @ _resampling(right).T


def _resampling(position: int) -> np.ndarray:
    """Bilinear weights of an image whose edge lies at ``position``. float32, shape (34, 28)."""
    whole, part = divmod(position, _PARTS)
    here, next_ = (np.eye(SIDE, 28, -whole - k, np.float32) for k in (0, 1))
    return (_PARTS - part) * here + part * next_


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Spikes, packed, and labels of MNIST's digits, and the digests of MNIST's files.

    Digits of even index move up, the others down.
    """
    images, digits, digests = mnist.read(part, folder)
    spikes = np.empty((len(images), SAMPLES.timesteps, -(-SAMPLES.inputs // 8)), np.uint8)
    for first in range(0, len(images), _BATCH):
        spikes[first : first + _BATCH] = packed(events(images[first : first + _BATCH]))
    spikes[::2] = spikes[::2, ::-1].copy()
    directions = np.arange(len(images)) % 2
    return spikes, (2 * digits + directions).astype(np.uint8), digests
