"""A data set that is learnt in seconds."""

import numpy as np

from trispike.models.data.datasets import Dataset
from trispike.models.data.samples import Samples
from trispike.models.network.volume import Volume


def easy_data(seed: int) -> Dataset:
    """Three easy classes of 12 pixels: 300 training images, of which 60 are held out, 100 more."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, 400).astype(np.uint8)
    images = rng.integers(0, 60, (400, 12)).astype(np.uint8)
    for n, label in enumerate(labels):
        images[n, 4 * label : 4 * label + 4] += 180
    images.flags.writeable = labels.flags.writeable = False  # as MNIST's are
    return Dataset(
        name="easy",
        train_images=images[:300],
        train_labels=labels[:300],
        test_images=images[300:],
        test_labels=labels[300:],
        digests={"easy": "0" * 64},
        samples=Samples(volume=Volume(channels=12), groups=(3,)),
    )
