"""The jitter of the latency code; the code itself is in test_encoders.py."""

from fractions import Fraction

import numpy as np
import pytest

from trispike.models.data import latency
from trispike.models.errors import BadInput

_PIXELS = np.arange(256, dtype=np.uint8)[np.newaxis].repeat(2, axis=0)


def _times(found: np.ndarray) -> np.ndarray:
    """The timestep of each pixel's only spike; pixel 0 has none."""
    assert not found[..., 0].any()
    assert (found[..., 1:].sum(axis=1) == 1).all()
    return found.argmax(axis=1)


def test_follows_the_definition():
    found = _times(latency.encode_jittered(_PIXELS, 64, percent=9, seed=6, first_image=3))
    for n in range(2):
        raw = np.random.Philox(key=[6, 3 + n]).random_raw(128).tolist()
        for pixel in range(1, 256):
            word = raw[pixel // 2] >> 32 * (pixel % 2) & 0xFFFFFFFF
            deviation = Fraction(9, 100) * (Fraction(word, 1 << 31) - 1)
            time = Fraction((255 - pixel) * 64, 256) * (1 + deviation)
            assert found[n, pixel] == min(int(time), 63), (n, pixel)


def test_without_jitter():
    for timesteps in (1, 16, 255):
        found = latency.encode_jittered(_PIXELS, timesteps, percent=0, seed=1)
        assert np.array_equal(found, latency.encode(_PIXELS, timesteps))


def test_jitter_grows_with_time_and_percent():
    """Up to percent of the time since the image began, so bright pixels hardly move."""
    desired = _times(latency.encode(_PIXELS, 255)).astype(int)
    for percent in (1, 5, 9):
        found = _times(latency.encode_jittered(_PIXELS, 255, percent=percent, seed=1))
        moved = np.abs(found - desired)
        assert (moved <= (desired + 1) * percent / 100 + 1).all()
        assert moved.max() >= 255 * percent / 100 / 2


def test_an_image_does_not_depend_on_its_batch():
    whole = latency.encode_jittered(_PIXELS, 64, percent=9, seed=8)
    alone = latency.encode_jittered(_PIXELS[1:], 64, percent=9, seed=8, first_image=1)
    assert np.array_equal(whole[1:], alone)
    assert (whole[0] != whole[1]).any()


@pytest.mark.parametrize("percent", [-1, 101])
def test_bad_percent(percent):
    with pytest.raises(BadInput, match=f"jitter in percent must be from 0 to 100, not {percent}"):
        latency.encode_jittered(_PIXELS, 4, percent=percent, seed=0)
