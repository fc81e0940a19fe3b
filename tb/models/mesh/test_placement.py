"""Placements of networks on meshes."""

import itertools

import numpy as np
import pytest

from trispike.models.mesh import multicast, placement
from trispike.models.mesh.loads import loads
from trispike.models.mesh.mapping import HOST, Mapping, parts
from trispike.models.mesh.placement import flows, place
from trispike.models.mesh.topology import MeshShape
from trispike.models.network.presets import TABLE_1, preset
from trispike.models.network.shape import NetworkShape


def _sent(shape, seed=0):
    rng = np.random.default_rng(seed)
    return flows(shape, [rng.random(size) * rng.random() for size in shape.sizes])


def _cost(mapping, sent):
    """What a placement should have little of, in order."""
    if not mapping.unicast:
        found = loads(mapping, sent)
        return found.most, found.hop_flits
    shared = zip(mapping.places, sent[1:], strict=True)
    shared = sum(row.sum() for place, row in shared if place == HOST)
    return loads(mapping, sent).hop_flits + 1000 * shared


@pytest.mark.parametrize("unicast", [False, True])
@pytest.mark.parametrize(
    ("name", "mesh"),
    [("fc256", "2x2x2")] + [("fc256_256", mesh) for mesh in ("3x1x1", "2x2x1", "3x2x1", "2x2x2")],
)
def test_best_of_few(name, mesh, unicast):
    """On small meshes nothing beats the placement."""
    shape, mesh = preset(name), MeshShape.parse(mesh)
    sent = _sent(shape)
    found = place(shape, mesh, sent, unicast=unicast)
    assert found.unicast == unicast
    least = min(
        _cost(Mapping(shape=shape, mesh=mesh, places=each, unicast=unicast), sent)
        for each in itertools.permutations(mesh.every(), len(found.places))
    )
    assert _cost(found, sent) == pytest.approx(least)


@pytest.mark.parametrize(
    ("name", "mesh", "sends"),
    [
        ("fc256_256", "2x2x1", 1),
        ("fc1024", "3x2x1", 2),
        ("fc1024", "2x2x2", 2),
        ("fc1024", "4x2x1", 1),
        ("fc1024", "5x1x1", 1),
        ("fc1024_1024", "5x2x1", 1),
        ("fc1024_1024", "3x2x2", 1),
        ("fc1024_1024", "2x2x3", 1),
    ],
)
def test_flits_of_the_host(name, mesh, sends):
    """With how many flits a spike of the input reaches the first layer; no place has many more."""
    shape, mesh = preset(name), MeshShape.parse(mesh)
    rates = 0.1, *[0.02] * len(shape.layers)
    sent = flows(shape, [np.full(n, r) for n, r in zip(shape.sizes, rates, strict=True)])
    placed = place(shape, mesh, sent)
    assert len(placed.host_sends()) == sends
    found = loads(placed, sent)
    assert found.sent[0] == pytest.approx(sends * (78.4 + 4) + 1)
    assert found.most < (sends + 0.2) * (78.4 + 4)
    assert HOST not in placed.places or len(placed.places) == mesh.nodes


@pytest.mark.parametrize(
    ("mesh", "count", "sends", "ways"),
    [("4x4x4", 4, 1, 12), ("4x2x1", 4, 1, 1), ("2x2x2", 4, 2, 4), ("2x1x1", 4, 0, 0)],
)
def test_first_layers(mesh, count, sends, ways):
    """The fewest flits that reach so many nodes, in all ways; none if there is no room for them."""
    mesh = MeshShape.parse(mesh)
    *found, last = placement._first_layers(mesh, count)
    assert last == []
    assert len({tuple(numbers) for numbers in found}) == len(found) == ways
    for numbers in found:
        nodes = tuple(map(mesh.node, numbers))
        assert len(set(nodes)) == count
        assert len(multicast.sends(HOST, nodes)) == sends


@pytest.mark.parametrize("name", TABLE_1)
def test_better_than_random(name):
    """No random placement of a thousand is better, nor that without multicasts."""
    shape, mesh = preset(name), MeshShape(x=3, y=3, z=2)
    sent = _sent(shape)
    placed = place(shape, mesh, sent)
    rng = np.random.default_rng(0)
    for _ in range(1000):
        places = tuple(mesh.node(int(k)) for k in rng.permutation(mesh.nodes)[: len(placed.places)])
        other = Mapping(shape=shape, mesh=mesh, places=places)
        assert _cost(placed, sent) <= _cost(other, sent)
    alone = place(shape, mesh, sent, unicast=True)
    assert _cost(placed, sent) <= _cost(Mapping(shape=shape, mesh=mesh, places=alone.places), sent)
    assert place(shape, mesh, sent) == placed


@pytest.mark.parametrize(
    ("sizes", "mesh"),
    [
        ((20, 700), "2x2x1"),
        ((20, 1000), "2x2x1"),
        ((20, 2000), "2x2x2"),
        ((20, 10), "1x1x1"),
        ((20, *[600] * 8, 10), "5x5x1"),
    ],
)
def test_shapes(sizes, mesh):
    """One layer, one node, first layers that no ways of the host hold: all are placed, the same
    each time.
    """
    shape, mesh = NetworkShape.dense(name="some", sizes=sizes), MeshShape.parse(mesh)
    sent = _sent(shape, 3)
    placed = place(shape, mesh, sent)
    assert len(placed.places) == len(parts(shape))
    assert place(shape, mesh, sent) == placed
    alone = place(shape, mesh, sent, unicast=True)
    assert loads(placed, sent).most <= loads(alone, sent).most


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("sizes", "mesh", "part"),
    [((1024, *[1024] * 16), "4x4x4", 0.4), ((784, *[1024] * 14, 10), "8x8x8", 0.2)],
)
def test_large(sizes, mesh, part):
    """Many layers, on a full mesh and on the largest: a part of the hops of random placements."""
    shape, mesh = NetworkShape.dense(name="deep", sizes=sizes), MeshShape.parse(mesh)
    sent = flows(shape, [np.full(size, 0.1) for size in shape.sizes])
    placed = place(shape, mesh, sent)
    rng = np.random.default_rng(0)
    hop_flits, most = [], []
    for _ in range(20):
        places = tuple(mesh.node(int(k)) for k in rng.permutation(mesh.nodes)[: len(placed.places)])
        other = loads(Mapping(shape=shape, mesh=mesh, places=places), sent)
        hop_flits.append(other.hop_flits)
        most.append(other.most)
    found = loads(placed, sent)
    print(found.hop_flits / np.mean(hop_flits), found.most, min(most), np.mean(most))
    assert found.hop_flits < part * np.mean(hop_flits)
    assert found.most < 0.6 * np.mean(most)
    assert len(placed.host_sends()) == 1
