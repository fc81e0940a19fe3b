"""How many timesteps an image takes to its label."""

import numpy as np


def timesteps_to_decision(scores: np.ndarray, skip: int, stability: int | None) -> np.ndarray:
    """Timesteps after which images whose running ``scores`` these are have their label.

    - ``scores``: integers, shape (images, timesteps, outputs).
    - ``skip``, ``stability``: as of `models.network.parameters.Network`.

    Returns int64, shape (images,), from 1 to the number of timesteps.

    Source: Kim 2018, algorithm 1, from timestep ``skip`` on. In its line 8 count >= theta / e is
    count * e >= theta, which is never true of e = 0.
    """
    images, timesteps, _ = scores.shape
    stable = np.zeros((images, timesteps), dtype=bool)
    if stability == 0:
        stable = scores.any(axis=-1)
    elif stability is not None:
        label = scores.argmax(axis=-1)
        second, first = np.moveaxis(np.partition(scores.astype(np.int64), -2)[..., -2:], -1, 0)
        average, count = np.zeros((2, images), dtype=np.int64)
        for t in range(skip, timesteps):
            average = (first[:, t] - second[:, t] + average) >> 1
            count = np.where((t > skip) & (label[:, t] == label[:, t - 1]), count + 1, 0)
            stable[:, t] = count * average >= stability
    stable[:, -1] = True
    return stable.argmax(axis=1) + 1
