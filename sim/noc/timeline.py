"""The timeline of traffic on a mesh: its first flits, from the RTL."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trispike.models.mesh import flits
from trispike.models.mesh.topology import MeshShape, node_name
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc.judge import Judged
from trispike.sim.noc.run import NEVER
from trispike.sim.timeline.events import trace_events
from trispike.sim.timeline.flits import Journey, add_journeys, add_tracks


def noc_timeline(path: Path, judged: Judged, most: int, **told: object) -> None:
    """Write to ``path`` the ``most`` flits that the mesh took first; ``told`` goes with them."""
    mesh = judged.run.traffic.mesh
    with trace_events(path, f"mesh {mesh}", **told) as events:
        add_tracks(events, _names(mesh))
        add_journeys(events, _journeys(judged, most))


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
