"""Whether a mesh did with its flits what the golden model says."""

import collections
import dataclasses
import itertools
from typing import NoReturn

import numpy as np

from trispike.golden.mesh.routes import MAX_DROPPED, Expectation, Routes, expect
from trispike.models.mesh import flits
from trispike.models.mesh.flits import FlitType
from trispike.models.mesh.topology import MeshShape, Port
from trispike.sim.noc.run import NEVER, TrafficRun
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.tools.simulator import SimulationError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """A run that was found to be right.

    - ``expected``: what the golden model says of the flits that the mesh took.
    - ``which``: int64, shape (m,): index in the traffic of each flit that a node got.
    - ``hops``: int64, shape (m,): links that it passed.
    - ``copies``: bool, shape (m,): it was a copy of a multicast for another node.
    """

    run: TrafficRun
    expected: Expectation
    which: np.ndarray
    hops: np.ndarray
    copies: np.ndarray


def judge(run: TrafficRun, routes: Routes) -> Judged:
    """Compare ``run`` with the golden model: `MismatchFound` names the first difference.

    Everything that the mesh has taken must have come where it should, once, unaltered and in order,
    over the links of its path; what had to be dropped must have been dropped and counted. Of a
    multicast each node on its way must have got one copy.
    """
    traffic, mesh = run.traffic, routes.mesh
    entered = np.flatnonzero(run.taken != NEVER)
    sources, sent = traffic.sources[entered], traffic.flits[entered]
    cycles = run.taken[entered], run.times
    expected = expect(routes, sources, sent)
    places = match(mesh, expected, (sources, sent), (run.receivers, run.flits), cycles)
    which = entered[expected.flits[places]]
    early = np.flatnonzero(run.times <= run.taken[which])
    if len(early):
        raise SimulationError("a flit came before it was sent: the harness is at fault")
    compare_links(mesh, expected.links, run.links)
    drops = np.minimum(expected.drops.sum(axis=1), MAX_DROPPED)
    for node in np.flatnonzero(run.dropped != drops).tolist():
        _differ("dropped flits", _name(mesh, node), drops[node], run.dropped[node])
    ports = (expected.drops > 0) @ (1 << np.arange(len(Port)))
    for node in np.flatnonzero(run.dropped_ports != ports).tolist():
        got = f"{run.dropped_ports[node]:#x}"
        _differ("dropped_ports", _name(mesh, node), f"{ports[node]:#x}", got)
    nodes = np.array(list(mesh.every()))
    copies = (flits.destinations(run.flits) != nodes[run.receivers]).any(axis=1)
    return Judged(
        run=run, expected=expected, which=which, hops=expected.hops[places], copies=copies
    )


def compare_links(mesh: MeshShape, expected: np.ndarray, links: np.ndarray) -> None:
    """Compare the flits that left each router by each port with those that had to.

    Both are int64 of shape (nodes, 7), by number and `Port`. `MismatchFound` names the first node
    and port that differ.
    """
    for node, port in np.argwhere(links != expected).tolist():
        what = f"flits that left by {Port(port).name}"
        _differ(what, _name(mesh, node), expected[node, port], links[node, port])


def match(
    mesh: MeshShape,
    expected: Expectation,
    sent: tuple[np.ndarray, np.ndarray],
    came: tuple[np.ndarray, np.ndarray],
    cycles: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Which of the ``expected`` flits and copies each flit is that came.

    - ``expected``: what has to become of the flits ``sent``.
    - ``sent``: node numbers and flits, shape (n,), the flits of a node in the order in which the
      mesh took them.
    - ``came``: node numbers and flits, shape (m,), the flits of a node in the order in which they
      came.
    - ``cycles``: in which the mesh took those and gave these, int64 (n,) and (m,), if known.

    Returns int64, shape (m,): index into what is ``expected``. `MismatchFound` if a flit or a copy
    was lost, altered, delivered twice or elsewhere, if two flits of a source and a type changed
    places on their way to a node, or if another flit came between those of a transaction; with
    ``cycles`` it is the earliest such difference.
    """
    sources, wanted = (each[expected.flits] for each in sent)
    receivers, received = came
    origins = origins_of(mesh, receivers, received, cycles and cycles[1])
    due = _flows(expected.receivers, sources, wanted)
    got = _flows(receivers, origins, received)
    cycles = cycles and (cycles[0][expected.flits], cycles[1])
    indices = np.empty(len(received), dtype=np.int64)
    wrong = []
    for flow in sorted(due.keys() | got.keys()):
        numbers, places = due[flow], got[flow]
        if wanted[numbers].tolist() != received[places].tolist():
            wrong.append(_difference(mesh, flow, (wanted, numbers), (received, places), cycles))
        else:
            indices[places] = numbers
    if wrong:
        raise MismatchFound(min(wrong, key=lambda each: each.cycle or 0))
    return indices


def _flows(
    receivers: np.ndarray, sources: np.ndarray, each: np.ndarray
) -> dict[tuple[int, int, int], list[int]]:
    """Indices of ``each`` flit by receiver, source and type, in their order; shape (n,) all."""
    flows = collections.defaultdict(list)
    kinds = flits.SPIKE["type"].get(each)
    for k, flow in enumerate(
        zip(receivers.tolist(), sources.tolist(), kinds.tolist(), strict=True)
    ):
        flows[flow].append(k)
    return flows


def origins_of(
    mesh: MeshShape,
    receivers: np.ndarray,
    received: np.ndarray,
    times: np.ndarray | None = None,
) -> np.ndarray:
    """Node numbers that the flits ``received`` say they come from.

    A spike flit names its source, a memory flit's is named by the first of its transaction.
    ``receivers`` are the node numbers, shape (n,), that were given ``received``, shape (n,), those
    of a node in order, in the cycles ``times``, if known; returns int64, shape (n,).
    """
    open_packets = {}  # by receiver: the node that its transaction comes from
    origins = []
    for k, (receiver, flit) in enumerate(zip(receivers.tolist(), received.tolist(), strict=True)):
        memory = flits.SPIKE["type"].get(flit) == FlitType.MEMORY
        if receiver not in open_packets:
            names = flits.HEAD if memory else flits.SPIKE
            named = (names[f"source_{axis}"].get(flit) for axis in "xyz")
            open_packets[receiver] = mesh.number(
                tuple(min(at, side - 1) for at, side in zip(named, mesh.sides, strict=True))
            )
        elif not memory:
            what = "flit between those of a transaction"
            cycle = None if times is None else int(times[k])
            _differ(what, _name(mesh, receiver), "none", flits.text(flit), cycle)
        origins.append(open_packets[receiver])
        if flits.ends_packet(flit):
            del open_packets[receiver]
    return np.array(origins, dtype=np.int64)


def _difference(
    mesh: MeshShape,
    flow: tuple[int, int, int],
    due: tuple[np.ndarray, list[int]],
    came: tuple[np.ndarray, list[int]],
    cycles: tuple[np.ndarray, np.ndarray] | None,
) -> Mismatch:
    """The first difference of the flits of ``flow``: receiver, source and type.

    ``due`` and ``came`` are flits, and indices of those of this flow. The cycle is that in which
    the wrong flit came; of one that never came, that in which the mesh took it.
    """
    pairs = itertools.zip_longest(due[1], came[1])
    wanted, got = next(
        (k, n) for k, n in pairs if k is None or n is None or due[0][k] != came[0][n]
    )
    cycle = None
    if cycles is not None:
        cycle = int(cycles[0][wanted] if got is None else cycles[1][got])
    texts = [
        "no more" if k is None else flits.text(int(each[k]))
        for each, k in ((due[0], wanted), (came[0], got))
    ]
    where = f"{_name(mesh, flow[1])} to {_name(mesh, flow[0])}"
    return Mismatch(what="flit", where=where, cycle=cycle, expected=texts[0], got=texts[1])


def _name(mesh: MeshShape, number: int) -> str:
    return f"node {'.'.join(map(str, mesh.node(int(number))))}"


def _differ(
    what: str, where: str, expected: object, got: object, cycle: int | None = None
) -> NoReturn:
    values = {"expected": str(expected), "got": str(got)}
    raise MismatchFound(Mismatch(what=what, where=where, cycle=cycle, **values))
