"""Whether a mesh did with its flits what the golden model says."""

import dataclasses
from typing import NoReturn

import numpy as np

from trispike.golden.mesh.routes import DROPPED, MAX_DROPPED, Expectation, Routes, expect
from trispike.models.mesh import flits
from trispike.models.mesh.flits import FlitType
from trispike.models.mesh.topology import MeshShape, Port
from trispike.sim.noc.run import NEVER, Run
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.tools.simulator import SimulationError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """A run that was found to be right.

    Parameters
    ----------
    run
        The run.
    expected
        What the golden model says of the flits that the mesh took.
    which
        int64, shape (m,): index in the traffic of each flit that a node got.
    """

    run: Run
    expected: Expectation
    which: np.ndarray


def judge(run: Run, routes: Routes) -> Judged:
    """Compare ``run`` with the golden model: `MismatchFound` names the first difference.

    Everything that the mesh has taken must have come where it should, once, unaltered and in order,
    over the links of its path; what had to be dropped must have been dropped and counted.
    """
    traffic, mesh = run.traffic, routes.mesh
    entered = np.flatnonzero(run.taken != NEVER)
    sources, sent = traffic.sources[entered], traffic.flits[entered]
    which = entered[match(routes, sources, sent, run.receivers, run.flits)]
    early = np.flatnonzero(run.times <= run.taken[which])
    if len(early):
        raise SimulationError("a flit came before it was sent: the harness is at fault")
    expected = expect(routes, sources, sent)
    compare_links(mesh, expected.links, run.links)
    drops = np.minimum(expected.drops.sum(axis=1), MAX_DROPPED)
    for node in np.flatnonzero(run.dropped != drops).tolist():
        _differ("dropped flits", _name(mesh, node), drops[node], run.dropped[node])
    ports = (expected.drops > 0) @ (1 << np.arange(len(Port)))
    for node in np.flatnonzero(run.dropped_ports != ports).tolist():
        got = f"{run.dropped_ports[node]:#x}"
        _differ("dropped_ports", _name(mesh, node), f"{ports[node]:#x}", got)
    return Judged(run=run, expected=expected, which=which)


def compare_links(mesh: MeshShape, expected: np.ndarray, links: np.ndarray) -> None:
    """Compare the flits that left each router by each port with those that had to.

    Both are int64 of shape (nodes, 7), by number and `Port`. `MismatchFound` names the first node
    and port that differ.
    """
    for node, port in np.argwhere(links != expected).tolist():
        what = f"flits that left by {Port(port).name}"
        _differ(what, _name(mesh, node), expected[node, port], links[node, port])


def match(
    routes: Routes,
    sources: np.ndarray,
    sent: np.ndarray,
    receivers: np.ndarray,
    received: np.ndarray,
) -> np.ndarray:
    """Which of the flits ``sent`` each of the flits ``received`` is.

    Parameters
    ----------
    routes
        The mesh and its paths.
    sources, sent
        Node numbers and flits, shape (n,), the flits of a node in the order in which the mesh took
        them.
    receivers, received
        Node numbers and flits, shape (m,), the flits of a node in the order in which they came.

    Returns
    -------
    ndarray
        int64, shape (m,): index into ``sent``.

    `MismatchFound` if a flit was lost, altered, delivered twice or elsewhere, if two flits of a
    source and a type changed places on their way to a node, or if another flit came between those
    of a transaction.
    """
    expected = expect(routes, sources, sent).receivers
    due = np.flatnonzero(expected != DROPPED)
    origins = origins_of(routes.mesh, receivers, received)
    is_memory = flits.SPIKE["type"]
    wanted = _flows(routes.mesh, expected[due], sources[due], is_memory.get(sent[due]))
    got = _flows(routes.mesh, receivers, origins, is_memory.get(received))
    wanted_order, got_order = (np.argsort(flow, kind="stable") for flow in (wanted, got))
    _compare(
        routes.mesh,
        list(zip(wanted[wanted_order].tolist(), sent[due][wanted_order].tolist(), strict=True)),
        list(zip(got[got_order].tolist(), received[got_order].tolist(), strict=True)),
    )
    found = np.empty(len(received), dtype=np.int64)
    found[got_order] = due[wanted_order]
    return found


def origins_of(mesh: MeshShape, receivers: np.ndarray, received: np.ndarray) -> np.ndarray:
    """Node numbers that the flits ``received`` say they come from.

    A spike flit names its source, a memory flit's is named by the first of its transaction.
    ``receivers`` are the node numbers, shape (n,), that were given ``received``, shape (n,), those
    of a node in order; returns int64, shape (n,).
    """
    order = np.argsort(receivers, kind="stable")
    node, flit = receivers[order], received[order].astype(np.int64)
    begins = np.ones(len(flit), dtype=bool)
    begins[1:] = flits.ends_packet(flit[:-1]) | (node[1:] != node[:-1])
    memory = flits.SPIKE["type"].get(flit) == FlitType.MEMORY
    for k in np.flatnonzero(~begins & ~memory).tolist():
        what = "flit between those of a transaction"
        _differ(what, _name(mesh, node[k]), "none", flits.text(int(flit[k])))
    number = np.zeros(len(flit), dtype=np.int64)
    weight = 1
    for axis, side in zip("xyz", mesh.sides, strict=True):
        name = f"source_{axis}"
        at = np.where(memory, flits.HEAD[name].get(flit), flits.SPIKE[name].get(flit))
        number += weight * np.minimum(at, side - 1)
        weight *= side
    first = np.maximum.accumulate(np.where(begins, np.arange(len(flit)), 0))
    origins = np.empty(len(flit), dtype=np.int64)
    origins[order] = number[first]
    return origins


def _flows(mesh: MeshShape, to: np.ndarray, source: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """A number for each receiver, source and type of flit, within which order must be kept."""
    return (to * mesh.nodes + source) * len(FlitType) + kind


def _compare(mesh: MeshShape, wanted: list[tuple[int, int]], got: list[tuple[int, int]]) -> None:
    """Compare pairs of flow and flit, sorted by flow: the first that differ, by the lower flow."""
    if wanted == got:
        return
    same = (want == have for want, have in zip(wanted, got, strict=False))
    k = next((k for k, equal in enumerate(same) if not equal), min(len(wanted), len(got)))
    want, have = (pairs[k] if k < len(pairs) else None for pairs in (wanted, got))
    flow = min(pair[0] for pair in (want, have) if pair)
    to, source = divmod(flow // len(FlitType), mesh.nodes)
    texts = [
        flits.text(pair[1]) if pair and pair[0] == flow else "no more" for pair in (want, have)
    ]
    _differ("flit", f"{_name(mesh, source)} to {_name(mesh, to)}", *texts)


def _name(mesh: MeshShape, number: int) -> str:
    return f"node {'.'.join(map(str, mesh.node(int(number))))}"


def _differ(what: str, where: str, expected: object, got: object) -> NoReturn:
    raise MismatchFound(Mismatch(what=what, where=where, expected=str(expected), got=str(got)))
