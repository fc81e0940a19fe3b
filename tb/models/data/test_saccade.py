"""Digits that move: on-events against a plain loop, and the data set that is made of them."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest

from trispike.models.data import datasets, mnist, saccade
from trispike.models.data.samples import Part

_COUNT = 5


def _images(count: int = _COUNT) -> np.ndarray:
    """Blobs of ink in a border of 4, all different."""
    images = np.zeros((count, 28, 28), np.uint8)
    rng = np.random.default_rng(2)
    images[:, 4:24, 4:24] = rng.integers(0, 256, (count, 5, 5)).repeat(4, 1).repeat(4, 2)
    return images.reshape(count, -1)


def _ink(image: np.ndarray, t: int) -> np.ndarray:
    """The image on the sensor after ``t`` timesteps, in exact fractions of 255."""
    u = Fraction(t, 16)
    smooth = 3 * u**2 - 2 * u**3
    row, column = 1 + Fraction(int(7 * smooth * 256), 256), Fraction(int(2 * smooth * 256), 256)
    field = np.full((34, 34), Fraction(0))
    for (y, x), ink in np.ndenumerate(image.reshape(28, 28).astype(int)):
        if ink:
            for k in (0, 1):
                for j in (0, 1):
                    share = abs(1 - k - row % 1) * abs(1 - j - column % 1)
                    field[y + int(row) + k, x + int(column) + j] += ink * share
    return field


def test_follows_the_definition():
    """Brighter is less ink; compared with the last event of either kind."""
    (image,) = _images(1)
    found = saccade.events(image[np.newaxis])[0].reshape(16, 34, 34)
    seen, kinds = _ink(image, 0), set()
    for t in range(16):
        ink = _ink(image, t + 1)
        for at, spike in np.ndenumerate(found[t]):
            change = seen[at] - ink[at]
            assert spike == (change >= 40), (t, at)
            if abs(change) >= 40:
                seen[at] = ink[at]
                kinds.add(change > 0)
    assert kinds == {False, True}


def test_a_digit_goes_down_and_right():
    """By 7 and 2 pixels, with its on-events behind it."""
    image = np.zeros((28, 28), np.uint8)
    image[10:13, 10:13] = 255
    found = saccade.events(image.reshape(1, -1))[0].reshape(16, 34, 34)
    _, y, x = found.nonzero()
    assert (y.min(), y.max()) == (11, 19)  # it lay on rows 11 to 13, and ends on 18 to 20
    assert (x.min(), x.max()) == (10, 14)
    steps = [found[t].nonzero()[0].mean() for t in range(2, 15)]
    assert steps[0] < 13 < 16 < steps[-1]


def test_nothing_happens_to_an_empty_image():
    assert not saccade.events(np.zeros((1, 784), np.uint8)).any()


@pytest.fixture
def digits(monkeypatch):
    """A few images in place of MNIST's, three times as many as a batch has."""
    monkeypatch.setattr(saccade, "_BATCH", 2)
    images, labels = _images(), np.array([7, 0, 9, 9, 3], np.uint8)
    monkeypatch.setattr(mnist, "read", lambda part, folder: (images, labels, {part.value: "d"}))
    return images


def test_half_go_up_and_half_down(digits):
    """Up is down played backwards; the label tells the digit and the way."""
    spikes, labels, digests = saccade.read(Part.TEST, None)
    assert labels.tolist() == [14, 1, 18, 19, 6]
    assert labels.dtype == spikes.dtype == np.uint8
    assert digests == {"test": "d"}
    assert spikes.shape == (_COUNT, 16, 145)
    found = np.unpackbits(spikes, axis=-1, count=1156)
    down = saccade.events(digits)
    for n in range(_COUNT):
        assert np.array_equal(found[n], down[n] if n % 2 else down[n, ::-1]), n


def test_by_name(digits):
    data = datasets.load("saccade")
    assert data.samples is saccade.SAMPLES
    assert data.train_images.shape == data.test_images.shape == (_COUNT, 16, 145)
    assert data.digests == {"train": "d", "test": "d"}
    assert (data.samples.classes, data.samples.outputs) == (20, 12)
    digit, direction = data.samples.answers(data.test_labels)
    assert digit.tolist() == [7, 0, 9, 9, 3]
    assert direction.tolist() == [0, 1, 0, 1, 0]


def test_pinned():
    """A change of the spikes, which would change every published number, must be seen."""
    spikes = np.packbits(saccade.events(_images()))
    found = hashlib.sha256(spikes.tobytes()).hexdigest()
    assert found == "7770fa12e7d7e80bd37f88d547fa5b6ce97a8098bcccf650607bdf10e2c884c2"
