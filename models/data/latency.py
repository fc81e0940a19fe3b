"""The latency code: a pixel spikes once, the sooner the brighter it is (Zhou 2021)."""

import numpy as np

from trispike.models.data.spikes import random_words
from trispike.models.errors import checked_integer

_LEVELS = 256
_MIDDLE = 1 << 31
"""Half the range of a random word."""


def encode(images: np.ndarray, timesteps: int) -> np.ndarray:
    """A pixel p spikes at timestep (255 - p) * T // 256, counted from 0; a pixel of 0 never does.

    Takes uint8, shape (n, inputs), returns bool, shape (n, T, inputs).
    """
    return _spikes(images, timesteps, (255 - images.astype(np.int64)) * timesteps // _LEVELS)


def encode_jittered(
    images: np.ndarray, timesteps: int, *, percent: int, seed: int, first_image: int = 0
) -> np.ndarray:
    """`encode`, with spike times that deviate by up to ``percent``, 0 to 100.

    Zhou 2021 defines jitter as ``|measured time - desired time| / desired time`` (its table 3).
    Here the desired time is (255 - p) * T / 256, before it is rounded down to a timestep; it is
    multiplied by 1 + e, where e is even from -percent to +percent, drawn by
    `models.data.spikes.random_words`. A spike beyond the last timestep comes in the last one.
    """
    percent = checked_integer("jitter in percent", percent, 0, 100)
    times = (255 - images.astype(np.int64)) * timesteps
    for n, desired in enumerate(times):
        (words,) = random_words(seed, first_image + n, 1, images.shape[1]).astype(np.int64)
        desired *= 100 * _MIDDLE + percent * (words - _MIDDLE)
    times //= _LEVELS * 100 * _MIDDLE
    return _spikes(images, timesteps, np.minimum(times, timesteps - 1))


def _spikes(images: np.ndarray, timesteps: int, times: np.ndarray) -> np.ndarray:
    at = np.arange(timesteps)[:, np.newaxis] == times[:, np.newaxis]
    return at & (images[:, np.newaxis] > 0)
