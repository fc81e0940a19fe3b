"""Writes Chrome's trace events, a line each, as they come: a cycle is a microsecond of the trace.

The format: docs/timeline.md. A file is one process; its tracks are threads, whose names are told
before anything else of them.

Perfetto's trace processor sorts events by time, and those of the same time as the file has them,
but takes complete events (``X``) before others: so slices are begun and ended. It stacks instants
of the same track and time, to a depth of some hundred: so a vector of spikes is one. Perfetto puts
the number of a thread behind its name, and calls the one with its process's number the main thread.
"""

import collections
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from trispike.models.files import atomically

MOST_BYTES = 100_000_000
"""Bytes of a file, but for its ends of slices: what came later is left out."""

_PROCESS = 1


class Full(Exception):
    """The file is as large as it may be."""


class TraceEvents:
    """Writes events to ``file``; one for which ``most`` bytes do not suffice raises `Full`."""

    def __init__(self, file: BinaryIO, title: str, *, most: int, told: dict[str, object]):
        self._file, self._left = file, most
        self._open: dict[int, int] = collections.defaultdict(int)  # slices, by track
        self._last = 0
        head = json.dumps({"time": "1 us is 1 clock cycle", **told})
        file.write(f'{{"displayTimeUnit": "ms",\n"otherData": {head},\n'.encode())
        file.write(b'"traceEvents": [\n')
        file.write(self._line("M", 0, name="process_name", args={"name": title}))

    def track(self, number: int, name: str) -> None:
        """Call track ``number`` by its ``name``; tracks are shown in the order of numbers."""
        self._put("M", number, name="thread_name", args={"name": name})
        self._put("M", number, name="thread_sort_index", args={"sort_index": number})

    def begin(self, track: int, cycle: int, name: str, /, **args: object) -> None:
        """A slice that `end` ends; others may come in it."""
        self._put("B", track, cycle, name=name, args=args)
        self._open[track] += 1

    def end(self, track: int, cycle: int) -> None:
        """End the slice that was begun last; ``cycle`` is the first that is not in it."""
        self._open[track] -= 1
        self._put("E", track, cycle)

    def slice(self, track: int, cycle: int, cycles: int, name: str, /, **args: object) -> None:
        """A slice of so many ``cycles``, with none in it."""
        self.begin(track, cycle, name, **args)
        self.end(track, cycle + cycles)

    def instant(self, track: int, cycle: int, name: str, /, **args: object) -> None:
        """Something that has no length."""
        self._put("i", track, cycle, s="t", name=name, args=args)

    def leaves(self, number: int, track: int, cycle: int) -> None:
        """Arrow ``number`` begins in the slice that is there."""
        self._put("s", track, cycle, **_arrow(number))

    def arrives(self, number: int, track: int, cycle: int) -> None:
        """Arrow ``number`` ends in the slice that is there."""
        self._put("f", track, cycle, **_arrow(number), bp="e")

    def finish(self) -> None:
        """End what is open, and the file."""
        for track, slices in self._open.items():
            for _ in range(slices):
                self.end(track, self._last)
        self._file.write(b"\n]}\n")

    def _put(self, phase: str, track: int, cycle: int | None = None, **more: object) -> None:
        line = b",\n" + self._line(phase, track, cycle, **more)
        if phase != "E" and len(line) > self._left:
            raise Full
        self._left -= len(line)
        self._last = max(self._last, cycle or 0)
        self._file.write(line)

    def _line(self, phase: str, track: int, cycle: int | None = None, **more: object) -> bytes:
        when = {} if cycle is None else {"ts": cycle}
        event = {"ph": phase, "pid": _PROCESS, "tid": _PROCESS + 1 + track, **when, **more}
        return json.dumps(event, allow_nan=False).encode()


def _arrow(number: int) -> dict[str, object]:
    return {"id": number, "cat": "flit", "name": "flit"}


@contextlib.contextmanager
def trace_events(
    path: Path, title: str, *, most: int = MOST_BYTES, **told: object
) -> Iterator[TraceEvents]:
    """The events of ``path``, which is there once the block has ended, or has made it `Full`.

    ``title`` is the name of its process, and ``told`` what else it tells, in its ``otherData``.
    """
    with atomically(path) as file:
        events = TraceEvents(file, title, most=most, told=told)
        with contextlib.suppress(Full):
            yield events
        events.finish()
