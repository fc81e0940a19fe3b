"""The mesh under traffic: the Verilated RTL against the golden model, flit for flit."""

import dataclasses
import json
import re

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike
from trispike.golden.mesh.routes import Routes, expect, zero_load_latency
from trispike.models.errors import BadInput
from trispike.models.mesh import flits
from trispike.models.mesh.flits import Access, Command, FlitType
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, RouterShape, Routing
from trispike.models.mesh.traffic import Pattern, Traffic, generate
from trispike.rtl.noc import flit as rtl_flit
from trispike.sim.noc.figures import bisection_bound, bound, measure
from trispike.sim.noc.judge import compare_links, judge, match
from trispike.sim.noc.run import NEVER, program, run
from trispike.sim.noc.setting import Setting, check_routes
from trispike.sim.report.mismatch import MismatchFound

SMALL = MeshShape(x=3, y=2, z=4)
CUBE = MeshShape(x=3, y=3, z=3)
DETOUR = RouterShape(routing=Routing.DETOUR, dead_links=1)


@pytest.fixture(scope="module")
def small():
    return program(SMALL, RouterShape(), optimise=False)


@pytest.fixture(scope="module")
def cube():
    return program(CUBE, DETOUR, optimise=False)


def _traffic(mesh, sources, targets, *, every=1, multicast=0):
    """Spike flits of the nodes ``sources``, one after the other, each from cycle k * every on.

    ``multicast``: whether each is one, if it can be.
    """
    here = np.array([mesh.node(k) for k in sources])
    there = np.array(targets)
    values = {axis: there[:, k] for k, axis in enumerate("xyz")}
    values |= {f"source_{axis}": here[:, k] for k, axis in enumerate("xyz")}
    numbers = np.arange(len(sources))
    values["to_host"] = multicast & there.any(axis=1)
    sent = flits.pack(flits.SPIKE, **values, neuron=numbers & 0xFF, step=numbers >> 8 & 3)
    order = np.argsort(sources, kind="stable")
    return Traffic(
        mesh=mesh,
        cycles=every * len(sources),
        sources=np.asarray(sources)[order],
        times=(numbers * every)[order],
        flits=sent.astype(np.uint32)[order],
    )


@pytest.mark.xdist_group("noc-small")
@pytest.mark.parametrize("pattern", Pattern, ids=lambda pattern: pattern.value)
def test_every_flit(small, tmp_path, pattern):
    """Half the load that fits and all that there is, packets of many lengths, nodes that stall.

    Without multicasts, and with some among the packets.
    """
    routes = Routes(mesh=SMALL)
    for rate, ready, multicast in ((0.3, 1.0, 0.0), (1.0, 0.6, 0.0), (1.0, 0.6, 0.5)):
        options = {"seed": 5, "bursts": 0.25, "multicast": multicast}
        traffic = generate(SMALL, pattern, rate, cycles=1500, **options)
        done = run(small, traffic, tmp_path, ready=ready, seed=2)
        judged = judge(done, routes)
        which = judged.which[~judged.copies]
        assert len(which) == (done.taken != NEVER).sum() > 2000
        assert not done.dropped.any()
        assert len(set(which.tolist())) == len(which)
        assert (judged.copies.sum() > 300) == (multicast > 0)
        assert flits.is_multicast(done.flits[judged.copies]).all()


@pytest.mark.xdist_group("noc-small")
def test_saturated_and_drained(small, tmp_path):
    """No node waits for ever while all send all they can, and what was taken comes."""
    traffic = generate(SMALL, Pattern.UNIFORM, 1.0, cycles=8000, seed=1, bursts=0.3)
    told = []
    done = run(small, traffic, tmp_path, ready=0.8, progress=lambda *each: told.append(each))
    assert told
    assert all(count <= total == traffic.cycles for _, count, total in told)
    judge(done, Routes(mesh=SMALL))
    assert done.cycles < traffic.cycles + 3000
    for node in range(SMALL.nodes):
        taken = done.taken[(traffic.sources == node) & (done.taken != NEVER)]
        assert (
            np.diff(taken).max() < 400
        )  # the slowest of them waited for 150 when this was written


@pytest.mark.xdist_group("noc-small")
@pytest.mark.parametrize(
    ("rate", "bursts", "cycles", "steady"),
    [(0.02, 0, 1000, True), (0.3, 0.2, 1000, True), (1.0, 0.5, 1000, False), (1.0, 1, 30, False)],
)
def test_uniform_traffic_starves_nobody(small, tmp_path, rate, bursts, cycles, steady):
    """At little load, at much, and at more than the mesh accepts, which no run has steady."""
    setting = Setting(
        mesh=SMALL,
        router=RouterShape(),
        pattern=Pattern.UNIFORM,
        rate=rate,
        bursts=bursts,
        cycles=cycles,
        warmup=cycles // 5,
    )
    point = measure(setting, small, tmp_path)
    assert not point.fairness.starved
    assert point.steadiness.steady == steady


@pytest.mark.xdist_group("noc-small")
def test_a_multicast_counts_once(small, tmp_path):
    """At its destination: the same flits with copies and without have the same loads and hops."""
    setting = Setting(
        mesh=SMALL,
        router=RouterShape(),
        pattern=Pattern.UNIFORM,
        rate=0.1,
        bursts=0.2,
        cycles=3000,
        warmup=600,
    )
    plain, some = (
        measure(dataclasses.replace(setting, multicast=share), small, tmp_path)
        for share in (0.0, 0.5)
    )
    assert plain.copies == 0
    assert some.copies > 500
    assert some.flits - some.copies == plain.flits
    for name in ("offered", "came", "hops", "zero_load"):
        assert getattr(some, name) == getattr(plain, name)
    assert some.came == 1
    assert some.accepted == pytest.approx(plain.accepted, rel=0.01)
    assert some.fairness.mean == pytest.approx(some.accepted)
    assert some.steady
    assert some.bound < plain.bound


@pytest.mark.thorough
@pytest.mark.xdist_group("noc-cube")
def test_zero_load_latency(cube, tmp_path):
    """Each of all pairs, alone in the mesh: hops + 1 cycles, of copies on the way as well."""
    pairs = [(a, b) for a in range(CUBE.nodes) for b in CUBE.every()]
    ends = [a for a, _ in pairs], [b for _, b in pairs]
    traffic = _traffic(CUBE, *ends, every=12)
    done = run(cube, traffic, tmp_path)
    judged = judge(done, Routes(mesh=CUBE, routing=Routing.DETOUR))
    latency = done.times - done.taken[judged.which]
    hops = [
        sum(abs(p - q) for p, q in zip(CUBE.node(source), destination, strict=True))
        for source, destination in zip(
            traffic.sources.tolist(), flits.destinations(traffic.flits).tolist(), strict=True
        )
    ]
    assert len(latency) == CUBE.nodes**2
    assert (latency == zero_load_latency(hops)[judged.which]).all()
    done = run(cube, _traffic(CUBE, *ends, every=12, multicast=1), tmp_path)
    judged = judge(done, Routes(mesh=CUBE, routing=Routing.DETOUR))
    leaves = flits.destinations(traffic.flits).any(axis=1)  # copies, unless it goes to 0.0.0
    assert judged.copies.sum() == np.maximum(0, np.array(hops) - 1)[leaves].sum()
    assert (done.times - done.taken[judged.which] == zero_load_latency(judged.hops)).all()


@pytest.mark.thorough
@pytest.mark.xdist_group("noc-cube")
def test_every_dead_link(cube, tmp_path):
    """With any one dead link all flits come over their detours, and none over the link."""
    for z in range(CUBE.z - 1):
        for y in range(CUBE.y):
            for x in range(CUBE.x):
                dead = (DeadLink(x=x, y=y, z=z),)
                routes = Routes(mesh=CUBE, routing=Routing.DETOUR, dead_links=dead)
                check_routes(routes)
                options = {"seed": z, "bursts": 0.2, "multicast": 0.3}
                traffic = generate(CUBE, Pattern.UNIFORM, 0.9, cycles=120, **options)
                done = run(cube, traffic, tmp_path, ready=0.7, dead_links=dead)
                judge(done, routes)
                assert done.links[CUBE.number((x, y, z)), Port.UP] == 0
                assert done.links[CUBE.number((x, y, z + 1)), Port.DOWN] == 0


@pytest.mark.thorough
@pytest.mark.xdist_group("noc-cube")
def test_nowhere(cube, tmp_path):
    """Flits for nodes that are not there vanish, are counted, and harm no other flit.

    Multicasts leave their copies before they do.
    """
    targets = [(x, y, z) for x in range(5) for y in range(5) for z in range(5)] * 3
    for multicast in (0, 1):
        sources = [k % CUBE.nodes for k in range(len(targets))]
        traffic = _traffic(CUBE, sources, targets, multicast=multicast)
        done = run(cube, traffic, tmp_path, ready=0.5)
        judged = judge(done, Routes(mesh=CUBE, routing=Routing.DETOUR))
        assert (~judged.copies).sum() == 3 * CUBE.nodes
        assert judged.copies.any() == multicast
        assert done.dropped.sum() == len(targets) - 3 * CUBE.nodes
        assert (done.dropped_ports != 0).any()


def test_hops_of_uniform_traffic():
    """BookSim2's 4x4x4 passes 4.75 routers in the mean, within a hundredth."""
    mesh = MeshShape(x=4, y=4, z=4)
    traffic = generate(mesh, Pattern.UNIFORM, 1.0, cycles=2000, seed=0)
    hops = expect(Routes(mesh=mesh), traffic.sources, traffic.flits).hops.mean()
    assert hops + 1 == pytest.approx(4.75, rel=0.01)


def test_bounds():
    """The cut of uniform traffic bounds it, and the busiest link comes near to that.

    Copies bound the port of a node that gets them.
    """
    assert [bisection_bound(MeshShape(x=k, y=k, z=k)) for k in (1, 2, 4, 8)] == [1, 1, 1, 0.5]
    assert bisection_bound(MeshShape(x=5, y=1, z=1)) == pytest.approx(5 / 6)
    mesh = MeshShape(x=8, y=2, z=1)
    traffic = generate(mesh, Pattern.UNIFORM, 1.0, cycles=5000, seed=0)
    assert bound(traffic, Routes(mesh=mesh)) == pytest.approx(bisection_bound(mesh), rel=0.03)
    row = MeshShape(x=3, y=1, z=1)
    ends = [0, 2], [(2, 0, 0), (1, 0, 0)]
    assert bound(_traffic(row, *ends), Routes(mesh=row)) == 2 / 3
    assert bound(_traffic(row, *ends, multicast=1), Routes(mesh=row)) == 2 / 3 / 2


def _sent(multicast=0.0):
    """Node numbers and flits that are sent, and what has to become of them."""
    traffic = generate(SMALL, Pattern.UNIFORM, 0.5, cycles=60, seed=3, multicast=multicast)
    sent = traffic.sources, traffic.flits
    return sent, expect(Routes(mesh=SMALL), *sent)


def _damaged(kind, copy):
    """What is expected, sent, and came after damage of one ``kind`` to a ``copy`` or another."""
    sent, expected = _sent(multicast=0.4)
    sources, flows = sent[0][expected.flits], np.zeros((SMALL.nodes, SMALL.nodes), dtype=int)
    np.add.at(flows, (sources, expected.receivers), 1)
    later = np.append(expected.flits[1:] == expected.flits[:-1], False)  # on to one more node
    several = flows[sources, expected.receivers] > 1
    at = np.flatnonzero((later == copy) & several)[7]
    receivers, received = expected.receivers.copy(), sent[1][expected.flits]
    if kind == "lost":
        receivers, received = np.delete(receivers, at), np.delete(received, at)
    elif kind == "twice":
        receivers, received = np.append(receivers, receivers[at]), np.append(received, received[at])
    elif kind == "altered":
        received[at] ^= 1 << 25
    elif kind == "elsewhere":
        receivers[at] = (receivers[at] + 1) % SMALL.nodes
    elif kind == "order":
        flow = (receivers == receivers[at]) & (sources == sources[at])
        other = next(k for k in np.flatnonzero(flow).tolist() if k != at)
        received[[at, other]] = received[[other, at]]
    return expected, sent, (receivers, received)


@pytest.mark.parametrize("copy", [False, True], ids=["flit", "copy"])
@pytest.mark.parametrize("kind", ["lost", "twice", "altered", "elsewhere", "order"])
def test_oracle_sees(kind, copy):
    """The oracle names what is wrong with a delivery."""
    with pytest.raises(
        MismatchFound, match=r"^flit: node \d\.\d\.\d to node \d\.\d\.\d: expected.*spike"
    ):
        match(SMALL, *_damaged(kind, copy))


@pytest.mark.parametrize("kind", ["lost", "altered", "twice"])
def test_oracle_sees_the_first(kind):
    """Of several differences the earliest is told: when it came, or was taken if it never came."""
    sent, expected = _sent()
    flows = expected.receivers * SMALL.nodes + sent[0]
    _, lasts = np.unique(flows[::-1], return_index=True)
    wrong = len(flows) - 1 - lasts[:9]  # the last flit of each of nine flows
    taken = np.random.default_rng(3).permutation(len(flows)) * 10
    kept, received, came = np.arange(len(flows)), sent[1].copy(), taken + 5
    when = came[wrong].min()
    if kind == "lost":
        kept, when = np.delete(kept, wrong), taken[wrong].min()
    elif kind == "altered":
        received[wrong] ^= 1 << 25
    else:
        kept, came = np.append(kept, wrong), np.append(came, came[wrong] + 1)
        when += 1
    came = came if len(came) == len(kept) else came[kept]
    got = expected.receivers[kept], received[kept]
    with pytest.raises(MismatchFound, match=rf"^flit: node .*, cycle {when}: expected"):
        match(SMALL, expected, sent, got, (taken, came))


def test_oracle_passes_the_right():
    """Undamaged, the same passes, and each flit is told from its copies."""
    expected, sent, came = _damaged(None, False)
    assert len(came[0]) > len(sent[0])
    shuffled = np.random.default_rng(3).permutation(SMALL.nodes)[came[0]].argsort(kind="stable")
    found = match(SMALL, expected, sent, tuple(each[shuffled] for each in came))
    assert (found == shuffled).all()


def test_oracle_sees_mixed_packets():
    """A flit between those of a transaction is named."""
    head = flits.pack(
        flits.MEMORY, type=FlitType.MEMORY, x=1, command=Command.KEPT, access=Access.BURST_WRITE
    )
    tail = flits.pack(flits.MEMORY, type=FlitType.MEMORY, x=1, command=Command.DONE)
    spike = flits.pack(flits.SPIKE, x=1, neuron=3)
    ones = np.ones(3, dtype=np.int64)
    sent = 0 * ones, np.array([head, tail, spike], dtype=np.uint32)
    expected, came = expect(Routes(mesh=SMALL), *sent), (ones, sent[1][[0, 2, 1]])
    with pytest.raises(
        MismatchFound, match=r"^flit between those .*: node 1\.0\.0: expected none, got spike"
    ):
        match(SMALL, expected, sent, came)
    cycles = np.array([3, 4, 5]), np.array([6, 8, 9])
    with pytest.raises(MismatchFound, match=r": node 1\.0\.0, cycle 8: expected none"):
        match(SMALL, expected, sent, came, cycles)


@pytest.mark.xdist_group("noc-small")
def test_counts_are_compared(small, tmp_path):
    """A link or a drop too many is named."""
    traffic = generate(SMALL, Pattern.UNIFORM, 0.2, cycles=100, seed=3)
    done = run(small, traffic, tmp_path)
    for name, words in (
        ("links", "flits that left by"),
        ("dropped", "dropped flits"),
        ("dropped_ports", "dropped_ports"),
    ):
        counts = getattr(done, name).copy()
        counts[3] += 1
        with pytest.raises(MismatchFound, match=rf"^{words}.*: node 0\.1\.0: expected"):
            judge(dataclasses.replace(done, **{name: counts}), Routes(mesh=SMALL))


def test_wrong_links():
    """The node and the port."""
    mesh = MeshShape(x=2, y=2, z=1)
    expected = np.arange(28).reshape(4, 7)
    links = expected.copy()
    compare_links(mesh, expected, links)
    links[2, Port.SOUTH] += 1
    told = r"^flits that left by SOUTH: node 0\.1\.0: expected 18, got 19$"
    with pytest.raises(MismatchFound, match=told):
        compare_links(mesh, expected, links)


def test_waiting_in_a_circle_is_seen():
    """Two dead links in neighbouring columns of a corner could dead-lock; one never can."""
    for mesh in (CUBE, MeshShape(x=2, y=2, z=3), MeshShape(x=4, y=1, z=2)):
        assert Routes(mesh=mesh).cycle_of_waiting() is None
        for node in mesh.every():
            if node[2] + 1 < mesh.z:
                dead = (DeadLink(**dict(zip("xyz", node, strict=True))),)
                routes = Routes(mesh=mesh, routing=Routing.DETOUR, dead_links=dead)
                assert routes.cycle_of_waiting() is None
                assert routes.broken() is None
    dead = (DeadLink(x=1, y=0, z=0), DeadLink(x=1, y=1, z=1))
    both = Routes(mesh=MeshShape(x=2, y=2, z=3), routing=Routing.DETOUR, dead_links=dead)
    with pytest.raises(BadInput, match=r"circle|over it"):
        check_routes(both)


def test_dead_link_without_detour():
    """Plain XYZ routing cannot go round a dead link; the link is named."""
    routes = Routes(mesh=CUBE, dead_links=(DeadLink(x=1, y=2, z=0),))
    with pytest.raises(BadInput, match=r"the link 1\.2\.0-1\.2\.1 is dead.*ROUTING=detour"):
        check_routes(routes)


def test_flit_layouts():
    """RTL and models agree on every field; the bits that TW-SNN's text gives are where it says."""
    for fields, layout in ((flits.SPIKE, rtl_flit.SpikeFlit), (flits.MEMORY, rtl_flit.MemoryFlit)):
        assert layout.size == 32
        for name, field in fields.items():
            assert (layout[name].offset, layout[name].width) == (field.lowest, field.width)
    assert flits.SPIKE["type"].lowest == 0
    assert (flits.SPIKE["x"].lowest, flits.SPIKE["z"].lowest) == (1, 7)
    assert flits.SPIKE["source_x"].lowest == 13
    assert (flits.SPIKE["neuron"].lowest, flits.SPIKE["neuron"].width) == (22, 8)


def test_flit_text():
    """Flits in words."""
    spike = flits.pack(
        flits.SPIKE, x=3, y=1, z=0, source_x=0, source_y=0, source_z=2, step=1, neuron=17
    )
    assert flits.text(spike) == "spike 0.0.2 -> 3.1.0 step 1 neuron 17"
    memory = flits.pack(
        flits.MEMORY, type=1, x=1, command=Command.KEPT, access=Access.SINGLE_READ, content=0x1A
    )
    assert flits.text(memory) == "memory -> 1.0.0 single read kept 0x0001a"
    answer = flits.pack(flits.MEMORY, type=1, answer=1, access=Access.BURST_READ)
    assert flits.text(answer) == "memory -> 0.0.0 answer to burst read done 0x00000"


def test_traffic_repeats():
    """The same seed gives the same flits, another one others; the rate is what was asked for."""
    first, same, other = (
        generate(SMALL, Pattern.HOTSPOT, 0.3, cycles=3000, seed=seed, bursts=0.5)
        for seed in (1, 1, 2)
    )
    assert (first.flits == same.flits).all()
    assert (first.times == same.times).all()
    assert len(first.flits) != len(other.flits) or (first.flits != other.flits).any()
    assert first.load == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(
    ("pattern", "node", "target"),
    [
        (Pattern.TRANSPOSE, (0, 1, 2), (2, 1, 0)),
        (Pattern.BITCOMP, (0, 1, 2), (3, 2, 1)),
        (Pattern.NEIGHBOUR, (3, 0, 1), (0, 1, 2)),
    ],
)
def test_patterns(pattern, node, target):
    """Where a node of a cube of 4 sends."""
    mesh = MeshShape(x=4, y=4, z=4)
    traffic = generate(mesh, pattern, 1.0, cycles=3, seed=0)
    mine = traffic.flits[traffic.sources == mesh.number(node)]
    assert len(mine)
    assert (flits.destinations(mine) == target).all()


def test_hotspot():
    """A fifth of the packets and its uniform share go to the node in the middle."""
    traffic = generate(SMALL, Pattern.HOTSPOT, 1.0, cycles=4000, seed=0)
    middle = (flits.destinations(traffic.flits) == (1, 1, 2)).all(axis=1).mean()
    assert middle == pytest.approx(0.2 + 0.8 / SMALL.nodes, rel=0.05)


def test_command(tmp_path):
    """`make noc` prints a table, and writes the same figures as JSON."""
    json_file = tmp_path / "noc.json"
    done = trispike(
        "noc", "--mesh", "2x1x1", "--cycles", "500", "--rate", "0.3", "--json", str(json_file)
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"lost, altered, repeated, out of order *│ *0", done.stdout)
    [point] = json.loads(json_file.read_text())["points"]
    assert 0 < point["accepted"] < point["saturation"] < 1
    told = rf"saturation: nodes send all they can *│ *{point['saturation']:.4f} │ measured"
    assert re.search(told, done.stdout)
    assert set(point["links"]) == {"0.0.0 east", "1.0.0 west"}
    assert point["busiest_link"] == max(point["links"].values()) > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mesh", "9x1x1"], "a mesh must have from 1 to 8 nodes along x, not 9"),
        (["--mesh", "4x4"], "MESH must be like 4x4x4, not '4x4'"),
        (["--rate", "1.01"], "RATE must be above 0 and at most 1"),
        (["--traffic", "tornado"], "TRAFFIC must be one of uniform, .*not 'tornado'"),
        (["--stalls", "1"], "STALLS must be a chance"),
        (["--multicast", "1.1"], "MULTICAST must be a share from 0 to 1, not 1.1"),
        (["--depth", "1"], "router depth must be an integer from 2 to 64, not 1"),
        (["--routing", "yx"], "ROUTING must be one of xyz, detour, not 'yx'"),
        (["--dead", "0.0.0"], "the link 0.0.0-0.0.1 is dead, and xyz routing leads from"),
        (["--dead", "4.0.0"], "a mesh of 4x4x4 has no vertical link 4.0.0-4.0.1"),
        (["--dead", "up"], "DEAD must be like 1.1.0"),
        (["--sweep", "--rate", "0.1"], "RATE= has no meaning with SWEEP=1"),
        (["--cycles", "0"], "CYCLES must be from 1 to"),
        (["--waves", "--traffic", "all"], "WAVES= is for one run: leave out SWEEP="),
        (["--waves", "--sweep"], "WAVES= is for one run: leave out SWEEP="),
    ],
)
def test_bad_input(options, message):
    """One line, status 2."""
    assert re.match(f"error: {message}", refused_here("noc", *options))
