"""Looks again and again while something runs."""

import contextlib
import threading
from collections.abc import Callable, Iterator

_POLL_SECONDS = 0.2


@contextlib.contextmanager
def watched(look: Callable[[], None]) -> Iterator[None]:
    """Call ``look`` every now and then, in a thread of its own, and once at the end."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(_POLL_SECONDS):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
        look()
