"""Flits on the links and ports of a mesh in a timestep of a network."""

import numpy as np
import pytest

from tb.kit.mapped import CASES, flit, mapped
from trispike.golden.mesh.routes import Routes, expect
from trispike.models.mesh.flits import node_code
from trispike.models.mesh.loads import Balance, Ways, loads, traffic
from trispike.models.mesh.mapping import HOST, Mapping, virtual_nodes
from trispike.models.mesh.placement import flows, place
from trispike.models.mesh.topology import MeshShape, Port
from trispike.models.network.shape import NetworkShape


@pytest.mark.parametrize("unicast", [False, True])
def test_by_hand(unicast):
    """A row: layer 2 beside the host, then the two parts of layer 1, which a multicast reaches."""
    shape, mesh = NetworkShape.dense(name="row", sizes=(300, 300, 10)), MeshShape(x=3, y=1, z=1)
    spikes = [np.zeros(size) for size in shape.sizes]
    spikes[0][:10] = spikes[1][:5] = spikes[1][256:259] = spikes[2][:2] = 1
    places = ((1, 0, 0), (2, 0, 0), (0, 0, 0))
    mapping = Mapping(shape=shape, mesh=mesh, places=places, unicast=unicast)
    found = loads(mapping, flows(shape, spikes))
    again = 12 if unicast else 0  # the host's 10 spikes and two ends
    links = np.zeros((3, 7))
    links[:, Port.EAST] = 12 + again + 2, 12 + 1, 0
    links[:, Port.WEST] = 0, 6 + 2 + 4 + 2, 4 + 2
    links[:, Port.LOCAL] = 6 + 2 + 4 + 2 + 1 + 3, 12 + 1, 12 + 1
    assert np.array_equal(found.links, links)
    assert found.into.tolist() == [12 + again + 1 + 3 + 2, 6 + 2, 4 + 2]
    assert found.sent == (12 + again + 1, 6 + 2, 4 + 2, 3 + 2)
    assert found.multicasts == 12 - again
    assert found.hop_flits == 14 + again + 13 + 14 + 6
    assert found.most == 18 + again
    assert found.busiest == "host and 0.0.0, sending"


@pytest.mark.parametrize(
    ("spikes", "places", "busiest"),
    [
        ((10, 0, 0), ((1, 0, 0), (0, 1, 0), (1, 1, 0)), "host, sending"),
        ((0, 100, 44), ((1, 0, 0), (0, 1, 0), (1, 1, 0)), "1.1.0 local"),
        ((0, 100, 44), ((3, 0, 0), (2, 0, 0), (0, 1, 0)), "1.0.0 west"),
    ],
)
def test_busiest(spikes, places, busiest):
    """The host, or a port of a router; ``spikes`` are of the input and both parts of layer 1."""
    shape, mesh = NetworkShape.dense(name="named", sizes=(10, 300, 10)), MeshShape(x=4, y=2, z=1)
    given, first, second = spikes
    neurons = np.arange(300)
    fired = (neurons < first) | (neurons >= 256) & (neurons < 256 + second)
    means = [np.full(10, given / 10), fired.astype(float), np.zeros(10)]
    found = loads(Mapping(shape=shape, mesh=mesh, places=places), flows(shape, means))
    assert found.busiest == busiest


def test_busiest_sender():
    """A node that sends to two others by two links."""
    shape, mesh = NetworkShape.dense(name="named", sizes=(10, 256, 300)), MeshShape(x=3, y=2, z=1)
    means = [np.zeros(10), np.ones(256), np.zeros(300)]
    places = ((1, 0, 0), (2, 0, 0), (1, 1, 0))
    found = loads(Mapping(shape=shape, mesh=mesh, places=places), flows(shape, means))
    assert (found.busiest, found.most) == ("1.0.0, sending", 2 * 257 + 1)


def _sent(mapping, case):
    """All that goes over the mesh when ``case`` runs: source, destination, to_host, flits."""
    steps = case.given.shape[0] * case.given.shape[1]
    ends = len(virtual_nodes(mapping.shape)) * steps
    layers, silent = len(mapping.shape.layers), not mapping.shape.layers[-1].fires
    for send in mapping.host_sends():
        yield HOST, send.destination, send.multicast, case.given.sum() + ends
    for number, (node, part) in enumerate(zip(mapping.places, mapping.parts, strict=True)):
        fired = case.result.spikes[part.layer][..., part.first : part.first + part.neurons]
        sent = fired.sum() + steps
        for send in mapping.sends(number) if part.layer + 1 < layers else ():
            yield node, send.destination, send.multicast, sent
        for other in mapping.places_of(part.layer + 1):
            yield other, node, False, steps
        if part.layer + 1 == layers:
            yield node, HOST, True, sent + 3 * part.neurons * steps * silent
            yield HOST, node, False, steps
        if part.layer == 0:
            yield node, HOST, True, ends


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_as_the_golden_model(name, balanced):
    """The flits of each send, one by one on the golden mesh; the placed ones have multicasts."""
    case = mapped(name)
    mapping, mesh = case.mapping, case.mapping.mesh
    spikes = [each.mean(axis=(0, 1)) for each in (case.given, *case.result.spikes)]
    sent = flows(mapping.shape, spikes, mapping.node)
    if balanced:
        mapping = place(mapping.shape, mesh, sent, mapping.node)
    sources, addresses, counts = [], [], []
    for source, destination, to_host, count in _sent(mapping, case):
        sources.append(mesh.number(source))
        addresses.append(flit(node_code(destination), 0, 0, word=0, to_host=int(to_host)))
        counts.append(int(count))
    every = np.repeat(sources, counts), np.repeat(addresses, counts)
    steps = case.given.shape[0] * case.given.shape[1]
    found = loads(mapping, sent)
    assert found.links * steps == pytest.approx(expect(Routes(mesh=mesh), *every).links, abs=1e-3)
    assert found.into * steps == pytest.approx(np.bincount(every[0], minlength=mesh.nodes))
    if balanced and name in ("full nodes", "small nodes", "potentials"):
        assert found.multicasts > 0


@pytest.mark.parametrize(
    ("sizes", "mesh"), [((30, 1000, 700, 600, 10), "4x3x2"), ((784, 1024, 10), "4x2x1")]
)
def test_moves(sizes, mesh):
    """After random moves all is as of a placement that is looked at as a whole, to the last bit."""
    shape, mesh = NetworkShape.dense(name="moved", sizes=sizes), MeshShape.parse(mesh)
    rng = np.random.default_rng(1)
    spikes = [rng.random(size) * rng.random() for size in shape.sizes]
    sent = flows(shape, spikes)
    ways, senders = Ways(mesh), traffic(shape, sent)
    wanted = len(sent) - 1
    at = [0, *rng.permutation(mesh.nodes)[:wanted].tolist()]
    balance = Balance(ways, senders, at)
    improved = 0
    for _ in range(300):
        one, other = rng.choice(mesh.nodes, 2, replace=False).tolist()
        moves = {
            k: {one: other, other: one}[at[k]]
            for k in range(1, wanted + 1)
            if at[k] in (one, other)
        }
        after = [moves.get(k, node) for k, node in enumerate(at)]
        whole = Balance(Ways(mesh), senders, after)
        assert balance.cost_after(moves) == whole.cost
        places = tuple(map(mesh.node, after[1:]))
        counted = loads(Mapping(shape=shape, mesh=mesh, places=places), sent)
        assert whole.cost == (counted.most, counted.hop_flits)
        better = whole.cost < balance.cost
        assert balance.improve(moves) == better
        improved += better
        if not better and rng.random() < 0.7:  # so that it stays easy to improve
            balance.move(moves)
            better = True
        at = after if better else at
        assert balance.at == at
    assert improved > 50


def test_growth():
    """Parts that stand nowhere get and send no flits."""
    shape, mesh = (
        NetworkShape.dense(name="grown", sizes=(300, 600, 300, 10)),
        MeshShape(x=3, y=2, z=2),
    )
    rng = np.random.default_rng(2)
    sent = flows(shape, [rng.random(size) for size in shape.sizes])
    senders, at = traffic(shape, sent), [0, *[None] * 6]
    balance = Balance(Ways(mesh), senders, at)
    assert balance.cost == (0, 0)
    for part, node in enumerate([1, 4, 3, 7, 8, 0], 1):
        at[part] = node
        balance.move({part: node})
        assert balance.cost == Balance(Ways(mesh), senders, at).cost
    places = tuple(map(mesh.node, at[1:]))
    counted = loads(Mapping(shape=shape, mesh=mesh, places=places), sent)
    assert balance.cost == (counted.most, counted.hop_flits)
