"""Shards on the workers of a Dask cluster that is there already (CLUSTER=)."""

import asyncio
import concurrent.futures
import json
import logging
import pickle
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.cosim import harness
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.shard import Shard
from trispike.sim.terminal.extras import install
from trispike.sim.tools.paths import ROOT
from trispike.sim.tools.simulator import SimulationError

_SHARDS_PER_THREAD = 2
"""So that a slow worker, or one that is lost, holds up the others less."""

_CONNECT_SECONDS = 8
_STOP_SECONDS = 1.5
"""By then a simulator has seen that its shard was given up, see `sim.cosim.watchdog`."""


def _needs_of(model: Path, place: Path) -> list[str]:
    """Files and folders that a worker must see under the same names."""
    return [
        str(path) for path in (ROOT / "sim" / "cosim" / "attempt.py", model / harness.TOP, place)
    ]


def _task(model: Path, shard: Shard, place: Path, waves: int) -> Callable[[], tuple[str, object]]:
    """What a worker does: returns ``outcome``, ``missing`` or ``died``, and the outcome or why.

    Dask sends the function inside as it is, since it stands in no module of its own. So it must
    not use anything of ours before it has made sure that the worker has it.
    """
    needs = _needs_of(model, place)
    arguments = pickle.dumps((model, shard, place, waves))

    def on_worker():
        import os
        import pickle
        import socket
        import sys

        for need in needs:
            if not os.path.exists(need):
                return "missing", f"worker {socket.gethostname()} lacks {need}"
        try:
            from trispike.sim.cosim.attempt import run_shard
            from trispike.sim.tools.simulator import SimulationError
        except ImportError as error:
            return "missing", f"worker {socket.gethostname()}, run by {sys.executable}: {error}"
        try:
            return "outcome", run_shard(*pickle.loads(arguments))
        except SimulationError as error:
            return "died", str(error)
        except (OSError, ValueError) as error:
            return "died", f"worker {socket.gethostname()}: {error}"

    return on_worker


def _scheduler(named: str) -> str:
    """Address of the scheduler that CLUSTER= names, by itself or by a scheduler file."""
    file = Path(named)
    if file.is_file():
        try:
            return json.loads(file.read_text())["address"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise BadInput(
                f"{named} is no scheduler file of Dask; name another by CLUSTER="
            ) from None
    if ":" not in named:
        raise BadInput(
            f"CLUSTER must be an address such as tcp://host:8786 or a scheduler file, not {named!r}"
        )
    return named


def _connected(named: str):
    try:
        from distributed import Client, Security
        from distributed.comm import connect
    except ImportError:
        raise BadInput(
            f"CLUSTER= needs the extra 'cluster': {install('cluster')}, or run without CLUSTER="
        ) from None
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said in one line
    address = _scheduler(named)

    async def shake_hands():
        security = Security().get_connection_args("client")
        (await connect(address, timeout=_CONNECT_SECONDS, **security)).abort()

    try:
        asyncio.run(shake_hands())  # a client that finds nobody takes long to give up
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # whatever answers there, if anything does
        raise BadInput(
            f"cannot reach a cluster at {named}: {_first_line(error)}; start a scheduler there, or "
            "name another by CLUSTER="
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


class ClusterPool:
    """A `sim.cosim.pool.Pool` on the Dask cluster at ``address``, or that a scheduler file names.

    Workers must see this checkout, its environment and its build folder under the same names, as
    on a shared file system. The shards of a worker that is lost run again on another. `BadInput`
    if there is no cluster, or it has no workers.
    """

    def __init__(self, address: str):
        self._address = address
        self._client = _connected(address)
        threads = sum(self._client.nthreads().values())
        if threads == 0:
            self._client.close()
            raise BadInput(f"the cluster at {address} has no workers; start some and run again")
        self.shards = _SHARDS_PER_THREAD * threads
        self._executor = self._client.get_executor(pure=False)
        self._futures: list[concurrent.futures.Future] = []

    def submit(self, model: Path, shard: Shard, place: Path, waves: int):
        """See `sim.cosim.pool.Pool`."""
        name = f"images-{shard.images.start}-{shard.images.stop - 1}-{uuid.uuid4().hex[:8]}"
        future = self._executor.submit(_task(model, shard, place, waves), key=name)
        self._futures.append(future)
        return future

    def result(self, future) -> Outcome:
        """See `sim.cosim.pool.Pool`. `BadInput` if a worker lacks what it must see."""
        try:
            kind, what = future.result()
        except concurrent.futures.CancelledError:
            raise SimulationError(f"the cluster at {self._address} was lost") from None
        except Exception as error:  # whatever a worker met outside of Trispike
            raise SimulationError(f"{type(error).__name__}: {_first_line(error)}") from None
        if kind == "missing":
            raise BadInput(
                f"{what}; workers must see {ROOT} and its environment and build folder under the "
                "same names"
            )
        if kind == "died":
            raise SimulationError(what)
        return what

    def stop(self) -> None:
        """See `sim.cosim.pool.Pool`. What already runs ends by itself once it is given up."""
        for future in self._futures:
            future.cancel()
        time.sleep(_STOP_SECONDS)

    def close(self) -> None:
        """See `sim.cosim.pool.Pool`."""
        self._client.close()
