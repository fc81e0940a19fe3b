"""Where RTL and models differ, on a timeline."""

import dataclasses

from trispike.sim.report.mismatch import Mismatch
from trispike.sim.timeline.events import TraceEvents


def add_mark(events: TraceEvents, track: int, mismatch: Mismatch, last: int) -> None:
    """An instant on a ``track`` of its own, in the cycle of ``mismatch``, or in cycle ``last``."""
    events.track(track, "first divergence")
    cycle = last if mismatch.cycle is None else mismatch.cycle
    name = f"first divergence: {mismatch}"
    events.instant(track, cycle, name, **dataclasses.asdict(mismatch))
