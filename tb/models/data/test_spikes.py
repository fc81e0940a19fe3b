"""The spike encoder: exact, reproducible, and the same for an image whatever surrounds it."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest

from trispike.models.data.spikes import encode, random_words
from trispike.models.errors import BadInput


def _images(count: int, inputs: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, inputs), dtype=np.uint8)


@pytest.mark.parametrize(("inputs", "timesteps"), [(1, 1), (7, 3), (8, 3), (784, 2)])
def test_follows_the_definition(inputs, timesteps):
    images = _images(3, inputs)
    images[0, 0], images[1, 0] = 0, 255
    found = encode(images, timesteps, seed=99, first_image=5)
    assert found.shape == (3, timesteps, inputs)
    assert found.dtype == np.bool_
    outputs = (inputs + 1) // 2
    for n in range(3):
        raw = np.random.Philox(key=[99, 5 + n]).random_raw(timesteps * outputs).tolist()
        for t in range(timesteps):
            for i in range(inputs):
                word = raw[t * outputs + i // 2] >> 32 * (i % 2) & 0xFFFFFFFF
                wanted = Fraction(word, 1 << 32) < Fraction(int(images[n, i]), 255)
                assert found[n, t, i] == wanted, (n, t, i)


@pytest.mark.parametrize("pixel", [1, 85, 128, 254])
def test_boundary_words(monkeypatch, pixel):
    """The neighbouring words on both sides of p/255 give different spikes."""
    limit = -(-(pixel << 32) // 255)  # first word that must stay silent
    words = np.array([[0, limit - 1, limit, 0xFFFFFFFF]], dtype=np.uint32)
    monkeypatch.setattr("trispike.models.data.spikes.random_words", lambda *_: words)
    spikes = encode(np.full((1, 4), pixel, np.uint8), 1, seed=0)
    assert spikes[0, 0].tolist() == [True, True, False, False]


@pytest.mark.parametrize(("pixel", "spikes"), [(0, False), (255, True)])
def test_extreme_words_at_extreme_pixels(monkeypatch, pixel, spikes):
    words = np.array([[0, 0xFFFFFFFF]], dtype=np.uint32)
    monkeypatch.setattr("trispike.models.data.spikes.random_words", lambda *_: words)
    assert encode(np.full((1, 2), pixel, np.uint8), 1, seed=0).tolist() == [[[spikes, spikes]]]


def test_black_never_spikes_and_white_always_does():
    images = np.array([[0, 255]], dtype=np.uint8)
    spikes = encode(images, 255, seed=3)
    assert not spikes[0, :, 0].any()
    assert spikes[0, :, 1].all()


def test_pinned():
    """A change of the stream, which would change every published number, must be seen."""
    images = np.arange(4 * 785, dtype=np.uint32).reshape(4, 785).astype(np.uint8)
    found = hashlib.sha256(np.packbits(encode(images, 5, seed=2024, first_image=17)).tobytes())
    assert found.hexdigest() == "025c4c56ac1af02f2a5eac36b1d8e53e64fc56400c74fffb637b98391790c1ec"
    assert random_words(0, 0, 1, 3).tolist() == [[149215387, 49592932, 2628306354]]


def test_an_image_does_not_depend_on_its_batch():
    images = _images(6, 50)
    whole = encode(images, 4, seed=8)
    parts = [encode(images[n : n + 1], 4, seed=8, first_image=n) for n in range(6)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_a_short_run_begins_a_long_one():
    images = _images(3, 51)
    assert np.array_equal(encode(images, 3, seed=8), encode(images, 9, seed=8)[:, :3])


def test_seeds_and_images_differ():
    images = np.full((2, 200), 128, np.uint8)
    one, other = encode(images, 1, seed=0), encode(images, 1, seed=1)
    assert (one != other).any()
    assert (one[0] != one[1]).any()


def test_mean_rate():
    pixels = np.array([[1, 13, 64, 128, 200, 254]], dtype=np.uint8)
    draws = 255 * 200
    rates = encode(pixels.repeat(200, axis=0), 255, seed=4).mean(axis=(0, 1))
    wanted = pixels[0] / 255
    margin = 5 * np.sqrt(wanted * (1 - wanted) / draws)
    assert (np.abs(rates - wanted) < margin).all()


def test_no_images():
    assert encode(np.zeros((0, 9), np.uint8), 3, seed=0).shape == (0, 3, 9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, r"seed must be from 0 to 9223372036854775807, not -1"),
        ({"seed": 1 << 63}, r"seed must be from 0 to"),
        ({"seed": 0.5}, r"seed must be an integer, not 0\.5"),
        ({"seed": True}, r"seed must be an integer, not True"),
        ({"timesteps": 0}, r"timesteps must be from 1 to 255, not 0"),
        ({"timesteps": 256}, r"timesteps must be from 1 to 255, not 256"),
        ({"timesteps": "3"}, r"timesteps must be an integer, not '3'"),
        ({"first_image": -1}, r"first image must be an integer from 0"),
        ({"first_image": 0.5}, r"first image must be an integer from 0 to \d+, not 0\.5"),
        ({"images": np.zeros((2, 3))}, r"images must be a 2-dimensional array of uint8, not"),
        ({"images": np.zeros(3, np.uint8)}, r"images must be a 2-dimensional array"),
    ],
)
def test_bad_arguments(change, message):
    arguments = {"images": np.zeros((2, 3), np.uint8), "timesteps": 1, "seed": 0, **change}
    with pytest.raises(BadInput, match=message):
        encode(**arguments)
