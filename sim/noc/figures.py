"""Figures of one run of the network: load, latency, hops, links."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.golden.mesh.routes import Routes, expect, zero_load_latency
from trispike.models.mesh.topology import MeshShape, Port, node_name
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc.fairness import Fairness
from trispike.sim.noc.judge import Judged, judge
from trispike.sim.noc.run import NEVER, TrafficRun, run_of
from trispike.sim.noc.setting import Setting
from trispike.sim.noc.steadiness import Steadiness
from trispike.sim.report.mismatch import Mismatch, MismatchFound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Latency:
    """Cycles, over the flits that were offered in the window of a run and came.

    All are None if no flit was delivered.
    """

    mean: float | None
    median: float | None
    percentile_99: float | None
    longest: int | None

    @classmethod
    def of(cls, cycles: np.ndarray) -> "Latency":
        """Of the latencies ``cycles``, shape (n,)."""
        if not len(cycles):
            return cls(mean=None, median=None, percentile_99=None, longest=None)
        return cls(
            mean=float(cycles.mean()),
            median=float(np.percentile(cycles, 50)),
            percentile_99=float(np.percentile(cycles, 99)),
            longest=int(cycles.max()),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One mesh under one traffic. Loads are in flits per node and cycle.

    - ``mesh``, ``router``, ``dead_links``, ``pattern``: by name.
    - ``rate``, ``bursts``, ``multicast``, ``stalls``, ``seed``: as given.
    - ``cycles``, ``warmup``: flits were offered for so many cycles, and are counted from the cycle
      ``warmup`` on: the window.
    - ``flits``, ``drops``, ``waiting``: of the whole run, flits that nodes were given, that were
      dropped, and that were still waiting to enter when the offers ended.
    - ``copies``: how many of ``flits`` were copies of multicasts. All other figures but those of
      links, and ``bound``, count a multicast once, at its destination.
    - ``offered``, ``accepted``: flits offered, and given to their destinations, in the window.
    - ``saturation``: accepted load of the same traffic when all nodes send all they can, see
      `sim.noc.overload`; None where that was not measured.
    - ``steadiness``: whether the figures are those of a steady state.
    - ``fairness``: what was delivered of each source.
    - ``came``: part of the flits offered in the window that their destinations were given, in it or
      later. All means of flits are of these. None if none was offered. It, ``steadiness`` and
      ``fairness`` are None in a record of before they were measured.
    - ``latency``, ``network_latency``: from the cycle in which a flit was offered, and from the one
      in which the mesh took it, until its destination took it.
    - ``zero_load``: the mean of ``network_latency`` if no flit met another: hops + 1.
    - ``hops``: mean number of links that a flit passed.
    - ``links``: flits per cycle of each link between routers, in the window, by the node and the
      port that it begins at: ``0.1.2 east``.
    - ``mean_link``, ``busiest_link``: their mean, and that of the busiest one.
    - ``busiest``: which that is; None without links.
    - ``bound``: beyond this load not all of this traffic can be accepted: some link, or some node's
      port, would have to carry more than a flit in a cycle.
    - ``longest_wait``: most cycles in which a node that had a flit to send could send none, also
      those until the offers ended.
    - ``run_cycles``, ``seconds``: length of the whole run until everything had come, and how long
      it took to simulate.
    """

    mesh: str
    router: str
    dead_links: tuple[str, ...] = ()
    pattern: str
    rate: float
    bursts: float
    multicast: float = 0.0
    stalls: float
    seed: int
    cycles: int
    warmup: int
    flits: int
    copies: int = 0
    drops: int
    waiting: int
    offered: float
    accepted: float
    saturation: float | None = None
    steadiness: Steadiness | None = None
    fairness: Fairness | None = None
    came: float | None = None
    latency: Latency
    network_latency: Latency
    zero_load: float | None
    hops: float | None
    links: dict[str, float]
    mean_link: float
    busiest_link: float
    busiest: str | None
    bound: float
    longest_wait: int
    run_cycles: int
    seconds: float

    @property
    def saturated(self) -> bool:
        """The mesh does not accept what it is offered."""
        return self.accepted < 0.95 * self.offered

    @property
    def steady(self) -> bool:
        """The run had a steady state; where that was not measured: it is not saturated."""
        return not self.saturated if self.steadiness is None else self.steadiness.steady


def measure(
    setting: Setting,
    executable: Path,
    folder: Path,
    *,
    waves: range = range(0),
    keep: Callable[[TrafficRun], None] = lambda done: None,
    show: Callable[[Judged], None] = lambda judged: None,
    explain: Callable[[Mismatch, TrafficRun], str] = lambda first, done: "",
    progress: Callable[[int, int, int], None] = lambda phase, done, total: None,
) -> Point:
    """Run ``setting`` and count. `MismatchFound` if RTL and golden model differ.

    - ``executable``: `sim.noc.run.program`'s for its mesh.
    - ``folder``: where the files of the run go.
    - ``waves``, ``progress``: see `sim.noc.run.run`.
    - ``keep``: called with the run before it is compared.
    - ``show``: called with what was found to be right.
    - ``explain``: says where the first difference is to be seen.
    """
    done = run_of(setting, executable, folder, waves=waves, progress=progress)
    keep(done)
    try:
        judged = judge(done, setting.routes)
    except MismatchFound as found:
        raise MismatchFound(found.mismatch, explain(found.mismatch, done)) from None
    show(judged)
    return point(judged, setting)


def point(judged: Judged, setting: Setting) -> Point:
    """The figures of a run of ``setting`` that was found to be right."""
    warmup = setting.warmup
    done = judged.run
    traffic = done.traffic
    mesh, end = traffic.mesh, traffic.cycles
    window = range(warmup, end)
    size = mesh.nodes * len(window)
    arrived = ~judged.copies
    which, times = judged.which[arrived], done.times[arrived]
    offered = traffic.times[which]
    counted = offered >= warmup
    hops = judged.hops[arrived][counted]
    offers = _by_source(traffic, traffic.times >= warmup)
    delivered = _by_source(traffic, which[(times >= warmup) & (times < end)])
    links = {
        f"{node_name(mesh.node(node))} {Port(port).name.lower()}": float(count) / len(window)
        for (node, port), count in np.ndenumerate(done.window_links)
        if port != Port.LOCAL and Port(port) in mesh.ports(mesh.node(node))
    }
    busiest = max(links, key=links.get, default=None)
    return Point(
        **setting.names(),
        flits=len(done.flits),
        copies=int(judged.copies.sum()),
        drops=int(judged.expected.drops.sum()),
        waiting=int((done.taken == NEVER).sum()),
        offered=float(offers.sum() / size),
        accepted=float(delivered.sum() / size),
        steadiness=Steadiness.of(
            int(offers.sum()),
            int(delivered.sum()),
            waits=(traffic.times, np.where(done.taken == NEVER, end, done.taken)),
            window=window,
            nodes=mesh.nodes,
        ),
        fairness=Fairness.of(mesh, offers, delivered, len(window)),
        came=float(counted.sum() / offers.sum()) if offers.sum() else None,
        latency=Latency.of((times - offered)[counted]),
        network_latency=Latency.of((times - done.taken[which])[counted]),
        zero_load=float(zero_load_latency(hops).mean()) if len(hops) else None,
        hops=float(hops.mean()) if len(hops) else None,
        links=links,
        mean_link=sum(links.values()) / max(1, len(links)),
        busiest_link=max(links.values(), default=0.0),
        busiest=busiest,
        bound=bound(traffic, setting.routes),
        longest_wait=longest_wait(traffic, done.taken),
        run_cycles=done.cycles,
        seconds=done.seconds,
    )


def _by_source(traffic: Traffic, chosen: np.ndarray) -> np.ndarray:
    """How many of the ``chosen`` flits each node sent, int64 of shape (nodes,)."""
    return np.bincount(traffic.sources[chosen], minlength=traffic.mesh.nodes)


def bound(traffic: Traffic, routes: Routes) -> float:
    """Load at which the busiest link or port carries a flit every cycle, for such ``traffic``."""
    busiest = expect(routes, traffic.sources, traffic.flits).links.max(initial=0)
    return min(1.0, len(traffic.flits) / traffic.mesh.nodes / busiest) if busiest else 1.0


def bisection_bound(mesh: MeshShape) -> float:
    """Most load of uniform traffic that fits through the cut across the longest side of ``mesh``.

    With a side of k nodes the cut of floor(k/2) from the others passes that share of all flits
    times ceil(k/2)/k each way, over nodes/k links.
    """
    side = max(mesh.sides)
    low = side // 2
    return min(1.0, side / (low * (side - low))) if low else 1.0


def longest_wait(traffic: Traffic, taken: np.ndarray) -> int:
    """Most cycles that a node waited from one flit to the next while it had one to send."""
    longest = 0
    for node in np.unique(traffic.sources):
        mine = traffic.sources == node
        due, entered = traffic.times[mine], taken[mine]
        still = np.flatnonzero(entered == NEVER)
        if len(still):  # the first of them has waited until now, the others for it
            due, entered = due[: still[0] + 1], entered[: still[0] + 1]
            entered[-1] = traffic.cycles
        due[1:] = np.maximum(due[1:], entered[:-1] + 1)
        longest = max(longest, int((entered - due).max()))
    return longest
