"""Child processes that never outlive Trispike."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_running: dict[subprocess.Popen, float] = {}
"""Children, with the seconds that each has to end by itself."""

_lock = threading.RLock()  # a signal may come while its own thread holds it
_stopping = False


def run_logged(
    command: list[str], *, folder: Path, env: dict[str, str], log: Path, grace: float = 0
) -> int:
    """Run ``command`` in ``folder``, its output to the file ``log``; returns its exit status.

    The child leads a process group of its own, so that `stop_all` reaches its children too. Before
    it is killed it is told to end, and has ``grace`` seconds for that.
    """
    with log.open("ab") as output:
        with _lock:
            if _stopping:
                raise KeyboardInterrupt
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            _running[process] = grace
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                _kill(process, grace)
                process.wait()
            with _lock:
                del _running[process]


def _kill(process: subprocess.Popen, grace: float) -> None:
    """End ``process`` and its children, at the latest after ``grace`` seconds."""
    with contextlib.suppress(ProcessLookupError):
        if grace:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace)
        os.killpg(process.pid, signal.SIGKILL)


def start_again() -> None:
    """Allow new children after `stop_all`."""
    global _stopping
    with _lock:
        _stopping = False


def stop_all() -> None:
    """Kill every child, and its children, and start no more until `start_again`."""
    global _stopping
    with _lock:
        _stopping = True
        for process, grace in list(_running.items()):
            _kill(process, grace)


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def thread_pool(count: int) -> Iterator[ThreadPoolExecutor]:
    """``count`` threads that wait for children; what raises inside ends threads and children."""
    with ThreadPoolExecutor(count) as pool:
        try:
            yield pool
        except BaseException:
            stop_all()
            try:
                pool.shutdown(cancel_futures=True)
            finally:
                start_again()
            raise
