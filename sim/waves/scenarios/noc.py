"""Scenarios of the network on chip: a router, and a mesh of eight."""

from collections.abc import Callable

from trispike.models.mesh import flits
from trispike.models.mesh.flits import MEMORY, SPIKE, Access, Command, FlitType, pack
from trispike.models.mesh.topology import MeshShape, Node, Port, RouterShape
from trispike.rtl.noc.mesh import Mesh, node_name
from trispike.rtl.noc.router import Router
from trispike.sim.waves.probe import bits, unsigned
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.stimulus import Stimulus

_SHAPE = MeshShape(x=2, y=2, z=2)
_ROUTER = RouterShape()
_MIDDLE: Node = (1, 1, 1)


def flit(value: int, width: int) -> str:
    """A flit in words, without spaces: ``spike_0.0.2_->_3.1.0_step_1_neuron_17``."""
    return flits.text(value).replace(" ", "_")


def ports(value: int, width: int) -> str:
    """A set of ports: ``EAST,UP``, or ``none``."""
    return ",".join(port.name for port in Port if value >> port & 1) or "none"


def flit_streams(*names: str) -> dict[str, Callable[[int, int], str]]:
    """The signals of streams of flits."""
    members = {"valid": bits, "ready": bits, "payload": flit}
    return {f"{name}.{member}": show for name in names for member, show in members.items()}


def _number(node: Node) -> int:
    """``node`` as a router's own coordinates."""
    return sum(at << 3 * k for k, at in enumerate(node))


def _coordinates(node: Node, prefix: str = "") -> dict[str, int]:
    return {f"{prefix}{axis}": at for axis, at in zip("xyz", node, strict=True)}


def _spike(source: Node, to: Node, neuron: int, *, multicast: bool = False) -> int:
    nodes = {**_coordinates(to), **_coordinates(source, "source_")}
    return pack(SPIKE, neuron=neuron, to_host=int(multicast), **nodes)


def _burst(to: Node, contents: list[int]) -> list[int]:
    """A transaction: all flits except the last keep the path."""
    commands = [Command.KEPT] * (len(contents) - 1)
    return [
        pack(
            MEMORY,
            type=FlitType.MEMORY,
            command=command,
            access=Access.BURST_WRITE,
            content=content,
            **_coordinates(to),
        )
        for command, content in zip([*commands, Command.DONE], contents, strict=True)
    ]


async def _contention(stimulus: Stimulus) -> None:
    east: Node = (2, 1, 1)
    stimulus.set(here=_number(_MIDDLE), o_east__ready=1)
    second = stimulus.start(
        stimulus.send("i_west", [_spike((0, 1, 1), east, neuron) for neuron in (10, 11, 12)])
    )
    await stimulus.send("i_local", [_spike(_MIDDLE, east, neuron) for neuron in (20, 21, 22)])
    await second
    await stimulus.cycles(6)


async def _transaction(stimulus: Stimulus) -> None:
    upper: Node = (1, 1, 2)
    first, *last_flits = _burst(upper, [0x11, 0x22, 0x33])
    stimulus.set(here=_number(_MIDDLE), o_up__ready=1)
    await stimulus.send("i_local", [first])
    spike = stimulus.start(stimulus.send("i_west", [_spike((0, 1, 1), upper, 7)]))
    await stimulus.cycles(3)  # the path is kept, though nothing comes
    await stimulus.send("i_local", last_flits)
    await spike
    await stimulus.cycles(4)


async def _back_pressure(stimulus: Stimulus) -> None:
    north: Node = (1, 2, 1)
    stimulus.set(here=_number(_MIDDLE), o_east__ready=1)
    sending = stimulus.start(
        stimulus.send("i_south", [_spike((1, 0, 1), north, neuron) for neuron in range(6)])
    )
    await stimulus.send("i_local", [_spike(_MIDDLE, (2, 1, 1), 9)])  # another output is free
    await stimulus.receive("o_north", (7, 0, 2, 0, 0, 0))
    await sending
    await stimulus.cycles(2)


async def _drop(stimulus: Stimulus) -> None:
    beyond: Node = (2, 1, 1)
    stimulus.set(here=_number(_MIDDLE), o_local__ready=1, o_west__ready=1)
    lost = stimulus.start(stimulus.send("i_west", [_spike((0, 1, 1), beyond, 1)]))
    await stimulus.send(
        "i_local",
        [
            *_burst(beyond, [0x11, 0x22]),
            _spike(_MIDDLE, (0, 1, 1), 2),
            _spike(_MIDDLE, (1, 1, 2), 3),
        ],
    )
    await lost
    await stimulus.cycles(4)


async def _multicast(stimulus: Stimulus) -> None:
    beyond: Node = (3, 1, 1)
    stimulus.set(here=_number(_MIDDLE), o_east__ready=1)
    copied = [_spike((0, 1, 1), beyond, neuron, multicast=True) for neuron in (10, 11, 12)]
    sending = stimulus.start(stimulus.send("i_west", copied))
    await stimulus.receive("o_local", (3, 0, 0))
    await sending
    await stimulus.cycles(2)


def _router(name: str, about: str, drive, streams: tuple[str, ...], present=tuple(Port)):
    status = {"sent": ports, "dropped": unsigned, "dropped_ports": ports}
    return Scenario(
        name=name,
        about=about,
        block=lambda: Router(shape=_ROUTER, ports=present),
        drive=drive,
        signals={**flit_streams(*streams), **status},
    )


def _all_ready(stimulus: Stimulus) -> None:
    for node in _SHAPE.every():
        stimulus.set(**{f"o_{node_name(node)}__ready": 1})


async def _corner_to_corner(stimulus: Stimulus) -> None:
    _all_ready(stimulus)
    await stimulus.send("i_0_0_0", [_spike((0, 0, 0), (1, 1, 1), 255)])
    await stimulus.cycles(7)


async def _meeting(stimulus: Stimulus) -> None:
    _all_ready(stimulus)
    await stimulus.send("i_0_0_0", [_spike((0, 0, 0), (1, 1, 0), 1)])
    await stimulus.send("i_1_0_0", [_spike((1, 0, 0), (1, 1, 0), 2)])
    await stimulus.cycles(7)


async def _short_burst(stimulus: Stimulus) -> None:
    to: Node = (1, 1, 1)
    _all_ready(stimulus)
    taking = stimulus.start(stimulus.receive("o_1_1_1", (6, 0, 2, 0, 0)))
    sending = stimulus.start(stimulus.send("i_0_0_0", _burst(to, [0x1, 0x2, 0x3, 0x4])))
    await stimulus.cycles(3)
    await stimulus.send("i_1_1_0", [_spike((1, 1, 0), to, 5)])
    await sending
    await taking
    await stimulus.cycles(2)


def _mesh(name: str, about: str, drive, source: tuple[Node, ...], path: tuple[Node, ...]):
    """``path``: the nodes that flits pass, the last being their destination."""
    streams = [*(f"i_{node_name(node)}" for node in source), f"o_{node_name(path[-1])}"]
    return Scenario(
        name=name,
        about=about,
        block=lambda: Mesh(shape=_SHAPE, router=_ROUTER),
        drive=drive,
        signals={
            **flit_streams(*streams),
            **{f"sent_{node_name(node)}": ports for node in path},
            f"dropped_{node_name(path[-1])}": unsigned,
        },
    )


_DIAGONAL: tuple[Node, ...] = ((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1))

SCENARIOS = (
    _router(
        "router_contention",
        "two inputs want the same output at once, three flits each: it is theirs in turn",
        _contention,
        ("i_local", "i_west", "o_east"),
    ),
    _router(
        "router_transaction",
        "a spike flit waits until a transaction of three flits is over, its pause included",
        _transaction,
        ("i_local", "i_west", "o_up"),
    ),
    _router(
        "router_back_pressure",
        "a neighbour that is not ready: the buffer of four fills, the input stalls, another output "
        "goes on",
        _back_pressure,
        ("i_local", "i_south", "o_north", "o_east"),
    ),
    _router(
        "router_multicast",
        "three multicasts pass a node that takes nothing at first: one goes on and its copy waits, "
        "then both leave in one cycle",
        _multicast,
        ("i_west", "o_east", "o_local"),
    ),
    _router(
        "router_drop",
        "a router in the corner of a mesh: flits that want to leave the mesh are dropped and "
        "counted, the others pass",
        _drop,
        ("i_local", "i_west", "o_west"),
        _SHAPE.ports(_MIDDLE),
    ),
    _mesh(
        "mesh_corner_to_corner",
        "2x2x2: a spike flit along x, y and z",
        _corner_to_corner,
        ((0, 0, 0),),
        _DIAGONAL,
    ),
    _mesh(
        "mesh_meeting",
        "2x2x2: a flit on its way and one from the node meet in a router and want the same link",
        _meeting,
        ((0, 0, 0), (1, 0, 0)),
        _DIAGONAL[:3],
    ),
    _mesh(
        "mesh_burst",
        "2x2x2: a transaction of four flits from corner to corner, taken late; a spike flit that "
        "joins it on its way waits for its end",
        _short_burst,
        ((0, 0, 0), (1, 1, 0)),
        _DIAGONAL,
    ),
)
