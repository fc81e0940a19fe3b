"""Which input belongs to which lane: those that spike together apart.

In a timestep that has n spikes lanes are as even as can be where the sum of the squares of their
spikes is least. Over all timesteps that is the sum, over pairs of inputs in one lane, of how often
both spike (`together`), so that what an exchange of two inputs changes takes a few additions,
however many timesteps were looked at.
"""

import numpy as np


def together(spikes: np.ndarray) -> np.ndarray:
    """How often each input spikes with each other; on the diagonal, at all.

    ``spikes``: bool, or pixels, shape (images, timesteps, inputs), below 2**24 timesteps. Returns
    int64, shape (inputs, inputs).
    """
    given = (spikes != 0).reshape(-1, spikes.shape[-1]).astype(np.float32)
    return (given.T @ given).astype(np.int64)  # integers that float32 holds exactly


def deal(counts: np.ndarray, lanes: int, rng: np.random.Generator) -> np.ndarray:
    """An order of inputs, of which number i belongs to lane i mod ``lanes``: int64, (inputs,).

    ``counts``: what `together` gives. Begins with the order there is, and exchanges inputs, each
    with the one whose exchange is worth most, until no exchange is worth anything.
    """
    every = np.arange(len(counts))
    lane, often = every % lanes, counts.diagonal()
    met = np.stack([counts[:, lane == k].sum(axis=1) for k in range(lanes)], axis=1)
    exchanged = True
    while exchanged:
        exchanged = False
        for i in rng.permutation(len(counts)):
            mine = lane[i]
            now = met[i, mine] + met[every, lane] - often[i] - often
            worth = now - (met[i, lane] + met[:, mine] - 2 * counts[i])
            j = int(worth.argmax())
            if worth[j] > 0:  # never in the same lane: both spike at most as often as either
                met[:, mine] += counts[j] - counts[i]
                met[:, lane[j]] += counts[i] - counts[j]
                lane[i], lane[j] = lane[j], mine
                exchanged = True
    return _placed(every, lane, lanes)


def with_twins(order: np.ndarray, often: np.ndarray, lanes: int, twins: int) -> np.ndarray:
    """``order``, of which ``twins`` inputs are there twice: int64, shape (inputs + twins,).

    These are the ones that spike most ``often``, (inputs,). All lanes have as many inputs, or one
    less, and the second input of a value is in another lane where there is room in one.
    """
    lane = np.empty_like(order)
    lane[order] = np.arange(len(order)) % lanes
    room = -((np.arange(lanes) - len(order) - twins) // lanes) - np.bincount(lane, minlength=lanes)
    twice = np.argsort(-often, kind="stable")[:twins]
    second = np.empty_like(twice)
    for k, value in enumerate(twice):
        others = np.where(np.arange(lanes) == lane[value], 0, room)
        second[k] = others.argmax() if others.any() else lane[value]
        room[second[k]] -= 1
    return _placed(np.append(order, twice), np.append(lane[order], second), lanes)


def _placed(values: np.ndarray, lane: np.ndarray, lanes: int) -> np.ndarray:
    """``values`` such that number i is one of lane i mod ``lanes``."""
    placed = np.empty_like(values)
    for k in range(lanes):
        placed[k::lanes] = values[lane == k]
    return placed
