"""What the judge of a mesh says of runs that were made up, without a mesh."""

import dataclasses

import numpy as np
import pytest

from trispike.golden.mesh.routes import Routes, expect
from trispike.models.mesh import flits
from trispike.models.mesh.topology import DeadLink, MeshShape, Port
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc.judge import Judged, judge, match, origins_of
from trispike.sim.noc.run import NEVER, TrafficRun
from trispike.sim.report.mismatch import MismatchFound
from trispike.sim.tools.simulator import SimulationError

ROW = MeshShape(x=3, y=1, z=2)
ROUTES = Routes(mesh=ROW, dead_links=(DeadLink(x=2, y=0, z=0),))


BETWEEN, FLIT = "node 1.0.0 to node 2.0.0", "spike 1.0.0 -> 2.0.0 step 0"


def _flit(source, to, neuron):
    x, y, z = ROW.node(source)
    named = {"source_x": x, "source_y": y, "source_z": z}
    return flits.pack(flits.SPIKE, x=to[0], y=to[1], z=to[2], **named, neuron=neuron)


def _run() -> TrafficRun:
    """Six flits: two come by 1.0.0, three are dropped at 2.0.0, one is never taken."""
    asked = [
        (0, (2, 0, 0), 4),
        (0, (2, 0, 1), 5),  # the link from 2.0.0 is dead
        (0, (2, 0, 1), 6),
        (1, (3, 0, 0), 7),  # there is no such node
        (1, (2, 0, 0), 8),
        (2, (0, 0, 0), 9),
    ]
    sent = np.array([_flit(*each) for each in asked], dtype=np.uint32)
    sources = np.array([source for source, _, _ in asked])
    links = np.zeros((6, 7), dtype=np.int64)
    links[0, Port.EAST], links[1, Port.EAST], links[2, Port.LOCAL] = 3, 5, 2
    dropped, ports = np.zeros((2, 6), dtype=np.int64)
    dropped[2], ports[2] = 3, 1 << Port.UP | 1 << Port.EAST
    return TrafficRun(
        traffic=Traffic(mesh=ROW, cycles=9, sources=sources, times=np.arange(6), flits=sent),
        cycles=20,
        seconds=0.0,
        taken=np.array([3, 4, 5, 6, 7, NEVER]),
        links=links,
        window_links=links,
        dropped=dropped,
        dropped_ports=ports,
        receivers=np.array([2, 2]),
        times=np.array([11, 10]),
        flits=sent[[0, 4]],
    )


def test_right():
    """What came is told apart by its place in the traffic."""
    found = judge(_run(), ROUTES)
    assert isinstance(found, Judged)
    assert found.which.tolist() == [0, 4]
    assert found.expected.drops[2].tolist() == [0, 1, 0, 0, 0, 2, 0]


def _told(**fields) -> str:
    with pytest.raises(MismatchFound) as found:
        judge(dataclasses.replace(_run(), **fields), ROUTES)
    return str(found.value)


def _but(name, at, value):
    changed = getattr(_run(), name).copy()
    changed[at] = value
    return {name: changed}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (_but("dropped", 2, 2), "dropped flits: node 2.0.0: expected 3, got 2"),
        (_but("dropped", 4, 1), "dropped flits: node 1.0.1: expected 0, got 1"),
        (_but("dropped_ports", 2, 0x20), "dropped_ports: node 2.0.0: expected 0x22, got 0x20"),
        (_but("dropped_ports", 0, 0x2), "dropped_ports: node 0.0.0: expected 0x0, got 0x2"),
        (
            _but("links", (1, Port.EAST), 4),
            "flits that left by EAST: node 1.0.0: expected 5, got 4",
        ),
        (
            _but("flits", 1, _flit(1, (2, 0, 0), 3)),
            f"flit: {BETWEEN}, cycle 10: expected {FLIT} neuron 8, got {FLIT} neuron 3",
        ),
        (
            {"receivers": np.array([2]), "times": np.array([11]), "flits": _run().flits[:1]},
            f"flit: {BETWEEN}, cycle 7: expected {FLIT} neuron 8, got no more",
        ),
    ],
)
def test_wrong(fields, told):
    """In one line: what, where, when, what it should be."""
    assert _told(**fields) == told


def test_too_many_drops_are_not_counted():
    """A router's count stays at 65,535."""
    run = _run()
    many = 65_540
    sent = np.repeat(run.traffic.flits[1], many)
    traffic = Traffic(
        mesh=ROW, cycles=1, sources=np.zeros(many, int), times=np.arange(many), flits=sent
    )
    links = np.zeros((6, 7), dtype=np.int64)
    links[0, Port.EAST] = links[1, Port.EAST] = many
    nothing = np.zeros(0, dtype=np.int64)
    run = dataclasses.replace(
        run,
        traffic=traffic,
        taken=np.arange(many),
        links=links,
        dropped=np.array([0, 0, 65_535, 0, 0, 0]),
        dropped_ports=np.array([0, 0, 1 << Port.UP, 0, 0, 0]),
        receivers=nothing,
        times=nothing,
        flits=nothing.astype(np.uint32),
    )
    assert judge(run, ROUTES).which.tolist() == []


def _copied(**fields) -> TrafficRun:
    """Two multicasts of node 0.0.0 to 2.0.1 and a flit to 1.0.0 between them; no link is dead."""
    to = (2, 0, 1), (1, 0, 0), (2, 0, 1)
    sent = [_flit(0, each, k) | flits.SPIKE["to_host"].put(k != 1) for k, each in enumerate(to)]
    sent = np.array(sent, dtype=np.uint32)
    links, nothing = np.zeros((6, 7), dtype=np.int64), np.zeros(6, dtype=np.int64)
    links[0, Port.EAST] = links[1, Port.LOCAL] = 3
    links[1, Port.EAST] = links[2, Port.LOCAL] = links[2, Port.UP] = links[5, Port.LOCAL] = 2
    came = {"receivers": [1, 1, 2, 5, 1, 2, 5], "times": [*range(11, 18)]}
    run = TrafficRun(
        traffic=Traffic(
            mesh=ROW, cycles=9, sources=np.zeros(3, dtype=int), times=np.arange(3), flits=sent
        ),
        cycles=20,
        seconds=0.0,
        taken=np.array([3, 4, 5]),
        links=links,
        window_links=links,
        dropped=nothing,
        dropped_ports=nothing,
        **{name: np.array(each) for name, each in came.items()},
        flits=sent[[0, 1, 0, 0, 2, 2, 2]],
    )
    return dataclasses.replace(run, **fields)


def test_copies():
    """Each is told apart from what comes to its destination, with its own hops."""
    found = judge(_copied(), Routes(mesh=ROW))
    assert found.which.tolist() == [0, 1, 0, 0, 2, 2, 2]
    assert found.hops.tolist() == [1, 1, 2, 3, 1, 2, 3]
    assert found.copies.tolist() == [True, False, True, False, True, True, False]


def _came(change) -> dict[str, np.ndarray]:
    """What came of `_copied`, each a receiver, a cycle and the index of a flit, after a change."""
    run = _copied()
    came = list(zip(run.receivers.tolist(), run.times.tolist(), [0, 1, 0, 0, 2, 2, 2], strict=True))
    change(came)
    receivers, times, which = (np.array(each) for each in zip(*came, strict=True))
    return {"receivers": receivers, "times": times, "flits": run.traffic.flits[which]}


def _swap(came):
    came[0], came[1] = (1, 11, 1), (1, 12, 0)


FIRST, BETWEEN_THEM, SECOND = (
    "spike 0.0.0 ->> 2.0.1 step 0 neuron 0",
    "spike 0.0.0 -> 1.0.0 step 0 neuron 1",
    "spike 0.0.0 ->> 2.0.1 step 0 neuron 2",
)


@pytest.mark.parametrize(
    ("change", "where", "cycle", "expected", "got"),
    [
        (lambda came: came.pop(5), "2.0.0", 5, SECOND, "no more"),
        (lambda came: came.insert(3, (2, 14, 0)), "2.0.0", 14, SECOND, FIRST),
        (lambda came: came.append((4, 19, 2)), "1.0.1", 19, "no more", SECOND),
        (_swap, "1.0.0", 11, FIRST, BETWEEN_THEM),
        (lambda came: came.pop(6), "2.0.1", 5, SECOND, "no more"),
    ],
    ids=["lost", "twice", "off the way", "order", "all but the destination"],
)
def test_wrong_copies(change, where, cycle, expected, got):
    """In one line: for whom the copy was, when, what it should be."""
    with pytest.raises(MismatchFound) as found:
        judge(_copied(**_came(change)), Routes(mesh=ROW))
    told = f"node 0.0.0 to node {where}, cycle {cycle}: expected {expected}, got {got}"
    assert str(found.value) == f"flit: {told}"


@pytest.mark.parametrize("cycle", [2, 3])
def test_before_it_was_sent(cycle):
    """It is the harness's fault, even in the same cycle."""
    early = dataclasses.replace(_run(), times=np.array([cycle, 10]))
    with pytest.raises(SimulationError, match="came before it was sent"):
        judge(early, ROUTES)
    judge(dataclasses.replace(_run(), times=np.array([4, 10])), ROUTES)


def test_without_cycles():
    """None is told."""
    run = _run()
    sources, sent = run.traffic.sources[:5], run.traffic.flits[:5]
    expected = expect(ROUTES, sources, sent)
    came = run.receivers, run.flits
    assert expected.flits[match(ROW, expected, (sources, sent), came)].tolist() == [0, 4]
    with pytest.raises(MismatchFound, match=r"^flit: node 0\.0\.0 to node 2\.0\.0: expected"):
        match(ROW, expected, (sources, sent), tuple(each[1:] for each in came))


def test_names_out_of_the_mesh():
    """A flit that names a source that there is not counts as of the nearest node."""
    wrong = np.array([flits.pack(flits.SPIKE, source_x=7, source_z=1)], dtype=np.uint32)
    assert origins_of(ROW, np.array([0]), wrong).tolist() == [5]
