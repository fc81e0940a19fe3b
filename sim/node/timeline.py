"""The timeline of a network on nodes: states, flits and the host's timesteps, from the RTL."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from trispike.golden.mesh.nodes import host_receiver
from trispike.models.mesh.topology import node_name
from trispike.sim.node.formats import Kind
from trispike.sim.node.results import NodesRun
from trispike.sim.node.setting import Setting
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.timeline.events import TraceEvents, trace_events
from trispike.sim.timeline.flits import Journey, Sent, add_journeys, add_tracks, paired, work_track
from trispike.sim.timeline.mark import add_mark

_IDLE = "waits for spikes"

_WORDS = ("computing", "sending", "waits for a credit")
"""What the bits of a node's state say, the lowest first."""


_EVER = range(sys.maxsize)


def nodes_timeline(
    path: Path,
    setting: Setting,
    done: NodesRun,
    images: range,
    *,
    cycles: range = _EVER,
    mark: Mismatch | None = None,
    **told: object,
) -> None:
    """Write to ``path`` what a run logged of ``images``, from 0, in ``cycles``.

    ``mark`` is an instant on a track of its own, below all others; ``told`` goes with it all.
    """
    mesh, first = setting.mapping.mesh, setting.exchange.first_image
    parties = {
        mesh.number(place): place for place in sorted(setting.mapping.places, key=mesh.number)
    }
    names = {number: f"node {node_name(place)}" for number, place in parties.items()}
    host = host_receiver(mesh)
    names[host] = "host"
    title = f"{setting.network.name} on {mesh}"
    told = {"images": [first + image for image in images], **told}
    with trace_events(path, title, **told) as events:
        for number, name in names.items():
            events.track(work_track(number), name if number == host else f"{name} state")
        add_tracks(events, names)
        _add_timesteps(events, work_track(host), setting, done, images)
        for number in parties:
            _add_states(events, number, done, cycles)
        add_journeys(events, filter(lambda each: each.within(cycles), _journeys(done)))
        if mark is not None:
            add_mark(events, work_track(host + 1), mark, _last(done))


def _add_timesteps(
    events: TraceEvents, track: int, setting: Setting, done: NodesRun, images: range
) -> None:
    """When the host began to send each timestep, and had all of it back."""
    marks = []
    steps = setting.timesteps
    for step in range(images.start * steps, images.stop * steps):
        image, timestep = divmod(step, setting.timesteps)
        now = {"image": setting.exchange.first_image + image, "timestep": timestep + 1}
        text = f"image {now['image']} timestep {now['timestep']}"
        marks.append((int(done.begun[step]), f"{text} begins", now))
        marks.append((int(done.done[step]), f"{text} is done", now))
    for cycle, name, now in sorted(marks, key=lambda mark: mark[0]):
        if cycle >= 0:
            events.instant(track, cycle, name, **now)


def _last(done: NodesRun) -> int:
    """Cycle of the last thing logged."""
    return int(done.log["cycle"].max(initial=0))


def _add_states(events: TraceEvents, number: int, done: NodesRun, cycles: range) -> None:
    """What a node did in ``cycles``, to the last thing logged."""
    log = done.log
    mine = log[(log["party"] == number) & (log["kind"] == Kind.STATE)]
    came = zip(mine["cycle"].tolist(), mine["value"].tolist(), strict=True)
    changes = [(0, 0), *came, (_last(done), 0)]
    for (start, state), (stop, _) in itertools.pairwise(changes):
        start, stop = max(start, cycles.start), min(stop, cycles.stop)
        words = [word for k, word in enumerate(_WORDS) if state >> k & 1]
        if stop > start:
            events.slice(work_track(number), start, stop - start, " + ".join(words) or _IDLE)


def _journeys(done: NodesRun) -> Iterator[Journey]:
    """The flits that came, and that were taken while the log was written."""
    log = done.log[done.log["kind"] == Kind.SENT]
    sent = (Sent(sender, None, cycle, flit) for cycle, _, sender, flit in log.tolist())
    arrivals = (each.tolist() for each in (done.receivers, done.times, done.flits))
    last = _last(done)
    for each in paired(sent, zip(*arrivals, strict=True)):
        if each.sender is not None or each.came <= last:  # else it was sent when nobody logged
            yield each
