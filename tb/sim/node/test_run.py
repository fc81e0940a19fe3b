"""Networks on the RTL of nodes: loading, runs, read-back, and what is told when one breaks."""

import dataclasses
import re

import numpy as np
import pytest

from tb.kit.networks import random_network
from tb.kit.nodes import MESH, NODE, ROUTER
from trispike import golden
from trispike.golden.mesh.links import run_links, transaction_links
from trispike.golden.mesh.nodes import exchange, is_end, named_source
from trispike.golden.mesh.routes import Routes
from trispike.models.errors import BadInput
from trispike.models.mesh import transactions
from trispike.models.mesh.flits import MEMORY, SPIKE, Control, node_code, pack
from trispike.models.mesh.mapping import HOST, Mapping
from trispike.models.mesh.memory_map import ADDRESS_ENTRY, LINE_WORDS, Line, memory_map
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, RouterShape
from trispike.sim.noc.judge import compare_links, origins_of
from trispike.sim.node import memory, work
from trispike.sim.node.judge import judge
from trispike.sim.node.memory import Transaction
from trispike.sim.node.results import Ending, status_text
from trispike.sim.node.run import program, run
from trispike.sim.node.work import Conditions, Memory
from trispike.sim.tools import build
from trispike.sim.tools.simulator import SimulationError

pytestmark = pytest.mark.xdist_group("nodes")  # one worker builds them

SIZES = (100, 70, 40, 5)
PLACES = ((1, 0, 1), (0, 0, 0), (2, 1, 1), (0, 1, 0), (2, 0, 0), (1, 1, 1))
"""Ways that lead past no other receiver."""

ON_THE_WAY = ((1, 0, 0), (2, 0, 0), (2, 1, 0), (0, 0, 0), (0, 1, 0), (2, 1, 1))
"""The host reaches the first three by one flit, and 1.0.0 the two after them, past the host."""

TIMESTEPS = 4
STILL = 2000


@pytest.fixture(scope="module")
def nodes():
    """The program of a mesh with stalls and a dead link."""
    return program(MESH, ROUTER, NODE, stalls=True, optimise=False)


class Case:
    """A network on the mesh, and what it has to do with three images."""

    def __init__(self, places=PLACES, *, unicast=False):
        self.network = random_network(SIZES, 4)
        self.mapping = Mapping(
            shape=self.network.shape, mesh=MESH, places=places, node=NODE, unicast=unicast
        )
        rng = np.random.default_rng(4)
        images = rng.random((3, TIMESTEPS, SIZES[0])) < rng.random((3, TIMESTEPS, 1))
        result = golden.run(self.network, images, keep_potentials=False)
        self.spikes = images.reshape(-1, SIZES[0])
        self.exchange = exchange(self.mapping, images, result)

    def work(self, *, back_door=True, before=(), after=()):
        """All of it, with transactions ``before`` and ``after`` added."""
        writes = [*memory.loading(self.mapping, self.network, TIMESTEPS), *before]
        return work.mapped(
            self.mapping,
            self.spikes,
            before=Memory(transactions=writes, back_door=back_door),
            after=Memory(transactions=after),
        )


@pytest.fixture(scope="module")
def cases():
    """Places that make no multicasts, places that do, and the same without."""
    cases = {
        "apart": Case(),
        "multicast": Case(ON_THE_WAY),
        "unicast": Case(ON_THE_WAY, unicast=True),
    }
    copies = {
        name: sum(flow.copies for flow in each.exchange.flows) for name, each in cases.items()
    }
    assert copies == {"apart": 0, "multicast": 3, "unicast": 0}
    return cases


@pytest.fixture(scope="module")
def case(cases):
    return cases["apart"]


_EVERY = pytest.mark.parametrize("name", ["apart", "multicast", "unicast"])
_DEAD = DeadLink(x=1, y=0, z=0)


def _same(one, other):
    """Two runs with the same flits in the same cycles."""
    for name in ("receivers", "times", "flits", "begun", "done"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for first, second in zip(one.phases, other.phases, strict=True):
        assert (first.cycles, first.ending) == (second.cycles, second.ending)
        assert np.array_equal(first.links, second.links)
        assert np.array_equal(first.states, second.states)


@pytest.mark.parametrize("stall", [0, 0.4])
@pytest.mark.parametrize(
    ("name", "dead"),
    [
        ("apart", ()),
        ("multicast", ()),
        ("unicast", ()),
        ("apart", (_DEAD,)),
        ("unicast", (_DEAD,)),
    ],
    ids=["apart", "multicast", "unicast", "apart, dead", "unicast, dead"],
)
def test_as_the_golden_model(nodes, cases, tmp_path, stall, name, dead):
    """Every flit and link count of loading, run and reading back, and all of memory."""
    case = cases[name]
    read = memory.reading(case.mapping, case.network, TIMESTEPS)
    task = case.work(back_door=False, after=read)
    told = []
    conditions = Conditions(dead_links=dead, stall=stall, seed=3)
    done = run(nodes, task, tmp_path, conditions, progress=lambda *each: told.append(each))
    done.check()
    totals = len(task.before.transactions), len(task.steps), len(read)
    assert told
    assert all(0 < count <= total == totals[phase] for phase, count, total in told)
    assert judge(case.exchange, done.receivers, done.flits) is None
    routes = Routes(mesh=MESH, routing=ROUTER.routing, dead_links=dead)
    compare_links(MESH, run_links(case.exchange, routes), done.running.links)
    for phase, exchanges in ((done.loading, done.before), (done.reading, done.after)):
        requests, answers = (
            np.concatenate(flits)
            for flits in zip(*((e.transaction.request, e.answer) for e in exchanges), strict=True)
        )
        senders = origins_of(MESH, np.full(len(answers), MESH.number(HOST)), answers)
        compare_links(MESH, transaction_links(routes, requests, senders, answers), phase.links)
    memory.check_loaded(done.before)
    words = sum(len(transaction.request) - 2 for transaction in task.before.transactions)
    assert memory.compare(case.mapping, case.network, TIMESTEPS, done.after) == words > 4000


@pytest.mark.parametrize("line", memory_map(NODE), ids=lambda line: line.name)
def test_run_after_a_read(nodes, case, tmp_path, line):
    """The last transaction before a run reads a word of any region, and leaves nothing behind."""
    reads = [
        Transaction(node=node, request=transactions.read(node, line * LINE_WORDS, 1, host=HOST))
        for node in PLACES
    ]
    done = run(nodes, case.work(back_door=False, before=reads), tmp_path)
    done.check()
    memory.check_loaded(done.before)
    assert judge(case.exchange, done.receivers, done.flits) is None


@pytest.mark.parametrize("stall", [0, pytest.param(0.4, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", ["apart", "multicast"])
def test_nothing_depends_on_what_is_evaluated(nodes, cases, tmp_path, stall, name):
    """Nodes that cannot change may be left out; loading by the back door comes to the same."""
    case, runs = cases[name], {}
    for back_door in (False, True):
        for gated in (False, True):
            task = case.work(
                back_door=back_door, after=memory.reading(case.mapping, case.network, TIMESTEPS)
            )
            conditions = Conditions(gated=gated, stall=stall, seed=1)
            runs[back_door, gated] = done = run(nodes, task, tmp_path, conditions)
            done.check()
            assert memory.compare(case.mapping, case.network, TIMESTEPS, done.after)
        _same(runs[back_door, False], runs[back_door, True])
        for skipped, phase in zip(*(runs[back_door, g].phases for g in (True, False)), strict=True):
            assert skipped.evaluations <= phase.evaluations
    front, back = runs[False, True], runs[True, True]
    if not stall:  # draws of loading move those of the run
        assert np.array_equal(front.times, back.times)
        assert np.array_equal(front.flits, back.flits)
    assert [e.answer.tolist() for e in front.before] == [e.answer.tolist() for e in back.before]


@_EVERY
def test_cycles_add_up(nodes, cases, tmp_path, name):
    """States of nodes, flits and timesteps, against the flits as they came."""
    case = cases[name]
    done = run(nodes, case.work(), tmp_path)
    done.check()
    running = done.running
    parts = running.computing, running.only_sending, running.only_blocked, running.idle
    assert (sum(parts) == running.cycles).all()
    used = [MESH.number(place) for place in case.mapping.places]
    assert (running.computing[used] > 0).all()
    assert running.computing.sum() == running.computing[used].sum()
    here = np.minimum(done.receivers, MESH.nodes) % MESH.nodes  # the host has node 0's port
    assert np.array_equal(np.bincount(here, minlength=MESH.nodes), running.links[:, Port.LOCAL])
    at_host = done.receivers == MESH.nodes
    ends = at_host & is_end(done.flits)
    last = [MESH.number(p) for p in case.work().senders]
    assert np.array_equal(np.sort(done.times[ends]).reshape(-1, len(last))[:, -1], done.done)
    assert (np.diff(done.begun) > 0).all()
    assert (done.begun < done.done).all()


@_EVERY
def test_host_waits_for_credits(nodes, cases, tmp_path, name):
    """It begins a timestep when all receivers have given all credits for the last but one."""
    task = cases[name].work()
    done = run(nodes, task, tmp_path)
    control, word = SPIKE["control"].get(done.flits), SPIKE["neuron"].get(done.flits)
    credit = (done.receivers == MESH.nodes) & (control == 1) & (word == Control.CREDIT)
    sources = named_source(done.flits)
    given = [done.times[credit & (sources == node_code(place))] for place in task.receivers]
    due = np.max(given, axis=0)
    assert (done.begun[2:] > due[:-2]).all()


def _random_case(seed):
    """A network of layers on one to three nodes, at random places that make multicasts."""
    rng = np.random.default_rng(seed)
    sizes = tuple(int(size) for size in rng.integers(33, 97, 4))
    network = random_network(sizes, seed)
    wanted = sum(-(-size // NODE.neurons) for size in sizes[1:])
    while True:
        places = tuple(MESH.node(int(k)) for k in rng.permutation(MESH.nodes)[:wanted])
        mapping = Mapping(shape=network.shape, mesh=MESH, places=places, node=NODE)
        senders = (part for part, _ in enumerate(mapping.parts))
        sends = [*mapping.host_sends(), *(send for k in senders for send in mapping.sends(k))]
        if sum(send.multicast for send in sends) > 1:
            break
    images = rng.random((2, TIMESTEPS, sizes[0])) < rng.random((2, TIMESTEPS, 1))
    return network, mapping, images, golden.run(network, images, keep_potentials=False)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(k, marks=pytest.mark.thorough) for k in range(1, 20))]
)
def test_random_networks(nodes, tmp_path, seed):
    """With multicasts and without, stalled or not: as the golden model; the spikes are the same."""
    network, mapping, images, result = _random_case(seed)
    for unicast in (False, True):
        mapping = dataclasses.replace(mapping, unicast=unicast)
        writes = memory.loading(mapping, network, TIMESTEPS)
        task = work.mapped(
            mapping,
            images.reshape(-1, images.shape[-1]),
            before=Memory(transactions=writes, back_door=True),
        )
        due = exchange(mapping, images, result)
        for stall in (0.0, 0.3):
            done = run(nodes, task, tmp_path, Conditions(stall=stall, seed=seed))
            done.check()
            assert judge(due, done.receivers, done.flits) is None
            links = run_links(due, Routes(mesh=MESH))
            compare_links(MESH, links, done.running.links)


def test_without_record(nodes, case, tmp_path):
    """Nothing is kept of the flits, and all else is the same."""
    kept, bare = (run(nodes, case.work(), tmp_path, Conditions(record=r)) for r in (True, False))
    assert len(kept.flits) > 1000
    assert len(bare.flits) == len(bare.times) == len(bare.receivers) == 0
    assert np.array_equal(kept.done, bare.done)
    assert np.array_equal(kept.running.links, bare.running.links)


def test_no_timesteps(nodes, case, tmp_path):
    """Loading alone, and single reads of a part of it."""
    writes = memory.loading(case.mapping, case.network, TIMESTEPS)
    reads = memory.reading(case.mapping, case.network, TIMESTEPS, burst=False)
    task = work.Work(
        mesh=MESH, before=Memory(transactions=writes), after=Memory(transactions=reads[-500:])
    )
    done = run(nodes, task, tmp_path)
    done.check()
    whole = memory.loading(case.mapping, case.network, TIMESTEPS)
    words = [int(transactions.answer(e.answer).words[0]) for e in done.after]
    written = np.concatenate([w.request[2:] >> MEMORY["content"].lowest for w in whole])
    assert words == written[-500:].tolist()
    assert done.running.cycles == 0


@pytest.mark.parametrize("burst", [True, False])
def test_difference_in_memory(nodes, case, tmp_path, burst):
    """A word that has changed is named."""
    node, address = PLACES[2], 8 * Line.BIAS + 1
    request = transactions.write(node, address, 0x1234, host=HOST)
    reads = memory.reading(case.mapping, case.network, TIMESTEPS, burst=burst)
    mine = [each for each in reads if each.node == node]
    change = Transaction(node=node, request=request)
    done = run(nodes, case.work(before=[change], after=[]), tmp_path, Conditions(record=False))
    assert done.running.ending is Ending.FINISHED
    task = dataclasses.replace(
        case.work(before=[change]), steps=(), after=Memory(transactions=reads, back_door=True)
    )
    done = run(nodes, task, tmp_path)
    assert len(mine) < len(done.after)
    wanted = rf"node 2\.1\.1 address {address} \(bias\) holds 0x1234, and 0x\w{{4}} was written"
    with pytest.raises(SimulationError, match=wanted):
        memory.compare(case.mapping, case.network, TIMESTEPS, done.after)


def test_refused_transaction(nodes, case, tmp_path):
    request = transactions.write(PLACES[0], 8 * Line.STATUS, 1, host=HOST)
    refused = Transaction(node=PLACES[0], request=request)
    done = run(nodes, case.work(before=[refused]), tmp_path, Conditions(record=False))
    with pytest.raises(SimulationError, match=r"node 1\.0\.1 refused .*: no such address"):
        memory.check_loaded(done.before)


def test_transaction_to_nowhere(nodes, case, tmp_path):
    """Its flits are dropped, and loading stands still."""
    nowhere = Transaction(node=HOST, request=transactions.read((3, 0, 0), 0, host=HOST))
    task = work.Work(mesh=MESH, before=Memory(transactions=[nowhere]))
    done = run(nodes, task, tmp_path, Conditions(still=STILL))
    assert [p.ending for p in done.phases] == [Ending.STILL, Ending.SKIPPED, Ending.SKIPPED]
    with pytest.raises(SimulationError, match=r"loading stands still .*router 2\.0\.0 dropped 2 "):
        done.check()
    with pytest.raises(SimulationError, match=r"node 0\.0\.0 has not answered"):
        memory.check_loaded(done.before)


def _without(task, step, which):
    """``task`` without the flits of one step for which ``which`` holds."""
    steps = list(task.steps)
    steps[step] = steps[step][~which(steps[step])]
    return dataclasses.replace(task, steps=steps)


def test_missing_end(nodes, case, tmp_path):
    """The run stands still, the host two timesteps ahead; it is told how far it came."""
    task = _without(case.work(), 5, is_end)
    done = run(nodes, task, tmp_path, Conditions(still=STILL))
    assert done.running.ending is Ending.STILL
    assert np.flatnonzero(done.done >= 0).tolist() == [*range(5)]
    assert np.flatnonzero(done.begun >= 0).tolist() == [*range(7)]
    assert not done.quiet.all()
    wanted = r"the run stands still after [\d,]+ cycles; 5 of 12 timesteps done; not quiet: "
    with pytest.raises(SimulationError, match=wanted):
        done.check()


def test_missing_credit(nodes, case, tmp_path):
    """A host that gives no credit blocks who sends to it."""
    strange = dataclasses.replace(case.network, layers=case.network.layers[:1])
    mapping = Mapping(shape=strange.shape, mesh=MESH, places=PLACES[:3], node=NODE)
    writes = memory.loading(mapping, strange, TIMESTEPS)
    lut = 8 * Line.ADDRESS_LUT
    entry = pack(ADDRESS_ENTRY, valid=1, node=node_code((1, 1, 0)))  # a node that no one has told
    change = [
        Transaction(node=place, request=transactions.write(place, lut, entry, host=HOST))
        for place in PLACES[:3]
    ]
    task = work.mapped(
        mapping, case.spikes, before=Memory(transactions=[*writes, *change], back_door=True)
    )
    done = run(nodes, task, tmp_path, Conditions(still=STILL))
    blocked = [MESH.node(n) for n in np.flatnonzero(done.blocked)]
    assert sorted(blocked) == sorted(PLACES[:3])
    told = r"0 of 12 timesteps done; .*waiting for a credit: .*; node 1\.1\.0: status \d+ flits ref"
    with pytest.raises(SimulationError, match=told):
        done.check()


def test_dropped_in_the_run(nodes, case, tmp_path):
    """A flit for a node that is not there ends the run, unless told otherwise."""
    task = case.work()
    stray = pack(SPIKE, x=1, y=2, z=1, from_host=1)
    steps = [np.append(np.uint32(stray), task.steps[0]), *task.steps[1:]]
    task = dataclasses.replace(task, steps=steps)
    done = run(nodes, task, tmp_path)
    assert done.running.ending is Ending.DROPPED
    assert done.lost == [((1, 1, 0), 1, (Port.NORTH,))]
    told = r"a router dropped flits in the run.*router 1\.1\.0 dropped 1 flits .* leave by north"
    with pytest.raises(SimulationError, match=told):
        done.check()
    done = run(nodes, task, tmp_path, Conditions(until_drop=False))
    assert done.running.ending is Ending.FINISHED
    assert (done.done >= 0).all()


def test_broken_protocol(nodes, case, tmp_path):
    """A spike after its source's end is seen in STATUS."""
    task = case.work()
    flits = task.steps[2]
    steps = list(task.steps)
    spike = flits[~is_end(flits)][-1:]
    steps[2] = np.concatenate([flits, spike])
    done = run(nodes, dataclasses.replace(task, steps=steps), tmp_path)
    with pytest.raises(SimulationError, match=r"node \d\.\d\.\d: status late$"):
        done.check()
    assert status_text(3 | 1 << 16 | 1 << 19) == "status early, overdrawn, 3 flits refused"


def test_limit(nodes, case, tmp_path):
    done = run(nodes, case.work(), tmp_path, Conditions(limit=300))
    assert (done.running.ending, done.running.cycles) == (Ending.LATE, 300)
    with pytest.raises(SimulationError, match=r"has not ended after 300 cycles; \d+ of 12 "):
        done.check()


def test_loading_has_limits(nodes, case, tmp_path):
    """A request that a node never answers, by either door: it is cut short."""
    whole = transactions.read(PLACES[0], 0, 4, host=HOST)
    cut = [Transaction(node=PLACES[0], request=whole[:-1])]
    for back_door in (False, True):
        task = work.Work(mesh=MESH, before=Memory(transactions=cut, back_door=back_door))
        done = run(nodes, task, tmp_path, Conditions(still=STILL))
        assert done.loading.ending is Ending.STILL
        assert STILL < done.loading.cycles < STILL + 100
        with pytest.raises(SimulationError, match=r"loading stands still .*; not quiet: 1\.0\.1$"):
            done.check()


def test_bad_conditions():
    with pytest.raises(BadInput, match=re.escape("from 0 to less than 1, not 1")):
        Conditions(stall=1)


@pytest.mark.thorough
def test_nodes_are_compiled_once(nodes, case, tmp_path, monkeypatch):
    """Another mesh has the same ones; without stalls in it, none can be asked for."""
    made = []

    def counted(sources, top, prefix, **how):
        made.append(prefix)
        build_library(sources, top, prefix, **how)

    build_library = build.build_library
    monkeypatch.setattr(build, "build_library", counted)
    one = MeshShape(x=1, y=1, z=1)
    executable = program(one, RouterShape(), NODE, optimise=False)
    assert "Vnode" not in made
    network = random_network((60, 20), 1)
    mapping = Mapping(shape=network.shape, mesh=one, places=(HOST,), node=NODE)
    writes = Memory(transactions=memory.loading(mapping, network, TIMESTEPS))
    task = work.mapped(mapping, case.spikes[:, :60], before=writes)
    run(executable, task, tmp_path).check()
    with pytest.raises(SimulationError, match="drive ended with status 1"):
        run(executable, task, tmp_path, Conditions(stall=0.1))
    assert "cannot be stalled" in (tmp_path / "drive.log").read_text()
