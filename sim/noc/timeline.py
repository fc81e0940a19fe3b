"""The timeline of traffic on a mesh: its first flits, from the RTL."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trispike.models.mesh import flits
from trispike.models.mesh.topology import MeshShape, node_name
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc.judge import Judged
from trispike.sim.noc.run import NEVER, TrafficRun
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.timeline.events import trace_events
from trispike.sim.timeline.flits import Journey, Sent, add_journeys, add_tracks, paired, work_track
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
    since = heads(traffic, done.taken)
    came = np.full(len(traffic.flits), NEVER)
    receivers = np.zeros(len(traffic.flits), dtype=np.int64)
    came[judged.which], receivers[judged.which] = done.times, done.receivers
    taken = np.flatnonzero(done.taken != NEVER)
    for k in taken[np.argsort(done.taken[taken], kind="stable")][:most].tolist():
        yield Journey(
            sender=int(traffic.sources[k]),
            receiver=int(receivers[k]),
            since=int(since[k]),
            taken=int(done.taken[k]),
            came=None if came[k] == NEVER else int(came[k]),
            text=flits.text(int(traffic.flits[k])),
        )


def heads(traffic: Traffic, taken: np.ndarray) -> np.ndarray:
    """Cycle from which each flit was offered and its node's first to go: int64, shape (n,).

    ``taken``: that in which it was taken, or `run.NEVER`; those behind such a flit have no meaning.
    """
    since = traffic.times.astype(np.int64)
    for node in range(traffic.mesh.nodes):
        mine = np.flatnonzero(traffic.sources == node)
        since[mine[1:]] = np.maximum(since[mine[1:]], taken[mine[:-1]] + 1)
    return since
