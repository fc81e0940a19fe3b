"""The timeline of traffic on a mesh: its first flits, from the RTL."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trispike.models.mesh.topology import MeshShape, node_name
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc.judge import Judged
from trispike.sim.noc.run import NEVER, TrafficRun
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.timeline.events import trace_events
from trispike.sim.timeline.flits import (
    Journey,
    Sent,
    add_journeys,
    add_tracks,
    paired,
    ways,
    work_track,
)
from trispike.sim.timeline.mark import add_mark


def noc_timeline(path: Path, judged: Judged, most: int, **told: object) -> None:
    """Write to ``path`` the ``most`` flits that the mesh took first; ``told`` goes with them."""
    mesh = judged.run.traffic.mesh
    with trace_events(path, f"mesh {mesh}", **told) as events:
        add_tracks(events, _names(mesh))
        add_journeys(events, _journeys(judged, most))


def difference_timeline(path: Path, done: TrafficRun, cycles: range, first: Mismatch) -> None:
    """Write to ``path`` the flits that were taken in ``cycles``, or came in them from nowhere.

    ``first`` is an instant on a track of its own, below all others.
    """
    traffic, mesh = done.traffic, done.traffic.mesh
    since = heads(traffic, done.taken)
    taken = np.flatnonzero(done.taken != NEVER)
    taken = taken[np.argsort(done.taken[taken], kind="stable")]
    columns = (each[taken].tolist() for each in (traffic.sources, since, done.taken, traffic.flits))
    came = (each.tolist() for each in (done.receivers, done.times, done.flits))
    journeys = paired(map(Sent, *columns), zip(*came, strict=True))
    with trace_events(path, f"mesh {mesh}") as events:
        add_tracks(events, _names(mesh))
        add_journeys(events, (each for each in journeys if each.within(cycles)))
        add_mark(events, work_track(mesh.nodes), first, done.cycles)


def _names(mesh: MeshShape) -> dict[int, str]:
    return {mesh.number(node): f"node {node_name(node)}" for node in mesh.every()}


def _journeys(judged: Judged, most: int) -> Iterator[Journey]:
    done, traffic = judged.run, judged.run.traffic
    columns = (traffic.sources, heads(traffic, done.taken), done.taken, traffic.flits)
    order = np.argsort(judged.which, kind="stable")
    begins = np.searchsorted(judged.which[order], np.arange(len(traffic.flits) + 1))
    taken = np.flatnonzero(done.taken != NEVER)
    for k in taken[np.argsort(done.taken[taken], kind="stable")][:most].tolist():
        mine = order[begins[k] : begins[k + 1]]
        arrivals = zip(done.receivers[mine].tolist(), done.times[mine].tolist(), strict=True)
        yield from ways(Sent(*(int(each[k]) for each in columns)), arrivals)


def heads(traffic: Traffic, taken: np.ndarray) -> np.ndarray:
    """Cycle from which each flit was offered and its node's first to go: int64, shape (n,).

    ``taken``: that in which it was taken, or `run.NEVER`; those behind such a flit have no meaning.
    """
    since = traffic.times.astype(np.int64)
    for node in range(traffic.mesh.nodes):
        mine = np.flatnonzero(traffic.sources == node)
        since[mine[1:]] = np.maximum(since[mine[1:]], taken[mine[:-1]] + 1)
    return since
