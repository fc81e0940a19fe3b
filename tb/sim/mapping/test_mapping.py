"""Networks placed on meshes."""

import itertools
import json
import re

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike
from tb.kit.networks import random_network
from trispike import golden
from trispike.golden.mesh.routes import Routes, link_flits
from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.models.mesh import mapping
from trispike.models.mesh.mapping import (
    Mapping,
    Part,
    check_room,
    parts,
    smallest_mesh,
)
from trispike.models.mesh.placement import flows, place
from trispike.models.mesh.topology import MeshShape, Port, node_name
from trispike.models.network.presets import TABLE_1, preset
from trispike.sim.mapping.command import figures, mean_spikes


def _activity(shape, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.random(size) * rng.random() for size in shape.sizes]


@pytest.mark.parametrize(
    ("name", "nodes"), [("fc256", 2), ("fc256_256", 3), ("fc1024", 5), ("fc1024_1024", 9)]
)
def test_parts(name, nodes):
    """Every neuron is in one part, no part is larger than a node."""
    shape = preset(name)
    found = parts(shape)
    assert len(found) == nodes
    for k, layer in enumerate(shape.layers):
        mine = [part for part in found if part.layer == k]
        assert [part.first for part in mine] == list(range(0, layer.neurons, 256))
        assert sum(part.neurons for part in mine) == layer.neurons
        assert max(part.neurons for part in mine) <= 256
    assert str(Part(layer=1, first=256, neurons=44)) == "layer 2: 256-299"


@pytest.mark.parametrize(
    ("nodes", "mesh"), [(1, "1x1x1"), (3, "3x1x1"), (5, "3x2x1"), (9, "3x3x1"), (512, "8x8x8")]
)
def test_smallest_mesh(nodes, mesh):
    """Short sides first."""
    assert str(smallest_mesh(nodes)) == mesh


def test_no_room():
    """A network that does not fit is refused, with what it needs."""
    message = r"fc1024_1024 .* needs 9 nodes of 256 neurons, and a mesh of 2x2x2 has 8"
    with pytest.raises(BadInput, match=message):
        check_room(preset("fc1024_1024"), MeshShape(x=2, y=2, z=2))
    with pytest.raises(BadInput, match="no mesh has 513 nodes"):
        smallest_mesh(513)


@pytest.mark.parametrize("places", [((0, 0, 0),), ((0, 0, 0),) * 2, ((0, 0, 0), (2, 0, 0))])
def test_bad_mapping(places):
    """Too few places, one twice, one outside."""
    with pytest.raises(BadInput, match="places"):
        Mapping(shape=preset("fc256"), mesh=MeshShape(x=2, y=1, z=1), places=places)


def test_flows():
    """Flits counted timestep by timestep: spikes to each receiver, an end from each source, a
    credit for each end.
    """
    network = random_network((300, 270, 600, 5), 3)
    rng = np.random.default_rng(1)
    given = rng.random((2, 3, 300)) < 0.4
    fired = (given, *golden.run(network, given, keep_potentials=False).spikes)
    every = parts(network.shape)
    counted = np.zeros((len(every) + 1, len(every) + 1))
    for image, step in itertools.product(range(2), range(3)):
        for sender, receiver in itertools.product(range(len(every) + 1), repeat=2):
            sends = every[sender - 1].layer if sender else -1
            takes = every[receiver - 1].layer if receiver else len(network.layers)
            if takes != sends + 1:
                continue
            which = fired[sends + 1][image, step]
            if sender:
                part = every[sender - 1]
                which = which[part.first : part.first + part.neurons]
            ends = 1 if sender else 2  # 300 inputs are those of two virtual nodes
            counted[sender, receiver] += which.sum() + ends
            counted[receiver, sender] += ends  # the credits
    means = [each.mean(axis=(0, 1)) for each in fired]
    assert flows(network.shape, means) == pytest.approx(counted / 6)


@pytest.mark.parametrize("unicast", [False, True])
@pytest.mark.parametrize("name", TABLE_1)
def test_figures(name, unicast):
    """Against random placements; what parts send, by node, is all but the host's."""
    shape, mesh = preset(name), MeshShape(x=3, y=3, z=2)
    activity = _activity(shape)
    placed = place(shape, mesh, flows(shape, activity), unicast=unicast)
    made = figures(placed, activity, seed=0)
    assert made.random_hop_flits.least < made.random_hop_flits.mean
    assert made.busiest_flits <= made.random_busiest_flits.least
    assert made.random_busiest_flits.least < made.random_busiest_flits.mean
    assert [place for place, *_ in made.places] == [node_name(place) for place in placed.places]
    assert made.flits == pytest.approx(made.host + sum(flits for *_, flits in made.places))
    assert (made.multicasts > 0) == (not unicast and name in ("fc1024", "fc1024_1024"))
    if unicast:
        assert made.flits == pytest.approx(flows(shape, activity).sum())


def test_links():
    """The sum over all links is flits times hops, and each node gets the flits sent to it."""
    mesh = MeshShape(x=3, y=2, z=2)
    sent = np.random.default_rng(0).random((mesh.nodes, mesh.nodes))
    links = link_flits(Routes(mesh=mesh), sent)
    at = np.array(list(mesh.every()))
    hops = np.abs(at[:, np.newaxis] - at).sum(axis=2)
    assert links[:, 1:].sum() == pytest.approx((sent * hops).sum())
    assert links[:, Port.LOCAL] == pytest.approx(sent.sum(axis=0))


@pytest.mark.parametrize(
    ("name", "mesh", "unicast", "busiest", "receivers"),
    [
        ("fc1024", "3x2x1", True, "host, sending", 4),
        ("fc1024", "3x2x1", False, "host, sending", 2),
        ("fc256_256", "2x2x1", False, "host, sending", 1),
    ],
)
def test_busiest(name, mesh, unicast, busiest, receivers):
    """The host sends to four nodes, two of which get copies; input spikes have four sources."""
    shape, mesh = preset(name), MeshShape.parse(mesh)
    activity = [np.full(size, 0.1) for size in shape.sizes]
    placed = place(shape, mesh, flows(shape, activity), unicast=unicast)
    made = figures(placed, activity, seed=0)
    assert made.busiest == busiest
    assert made.busiest_flits == pytest.approx(receivers * (78.4 + 4) + 1)
    assert made.host == pytest.approx(made.busiest_flits)


def test_mean_spikes():
    """More images than are run at once, with the same spikes as one by one."""
    network = random_network((20, 9, 4), 5)
    pixels = np.random.default_rng(2).integers(0, 256, (230, 20), dtype=np.uint8)
    given = spikes.encode(pixels, 2, 7)
    fired = (given, *golden.run(network, given, keep_potentials=False).spikes)
    found = mean_spikes(network, pixels, 2, 7)
    for each, want in zip(found, fired, strict=True):
        assert each == pytest.approx(want.mean(axis=(0, 1)))


@pytest.mark.parametrize("unicast", [False, True])
def test_command(tmp_path, unicast):
    """`make map` on the digits."""
    file = tmp_path / "map.json"
    options = ["--layer", "fc1024_1024", "--mesh", "3x3x1", "--images", "20", "--json", file]
    done = trispike("map", *options, *(["--unicast"] if unicast else []))
    assert done.returncode == 0, done.stderr
    made = json.loads(file.read_text())
    assert len(made["places"]) == 9
    assert made["hop_flits"] < made["random_hop_flits"]["mean"]
    assert (made["multicasts"] == 0) == unicast
    assert f"{made['multicasts']:,.1f}" in done.stdout
    assert "mean of 1000 random placements" in done.stdout
    assert len(mapping.parts(preset("fc1024_1024"))) == 9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "fc1024", "--mesh", "2x2x1"], "error: fc1024 .* needs 5 nodes"),
        (["--mesh", "0x1x1"], "error: a mesh must have from 1 to 8 nodes along x, not 0"),
        (["--timesteps", "0"], "error: timesteps must be from 1"),
        (["--images", "0"], "error: IMAGES must be 1 or more"),
    ],
)
def test_bad_input(options, message):
    """One line, status 2."""
    assert re.match(message, refused_here("map", *options))
