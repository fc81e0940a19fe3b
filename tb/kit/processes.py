"""Processes as Linux shows them."""

import os
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Processes whose session or ancestry leads to ``pid``, by /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, frontier = [], {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier}
        found += frontier
    return found


def alive(pids: list[int]) -> list[int]:
    """Those of ``pids`` that still run; one that waits to be reaped does not."""
    alive = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        alive += [pid] if state != "Z" else []
    return alive


def simulators(pid: int) -> dict[int, Path]:
    """Simulators that ``pid`` and its children have started, and the folders they work in."""
    found = {}
    for child in descendants(pid):
        try:
            if os.readlink(f"/proc/{child}/exe").endswith("/bench"):
                found[child] = Path(os.readlink(f"/proc/{child}/cwd"))
        except OSError:
            continue  # it has just ended
    return found
