"""A process that tries inputs, with a limit on its memory, and one that watches it."""

import multiprocessing
import os
import resource
import signal
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from amaranth.hdl import UnusedElaboratable

from tb.fuzz import border
from tb.fuzz.trial import MOST_BYTES, Format, Trial, numbered, tried

_WAIT_SECONDS, _START_SECONDS = 300.0, 600.0
"""By the clock, after which an input hangs, whatever it does: a busy machine takes its time."""


def trials(
    name: str, make: Callable[[], Format], seed: int, numbers: range, place: Path
) -> Iterator[Trial]:
    """Trials of the inputs ``numbers`` of the format ``name``, each as it has ended.

    ``make`` makes the format. They are tried in a process of their own, and in another after one
    that hung or died.
    """
    context = multiprocessing.get_context("spawn")
    while numbers:
        mine, its = context.Pipe()
        process = context.Process(
            target=_work, args=(its, name, make, seed, numbers, place), daemon=True
        )
        process.start()
        its.close()
        try:
            for trial in _watched(process, mine, numbers):
                yield trial
                numbers = numbers[1:]
        finally:
            process.kill()
            process.join()


def _watched(process, mine: Connection, numbers: range) -> Iterator[Trial]:
    """Trials as they come; at last that of an input that hung or killed its process."""
    patience = _START_SECONDS
    for number in numbers:
        try:
            if mine.poll(patience):
                if isinstance(answer := mine.recv(), Exception):
                    raise answer
                yield answer
                patience = _WAIT_SECONDS
                continue
            outcome, what = "hang", f"no answer within {patience:.0f} s"
        except EOFError:
            process.join()
            outcome, what = "traceback", f"its process died: {_death(process.exitcode)}"
        yield Trial(number=number, outcome=outcome, what=what, seconds=patience)
        return


def _death(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _work(
    its: Connection,
    name: str,
    make: Callable[[], Format],
    seed: int,
    numbers: range,
    place: Path,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process is told, and ends this one
    warnings.simplefilter("ignore", UnusedElaboratable)  # the border cuts exports short
    with its:
        try:
            format = make()
            with border.closed(place, getattr(format, "patches", {})):
                _limit_memory()
                for number in numbers:
                    its.send(tried(format, numbered(seed, name, number), number, place))
        except Exception as error:  # of the making of inputs: nobody's but ours
            its.send(error)


def _limit_memory() -> None:
    """What this process takes from now on is at most `MOST_BYTES`."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
