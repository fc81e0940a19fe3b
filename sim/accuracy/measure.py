"""Measures several networks with several seeds at once."""

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
from threadpoolctl import threadpool_limits

from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealNetwork
from trispike.sim.training.tally import Spread, Tally, batch_size, tally_batch


def measure(
    networks: Sequence[Network | RealNetwork],
    images: np.ndarray,
    labels: np.ndarray,
    *,
    timesteps: int,
    seeds: Sequence[int],
    jobs: int,
    progress: Callable[[int], object] = lambda done: None,
) -> list[Spread]:
    """`sim.training.tally.accuracy_over_seeds` for each of ``networks``, in parallel.

    Each batch of images is encoded once for all networks. ``jobs`` threads share the batches, each
    with a single thread of BLAS: NumPy releases Python's lock, and threads cannot outlive the
    command. The result does not depend on ``jobs``.

    ``progress`` is called with the number of batches done, of `batches`.
    """
    size = batch_size(timesteps)
    totals: dict[int, list[Tally]] = {}
    with threadpool_limits(limits=1):
        pool = ThreadPoolExecutor(jobs)
        try:
            work = {}
            for seed in seeds:
                for first in range(0, len(images), size):
                    task = pool.submit(
                        tally_batch,
                        networks,
                        images[first : first + size],
                        labels[first : first + size],
                        timesteps=timesteps,
                        seed=seed,
                        first_image=first,
                    )
                    work[task] = seed
            for done, task in enumerate(as_completed(work), 1):
                totals.setdefault(work[task], []).append(task.result())
                progress(done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    spreads = []
    for k in range(len(networks)):
        sums = [functools.reduce(Tally.__add__, (t[k] for t in totals[seed])) for seed in seeds]
        measurements = tuple(total.measurement() for total in sums)
        spreads.append(Spread(seeds=tuple(seeds), measurements=measurements))
    return spreads


def batches(images: int, timesteps: int, seeds: int) -> int:
    """Number of batches that `measure` runs."""
    return seeds * -(-images // batch_size(timesteps))
