"""Paths of flits and a router, worked out by hand from docs/noc.md."""

import itertools

import numpy as np
import pytest

from trispike.golden.mesh.router import RouterModel
from trispike.golden.mesh.routes import (
    MAX_DROPPED,
    Route,
    Routes,
    expect,
    link_flits,
    zero_load_latency,
)
from trispike.models.mesh import flits
from trispike.models.mesh.flits import Command
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, Routing

CUBE = MeshShape(x=3, y=3, z=3)
LOCAL, EAST, WEST, NORTH, SOUTH, UP, DOWN = Port
DEAD = DeadLink(x=1, y=1, z=0)
"""Between 1.1.0 and 1.1.1."""


@pytest.mark.parametrize(
    ("source", "to", "ports"),
    [
        ((0, 0, 0), (2, 1, 1), [EAST, EAST, NORTH, UP, LOCAL]),
        ((2, 2, 2), (0, 1, 0), [WEST, WEST, SOUTH, DOWN, DOWN, LOCAL]),
        ((1, 1, 1), (1, 1, 1), [LOCAL]),
        ((0, 2, 1), (0, 0, 2), [SOUTH, SOUTH, UP, LOCAL]),
    ],
)
def test_a_path(source, to, ports):
    """First along x, then y, then z."""
    path = Routes(mesh=CUBE).path(source, to)
    assert list(path.ports) == ports
    assert path.nodes[0] == source
    assert path.nodes[-1] == to
    assert path.hops == len(ports) - 1
    assert not path.dropped


def test_out_of_the_mesh():
    """Dropped where the port is missing."""
    path = Routes(mesh=CUBE).path((1, 2, 0), (4, 0, 0))
    assert (path.nodes, path.ports) == (((1, 2, 0), (2, 2, 0)), (EAST, EAST))
    assert path.dropped
    assert path.hops == 1
    path = Routes(mesh=CUBE).path((1, 2, 0), (1, 2, 5))
    assert path.nodes[-1] == (1, 2, 2)
    assert path.ports == (UP, UP, UP)


@pytest.mark.parametrize(
    ("source", "to", "ports", "dropped"),
    [
        ((0, 1, 0), (1, 1, 2), [EAST, UP], True),  # before the dead link
        ((1, 1, 2), (1, 1, 0), [DOWN, DOWN], True),
        ((0, 1, 1), (1, 1, 2), [EAST, UP, LOCAL], False),  # above it
        ((1, 1, 0), (1, 2, 1), [NORTH, UP, LOCAL], False),  # beside it
        ((0, 1, 0), (1, 1, 0), [EAST, LOCAL], False),  # not over it
    ],
)
def test_dead_link(source, to, ports, dropped):
    path = Routes(mesh=CUBE, dead_links=(DEAD,)).path(source, to)
    assert (list(path.ports), path.dropped) == (ports, dropped)


@pytest.mark.parametrize(
    ("source", "to", "ports"),
    [
        ((0, 1, 0), (1, 1, 1), [EAST, EAST, UP, WEST, LOCAL]),  # by the column east of it
        ((1, 1, 0), (1, 1, 2), [EAST, UP, WEST, UP, LOCAL]),  # back as soon as it is passed
        ((1, 1, 2), (1, 1, 0), [EAST, DOWN, DOWN, WEST, LOCAL]),
        ((2, 2, 1), (1, 1, 0), [SOUTH, DOWN, WEST, LOCAL]),
        ((0, 0, 0), (2, 1, 1), [EAST, EAST, NORTH, UP, LOCAL]),  # not in its column
        ((0, 1, 1), (1, 1, 2), [EAST, UP, LOCAL]),  # above it
        ((0, 1, 0), (1, 1, 0), [EAST, LOCAL]),  # below it
    ],
)
def test_detour(source, to, ports):
    path = Routes(mesh=CUBE, routing=Routing.DETOUR, dead_links=(DEAD,)).path(source, to)
    assert (list(path.ports), path.dropped) == (ports, False)
    assert path.nodes[-1] == to


def test_detour_on_a_face():
    """On the eastern face the substitute column is the one to the north."""
    routes = Routes(mesh=CUBE, routing=Routing.DETOUR, dead_links=(DeadLink(x=2, y=0, z=0),))
    assert routes.path((2, 0, 0), (2, 0, 1)).ports == (NORTH, UP, SOUTH, LOCAL)
    assert routes == Routes(mesh=CUBE, routing=Routing.DETOUR, dead_links=routes.dead_links)


def test_broken():
    """The first pair in order that no path joins, and the link at fault, from below or above."""
    routes = Routes(mesh=CUBE, dead_links=(DEAD,))
    assert routes.broken() == ((0, 0, 0), (1, 1, 1), DEAD)
    assert routes.broken([((1, 1, 2), (1, 1, 0)), ((0, 0, 0), (2, 2, 2))]) == (
        (1, 1, 2),
        (1, 1, 0),
        DEAD,
    )
    assert routes.broken([((0, 1, 2), (1, 1, 0))]) == ((0, 1, 2), (1, 1, 0), DEAD)
    assert routes.broken([((0, 0, 0), (2, 2, 2))]) is None
    assert Routes(mesh=CUBE).broken() is None


def test_waiting_in_a_circle():
    """Four flits that turn left in a square may wait for each other; along x, then y, none do."""
    square = MeshShape(x=2, y=2, z=1)
    assert Routes(mesh=square).cycle_of_waiting() is None
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)] * 2
    turns = [EAST, NORTH, WEST, SOUTH] * 2
    left = {
        (corners[k], corners[k + 2]): Route(
            nodes=tuple(corners[k : k + 3]), ports=(*turns[k : k + 2], LOCAL), dropped=False
        )
        for k in range(4)
    }
    found = Routes(mesh=square, _known=dict(left)).cycle_of_waiting()
    assert found[0] == found[-1]
    assert set(found) == set(zip(corners, turns, strict=True))
    left.popitem()
    assert Routes(mesh=square, _known=left).cycle_of_waiting() is None


def _to(x, y, z):
    return flits.pack(flits.SPIKE, x=x, y=y, z=z)


def test_expectation():
    """Three flits in a row of three nodes: one to its end twice, one out of the mesh."""
    routes = Routes(mesh=MeshShape(x=3, y=1, z=1))
    sent = np.array([_to(2, 0, 0), _to(1, 1, 0), _to(2, 0, 0), _to(0, 0, 0)], dtype=np.uint32)
    found = expect(routes, np.array([0, 2, 0, 0]), sent)
    assert found.flits.tolist() == [0, 2, 3]
    assert found.receivers.tolist() == [2, 2, 0]
    assert found.hops.tolist() == [2, 2, 0]
    links, drops = np.zeros((2, 3, 7), dtype=np.int64)
    links[0, EAST] = links[1, EAST] = links[2, LOCAL] = 2
    links[2, WEST] = links[0, LOCAL] = 1
    drops[1, NORTH] = 1
    assert np.array_equal(found.links, links)
    assert np.array_equal(found.drops, drops)
    assert found.links.dtype == found.drops.dtype == found.receivers.dtype == np.int64
    nothing = expect(routes, np.zeros(0, int), np.zeros(0, np.uint32))
    assert nothing.flits.shape == nothing.receivers.shape == nothing.hops.shape == (0,)


def _multicast(x, y, z):
    return flits.pack(flits.SPIKE, x=x, y=y, z=z, to_host=1)


def test_copies():
    """At each node on the way but the first, before a flit is dropped too; none to 0.0.0."""
    routes = Routes(mesh=MeshShape(x=3, y=2, z=1))
    sent = [_multicast(2, 1, 0), _multicast(0, 0, 0), _multicast(2, 3, 0), _multicast(1, 0, 0)]
    found = expect(routes, np.array([0, 2, 0, 1]), np.array(sent, dtype=np.uint32))
    assert found.flits.tolist() == [0, 0, 0, 1, 2, 2, 2, 3]
    assert found.receivers.tolist() == [1, 2, 5, 0, 1, 2, 5, 1]
    assert found.hops.tolist() == [1, 2, 3, 2, 1, 2, 3, 0]
    links, drops = np.zeros((2, 6, 7), dtype=np.int64)
    links[0, EAST] = links[1, EAST] = links[2, NORTH] = 2
    links[1, LOCAL], links[2, LOCAL], links[5, LOCAL] = 3, 2, 2
    links[2, WEST] = links[1, WEST] = links[0, LOCAL] = 1
    drops[5, NORTH] = 1
    assert np.array_equal(found.links, links)
    assert np.array_equal(found.drops, drops)


@pytest.mark.thorough
def test_multicasts_keep_order_round_dead_links():
    """With any one or two dead links: the way to a node on a way is how that begins.

    So all flits of a source that come to a node come by the same buffers, and stay in order.
    """
    columns = itertools.product(range(CUBE.x), range(CUBE.y), range(CUBE.z - 1))
    links = [DeadLink(x=x, y=y, z=z) for x, y, z in columns]
    for dead in itertools.chain(itertools.combinations(links, 1), itertools.combinations(links, 2)):
        routes = Routes(mesh=CUBE, routing=Routing.DETOUR, dead_links=dead)
        for source, destination in itertools.product(CUBE.every(), repeat=2):
            path = routes.path(source, destination)
            for k, node in enumerate(path.nodes):
                assert routes.path(source, node).nodes == path.nodes[: k + 1]


def test_flits_of_means():
    sent = np.zeros((3, 3))
    sent[0, 2], sent[2, 2] = 0.5, 2
    links = link_flits(Routes(mesh=MeshShape(x=3, y=1, z=1)), sent)
    wanted = np.zeros((3, 7))
    wanted[0, EAST] = wanted[1, EAST] = 0.5
    wanted[2, LOCAL] = 2.5
    assert np.array_equal(links, wanted)
    assert zero_load_latency([0, 3]).tolist() == [1, 4]


class _Row:
    """The router in the middle of three in a row, each buffer of two flits."""

    def __init__(self):
        self.model = RouterModel(Routes(mesh=MeshShape(x=3, y=1, z=1)), (1, 0, 0), 2)

    def step(self, ready=(LOCAL, EAST, WEST), **arriving):
        """Pass a cycle, after telling what is shown in it."""
        shown = {port.name: flit for port, (_, flit) in self.model.shown().items()}
        given = {Port[name]: flit for name, flit in arriving.items()}
        self.model.step(given, {port: port in ready for port in self.model.ports})
        return shown


def test_a_router_passes_flits():
    """A cycle after they came; as many as its buffers hold while the link does not take them."""
    row = _Row()
    assert sorted(row.model.ports) == [LOCAL, EAST, WEST]
    assert row.step(WEST=_to(2, 0, 0)) == {}
    assert row.step(ready=(), WEST=_to(1, 0, 0)) == {"EAST": _to(2, 0, 0)}
    assert not row.model.ready(WEST)
    assert row.model.ready(EAST)
    assert row.step(WEST=_to(0, 0, 0)) == {"EAST": _to(2, 0, 0)}  # refused: it was full
    assert row.step() == {"LOCAL": _to(1, 0, 0)}
    assert row.step() == {}


def test_a_router_copies():
    """Either flit goes when its port takes it, and the next one after both; none from LOCAL."""
    row = _Row()
    first, second = _multicast(2, 0, 0), _multicast(2, 0, 0) | 1 << 22
    row.step(WEST=first)
    assert row.step(ready=(EAST,), WEST=second) == {"LOCAL": first, "EAST": first}
    assert row.step(ready=()) == {"LOCAL": first}
    assert row.step() == {"LOCAL": first}
    assert row.step(ready=(LOCAL,)) == {"LOCAL": second, "EAST": second}
    assert row.step(LOCAL=first) == {"EAST": second}
    assert row.step() == {"EAST": first}
    row.step(EAST=_multicast(1, 0, 0), WEST=_multicast(1, 1, 0))
    assert row.step() == {"LOCAL": _multicast(1, 0, 0)}
    assert row.model.dropped == 0  # it is told in the next cycle; the copy waits for its turn
    assert row.step() == {"LOCAL": _multicast(1, 1, 0)}
    assert row.model.dropped == 1
    assert row.step() == {}


def test_inputs_take_turns():
    """Round robin from the one that went last, a packet at a time."""
    row = _Row()
    first, second, third = (_to(1, 0, 0) | k << 22 for k in range(3))
    row.step(LOCAL=first, EAST=second, WEST=third)
    assert [row.step()["LOCAL"] for _ in range(3)] == [first, second, third]
    row.step(EAST=second, WEST=third)
    assert row.step(ready=(), LOCAL=first) == {"LOCAL": second}
    assert row.step() == {"LOCAL": second}  # what was offered stays, whoever comes
    assert row.step() == {"LOCAL": third}
    assert row.step() == {"LOCAL": first}
    head, tail = (
        flits.pack(flits.MEMORY, type=1, x=1, command=int(command))
        for command in (Command.KEPT, Command.DONE)
    )
    row.step(EAST=head)
    row.step(WEST=third)  # the head goes; its packet has more to come
    assert row.step(EAST=tail) == {}
    assert row.step() == {"LOCAL": tail}
    assert row.step() == {"LOCAL": third}


def test_a_router_drops():
    """In the first cycle as the oldest; counted in the next one, up to 65,535."""
    row = _Row()
    row.step(WEST=_to(1, 1, 0), EAST=_to(1, 0, 3))
    assert row.step(WEST=_to(2, 0, 0)) == {}
    assert (row.model.dropped, row.model.dropped_ports) == (0, set())
    assert row.step() == {"EAST": _to(2, 0, 0)}
    assert (row.model.dropped, row.model.dropped_ports) == (2, {NORTH, UP})
    row.step()
    assert row.model.dropped == 2
    row.model.dropped = 65534
    row.step(WEST=_to(1, 1, 0), EAST=_to(1, 0, 3))
    row.step()
    row.step()
    assert row.model.dropped == MAX_DROPPED == 65535
    row.model.reset()
    assert (row.model.dropped, row.model.dropped_ports) == (0, set())
    assert not any(row.model.queues.values())
