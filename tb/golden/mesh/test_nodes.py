"""The golden model of networks on meshes: every flit of every flow, every link."""

import collections
import dataclasses

import numpy as np
import pytest

from tb.kit.mapped import CASES, Arrivals, flit, mapped
from trispike.golden.mesh.links import run_links, transaction_links
from trispike.golden.mesh.nodes import Exchange, exchange, host_receiver, outputs
from trispike.golden.mesh.routes import Routes, expect, link_flits
from trispike.models.mesh import flits, transactions
from trispike.models.mesh.flits import Access, Command, pack
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.placement import flows
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, Routing
from trispike.models.network.shape import ReadOut
from trispike.sim.node.judge import judge


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return mapped(request.param)


def _walk(source, destination):
    """The nodes from ``source``, itself left out, along x, y and z to ``destination``."""
    at, nodes = source, []
    while at != destination:
        axis = next(a for a in range(3) if at[a] != destination[a])
        step = 1 if destination[axis] > at[axis] else -1
        at = (*at[:axis], at[axis] + step, *at[axis + 1 :])
        nodes.append(at)
    return nodes


def _addressed(source, multicasts, unicasts):
    """9-bit destination and bit 31 of the flits that each node gets, by its 9 bits."""
    found = {flits.node_code(node): (flits.node_code(node), 0) for node in unicasts}
    for end in multicasts:
        found |= {flits.node_code(n): (flits.node_code(end), 1) for n in _walk(source, end)}
    return found


def _written_out(case):
    """All flits, one by one: by receiver, 9-bit source, whether from the host, whether credits."""
    mapping, found = case.mapping, collections.defaultdict(list)
    layers = len(mapping.shape.layers)
    codes = [x | y << 3 | z << 6 for x, y, z in mapping.places]
    parts = list(zip(codes, mapping.parts, strict=True))
    virtual = range(-(-case.given.shape[2] // 256))
    spikes = [
        each.reshape(-1, each.shape[2]).tolist() for each in (case.given, *case.result.spikes)
    ]
    addressed = {}
    for k, place in enumerate(mapping.places):
        own = [to for to in mapping.destinations(k) if not (to.copied or to.to_host)]
        kinds = ([to.node for to in own if to.multicast is kind] for kind in (True, False))
        addressed[flits.node_code(place)] = _addressed(place, *kinds)
    sends = mapping.host_sends()
    kinds = (
        [each.destination for each in sends if each.multicast is kind] for kind in (True, False)
    )
    from_host = _addressed(HOST, *kinds)
    silent = not mapping.shape.layers[-1].fires
    values = np.diff(case.result.running_scores, axis=1, prepend=0)
    values = values.reshape(len(spikes[0]), -1).tolist()
    for step in range(len(spikes[0])):
        for here, part in parts:
            fired = spikes[part.layer + 1][step][part.first : part.first + part.neurons]
            outgoing = [(there, 0) for there, other in parts if other.layer == part.layer + 1]
            for there, to_host in outgoing if part.layer + 1 < layers else [(0, 1)]:
                flow = found["host" if to_host else there, here, 0, "spikes"]
                there, to_host = addressed[here].get(there, (there, to_host))
                for neuron in np.flatnonzero(fired).tolist():
                    flow.append(flit(there, here, step, word=neuron, to_host=to_host))
                mine = values[step][part.first : part.first + part.neurons]
                for value in mine if silent and to_host else ():
                    for at in (0, 8, 16):
                        flow.append(flit(0, here, step, word=value >> at & 0xFF, to_host=1))
                flow.append(flit(there, here, step, control=1, word=0, to_host=to_host))
            for there, other in parts:
                if other.layer == part.layer - 1:
                    found[there, here, 0, "credits"].append(
                        flit(there, here, step, control=1, word=1)
                    )
            if part.layer == 0:
                for k in virtual:
                    flow = found[here, k, 1, "spikes"]
                    fired = spikes[0][step][256 * k : 256 * k + 256]
                    to, bit = from_host[here]
                    for neuron in np.flatnonzero(fired).tolist():
                        flow.append(flit(to, k, step, word=neuron, from_host=1, to_host=bit))
                    flow.append(flit(to, k, step, control=1, word=0, from_host=1, to_host=bit))
                    found["host", here, 0, "credits"].append(
                        flit(0, here, step, control=1, word=1, to_host=1)
                    )
            if part.layer + 1 == layers:
                found[here, 0, 1, "credits"].append(
                    flit(here, 0, step, control=1, word=1, from_host=1)
                )
    return found


def test_flits(case):
    """Every flow, flit by flit."""
    run, found = case.run, {}
    for flow in run.flows:
        made = run.flits(flow)
        assert made.dtype == np.uint32
        assert len(made) == run.count(flow)
        receiver = "host"
        if flow.receiver != host_receiver(case.mapping.mesh):
            receiver = flits.node_code(case.mapping.mesh.node(flow.receiver))
        source, from_host = flow.address >> 13 & 0x1FF, flow.address >> 30 & 1
        kind = "credits" if flow.credits else "spikes"
        found[receiver, source, from_host, kind] = made.tolist()
    assert len(found) == len(run.flows)
    assert found == _written_out(case)


def test_layers_of_flows():
    """What the judge ranks flows by: spikes of a layer, and credits for them one layer later."""
    case = mapped("small nodes")
    mapping, layers = case.mapping, len(case.mapping.shape.layers)
    numbers = map(mapping.mesh.number, mapping.places)
    part_of = dict(zip(numbers, mapping.parts, strict=True))
    for flow in case.run.flows:
        sender, receiver = (part_of.get(each) for each in (flow.sender, flow.receiver))
        taken = layers if receiver is None else receiver.layer  # whose spikes: 0 the host's
        given_back = layers + 1 if sender is None else sender.layer + 1
        assert flow.layer == (given_back if flow.credits else taken)
        if flow.credits:
            assert flow.neurons == range(0)
        elif sender is not None:
            assert flow.neurons == range(sender.first, sender.first + sender.neurons)


def test_exchange():
    """Images and timesteps of a run, which is the data set's first unless told."""
    case = mapped("small nodes", images=3, timesteps=4)
    run = exchange(case.mapping, case.given, case.result)
    assert (run.first_image, run.timesteps, run.steps) == (0, 4, 12)
    assert case.run.first_image == 7
    fields = {"mapping": case.mapping, "spikes": run.spikes, "potentials": run.potentials}
    assert Exchange(**fields, timesteps=4).first_image == 0


def test_one_timestep_of_potentials():
    case = mapped("one layer of potentials", images=1, timesteps=1)
    (flow, _) = (flow for flow in case.run.flows if flow.potentials)
    assert len(case.run.flits(flow)) == 3 * len(flow.neurons) + 1


@pytest.mark.parametrize("seed", [1, 2])
def test_right(case, seed):
    """Every order of arrival is right that keeps each flow's; the host has the golden outputs."""
    run = case.run
    receivers, received = Arrivals.of(run, seed).arrays
    judge(run, receivers, received)
    images, timesteps = case.given.shape[:2]
    told = received[receivers == host_receiver(case.mapping.mesh)]
    found = outputs(case.mapping, told, images=images, timesteps=timesteps)
    assert np.array_equal(found.values.cumsum(axis=1), case.result.running_scores)
    assert np.array_equal(found.scores, case.result.scores)
    assert found.scores.dtype == np.int32
    assert np.array_equal(found.labels, case.result.labels)


def test_outputs_of_a_wrong_run():
    """A neuron that there is not, a source that there is not, timesteps too many: passed over."""
    case = mapped("one node")
    told = [
        flit(0, 0, 0, word=3, to_host=1),
        flit(0, 0, 0, word=10, to_host=1),
        flit(0, 9, 0, word=4, to_host=1),
        flit(0, 0, 0, control=1, word=0, to_host=1),
        flit(0, 0, 0, control=1, word=1, to_host=1),
        flit(0, 0, 1, word=5, to_host=1),
        flit(0, 0, 1, control=1, word=0, to_host=1),
        flit(0, 0, 2, word=6, to_host=1),
    ]
    found = outputs(case.mapping, np.array(told, dtype=np.uint32), images=1, timesteps=2)
    assert np.argwhere(found.values).tolist() == [[0, 0, 3], [0, 1, 5]]
    assert found.labels.tolist() == [3]


def test_outputs_at_both_ends():
    """Potentials of 18 bits; what comes after the last end is passed over."""
    case = mapped("one layer of potentials", images=1, timesteps=2)
    mapping, part = case.mapping, case.mapping.parts[1]
    assert (part.first, part.neurons) == (32, 1)
    values = (-(2**17), 2**17 - 1), (100_000, -100_000)
    code = flits.node_code(mapping.places[1])
    for one, other in values:
        told = []
        for step, value in enumerate((one, other)):
            told += [flit(0, code, step, word=value >> at & 0xFF, to_host=1) for at in (0, 8, 16)]
            told.append(flit(0, code, step, control=1, word=0, to_host=1))
        told.append(flit(0, code, 2, word=1, to_host=1))
        found = outputs(mapping, np.array(told, dtype=np.uint32), images=1, timesteps=2)
        assert found.values[0, :, 32].tolist() == [one, other]
        assert not found.values[0, :, :32].any()


def test_first_spikes_in_groups():
    """The label is of the first spikes of each group, whose indices are its digits."""
    case = mapped("small nodes", images=20, timesteps=5)
    shape = dataclasses.replace(case.mapping.shape, read_out=ReadOut.FIRST, groups=(2, 3))
    mapping = dataclasses.replace(case.mapping, shape=shape)
    scores, labels = [], []
    for image in case.result.spikes[-1].tolist():
        fired = [[t for t in range(5) if image[t][k]] for k in range(5)]
        scores.append([255 - min(times) if times else 0 for times in fired])
        one, two = scores[-1][:2], scores[-1][2:]
        labels.append(3 * one.index(max(one)) + two.index(max(two)))
    assert len(set(labels)) > 2
    receivers, received = Arrivals.of(case.run).arrays
    told = received[receivers == host_receiver(mapping.mesh)]
    found = outputs(mapping, told, images=20, timesteps=5)
    assert found.scores.tolist() == scores
    assert found.labels.tolist() == labels


def _unicast(case):
    return dataclasses.replace(case, mapping=dataclasses.replace(case.mapping, unicast=True))


def _ways(case):
    """``case``, or the same without multicasts, and paths; there are no multicasts round a link."""
    mesh = case.mapping.mesh
    yield case, Routes(mesh=mesh)
    yield _unicast(case), Routes(mesh=mesh)
    if mesh.z > 1:
        dead = DeadLink(x=0, y=0, z=0)
        yield _unicast(case), Routes(mesh=mesh, routing=Routing.DETOUR, dead_links=(dead,))


def test_links(case):
    """As many flits on every link as the paths of the flits say, taken one by one."""
    for each, routes in _ways(case):
        run, mesh = each.run, routes.mesh
        sending = [flow for flow in run.flows if not flow.copies]
        sent = [run.flits(flow) for flow in sending]
        senders = [
            mesh.number(HOST) if flow.sender == mesh.nodes else flow.sender for flow in sending
        ]
        sources = np.repeat(senders, [len(each) for each in sent])
        links = run_links(run, routes)
        assert links.dtype == np.int64
        assert np.array_equal(links, expect(routes, sources, np.concatenate(sent)).links)


def test_links_of_means(case):
    """Without multicasts as many as `models.mesh.placement.flows` says for mean spikes."""
    mapping, steps = case.mapping, case.given.shape[0] * case.given.shape[1]
    means = [each.mean(axis=(0, 1)) for each in (case.given, *case.result.spikes)]
    between = np.zeros((mapping.mesh.nodes,) * 2)
    numbers = mapping.numbers
    sent = flows(mapping.shape, means, mapping.node) * steps
    np.add.at(between, (numbers[:, np.newaxis], numbers[np.newaxis]), sent)
    for each, routes in _ways(case):
        if each.mapping.unicast:
            assert run_links(each.run, routes) == pytest.approx(link_flits(routes, between))


def test_copies():
    """Who gets copies of what is for another node, by hand; by unicasts nobody."""
    case = mapped("multicasts")
    mesh = case.mapping.mesh
    found = {
        (flow.sender, flow.receiver, flits.coordinates(flow.address >> 1 & 0x1FF))
        for flow in case.run.flows
        if flow.copies
    }
    ways = {
        ("host", (2, 1, 0)): ((1, 0, 0), (2, 0, 0)),
        ((1, 0, 0), (0, 1, 0)): ((0, 0, 0),),
        ((0, 0, 1), (2, 0, 1)): ((1, 0, 1),),
    }
    assert found == {
        (mesh.nodes if source == "host" else mesh.number(source), mesh.number(copied), end)
        for (source, end), nodes in ways.items()
        for copied in nodes
    }
    assert not any(flow.copies for flow in _unicast(case).run.flows)
    with_bit = [flow for flow in case.run.flows if flits.is_multicast(flow.address)]
    assert len(with_bit) == 2 * 3 + 2 + 2  # of two virtual nodes to three nodes, and of two nodes


def test_transaction_links():
    """A write of three words to 1.1.0, a read of two from 0.0.0: counted by hand."""
    mesh = MeshShape(x=2, y=2, z=1)
    requests = np.concatenate(
        [
            transactions.write((1, 1, 0), 8, [1, 2, 3], host=HOST),  # head, address, words
            transactions.read((0, 0, 0), 8, 2, host=HOST),  # head, address, count
        ]
    )
    memory = {"type": 1, "answer": 1}
    write = {**memory, "access": Access.BURST_WRITE}
    read = {**memory, "access": Access.BURST_READ}
    written = pack(flits.HEAD, source_x=1, source_y=1)
    answers = [
        pack(flits.MEMORY, **write, command=Command.KEPT) | written,
        pack(flits.MEMORY, **write),
        pack(flits.MEMORY, **read, command=Command.KEPT),
        pack(flits.MEMORY, **read, command=Command.KEPT, content=0x1FF),
        pack(flits.MEMORY, **read, command=Command.KEPT, content=5),
        pack(flits.MEMORY, **read),
    ]
    senders = np.array([3, 3, 0, 0, 0, 0])
    answers = np.array(answers, dtype=np.uint32)
    links = transaction_links(Routes(mesh=mesh), requests, senders, answers)
    wanted = np.zeros((4, 7), dtype=np.int64)
    wanted[0, Port.EAST] = wanted[1, Port.NORTH] = wanted[3, Port.LOCAL] = 5
    wanted[3, Port.WEST] = wanted[2, Port.SOUTH] = 2
    wanted[0, Port.LOCAL] = 3 + 2 + 4
    assert np.array_equal(links, wanted)
