"""Where shards run: on this machine, or (`sim.cosim.cluster`) on many."""

import concurrent.futures
from pathlib import Path
from typing import Protocol

from trispike.sim.cosim.attempt import run_shard
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.shard import Shard
from trispike.sim.tools import processes


class Pool(Protocol):
    """Runs shards side by side."""

    shards: int
    """Shards to cut a run into."""

    def submit(
        self, model: Path, shard: Shard, place: Path, waves: int
    ) -> concurrent.futures.Future:
        """Have `sim.cosim.attempt.run_shard` called with these arguments, now or later."""

    def result(self, future: concurrent.futures.Future) -> Outcome:
        """Wait for a shard. `SimulationError` if it died."""

    def stop(self) -> None:
        """End all shards, begun or not, and wait until they have ended."""

    def close(self) -> None:
        """Give back what the pool holds; no shard runs any more."""


class LocalPool:
    """Simulations side by side on this machine, ``jobs`` at a time, each a shard.

    They are processes; the threads here only wait for them.
    """

    def __init__(self, jobs: int):
        self.shards = jobs
        self._threads = concurrent.futures.ThreadPoolExecutor(jobs)

    def submit(self, model: Path, shard: Shard, place: Path, waves: int):
        """See `Pool`."""
        return self._threads.submit(run_shard, model, shard, place, waves)

    def result(self, future) -> Outcome:
        """See `Pool`."""
        return future.result()

    def stop(self) -> None:
        """See `Pool`."""
        processes.stop_all()
        try:
            self._threads.shutdown(cancel_futures=True)
        finally:
            processes.start_again()

    def close(self) -> None:
        """See `Pool`."""
        self._threads.shutdown()
