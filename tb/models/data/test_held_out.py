"""The part of the training images that choices are made by."""

import numpy as np
import pytest

from trispike.models.data import datasets


@pytest.mark.parametrize(
    ("images", "count"),
    [(0, 0), (4, 0), (5, 1), (1438, 287), (49999, 9999), (50000, 10000), (60000, 10000)],
)
def test_held_out_count(images, count):
    assert datasets.held_out_count(images) == count


@pytest.mark.parametrize("count", [0, 4, 5, 23])
def test_held_out_part(count):
    """Together the two parts are the training set, and neither is a copy."""
    images = np.arange(count * 784).astype(np.uint8).reshape(count, 784)
    labels = (np.arange(count) % 10).astype(np.uint8)
    data = datasets.Dataset(
        name="any",
        train_images=images,
        train_labels=labels,
        test_images=images[:0],
        test_labels=labels[:0],
    )
    fit = count - count // 5
    assert np.array_equal(data.fit_images, images[:fit])
    assert np.array_equal(data.fit_labels, labels[:fit])
    assert np.array_equal(data.held_out_images, images[fit:])
    assert np.array_equal(data.held_out_labels, labels[fit:])
    for part in (data.fit_images, data.held_out_images):
        assert part.base is images.base
    for part in (data.fit_labels, data.held_out_labels):
        assert part.base is labels


def test_held_out_digits():
    data = datasets.load("digits")
    assert len(data.fit_images) == len(data.fit_labels) == 1151
    assert len(data.held_out_images) == len(data.held_out_labels) == 287
    assert np.shares_memory(data.held_out_images, data.train_images)
    assert sorted(set(data.held_out_labels.tolist())) == list(range(10))
