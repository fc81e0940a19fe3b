"""Geometries of the RTL blocks, each with the scenarios that it must pass."""

import dataclasses
import functools

from tb.kit.node_bench import node_shape
from tb.rtl.layers.neuron_cocotb import shape_of
from trispike.models.mesh.topology import MeshShape, RouterShape, Routing
from trispike.models.network.layers import BankShape, Bias, Dense, Threshold
from trispike.models.network.neuron import INTEGRATE_AND_FIRE
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import Block, parameters_suffix
from trispike.rtl.layers import LAYERS
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.lanes import LaneEncoder
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.noc.router import Router
from trispike.rtl.node.host_port import HostPort
from trispike.rtl.node.node import Node


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A block, the module of its scenarios, and the parameters of its testbench.

    ``in_amaranth`` as for `_large`, ``short`` as for `_short`; ``peeked`` as for `run_on_sources`.
    """

    name: str
    make: functools.partial[Block]
    module: str
    parameters: dict
    seed: int = 1
    in_amaranth: bool = True
    short: tuple[str, ...] = ("amaranth",)
    peeked: tuple[str, ...] = ()


_FIRING = ("flow_controller_*.state", "processing_element*.potential")
"""Of a layer: what its PEs do, and their potentials."""


def _encoder(inputs: int) -> Case:
    return Case(
        name=f"aer_{inputs}",
        make=functools.partial(AEREncoder, inputs=inputs),
        module="tb.rtl.layers.aer_cocotb",
        parameters={"inputs": inputs},
    )


def _bank(rows: int, width: int) -> Case:
    return Case(
        name=f"sram_{rows}x{width}",
        make=functools.partial(
            SRAMBank, shape=BankShape(rows=rows, width=width, neurons=width // 2)
        ),
        module="tb.rtl.layers.sram_cocotb",
        parameters={"rows": rows, "width": width},
    )


def _lanes(inputs: int, lanes: int) -> Case:
    return Case(
        name=f"lanes_{inputs}_{lanes}",
        make=functools.partial(LaneEncoder, inputs=inputs, lanes=lanes),
        module="tb.rtl.layers.lanes_cocotb",
        parameters={"inputs": inputs, "lanes": lanes},
    )


def _flow(lanes: int) -> Case:
    return Case(
        name=f"flow_{lanes}",
        make=functools.partial(FlowController, inputs=10, lanes=lanes),
        module="tb.rtl.layers.flow_cocotb",
        parameters={"inputs": 10, "lanes": lanes},
    )


def _pe(lanes: int) -> Case:
    return Case(
        name=f"pe_{lanes}",
        make=functools.partial(ProcessingElement, lanes=lanes),
        module="tb.rtl.neuron.pe_cocotb",
        parameters={"lanes": lanes},
    )


def _router(
    mesh: str, *here: int, depth: int = 4, routing: str = "xyz", dead_links: tuple = ()
) -> Case:
    shape = RouterShape(depth=depth, routing=Routing(routing), dead_links=len(dead_links))
    return Case(
        name=f"router_{mesh}_{'_'.join(map(str, here))}_{shape}",
        make=functools.partial(Router, shape=shape, ports=MeshShape.parse(mesh).ports(here)),
        module="tb.rtl.noc.router_cocotb",
        parameters={
            "mesh": mesh,
            "here": here,
            "depth": depth,
            "routing": routing,
            "dead_links": dead_links,
        },
    )


def _mesh(mesh: str, *, routing: str = "xyz", dead_links: tuple = (), stalls: bool = False) -> Case:
    router = RouterShape(routing=Routing(routing), dead_links=len(dead_links))
    parameters = {"mesh": mesh, "routing": routing, "dead_links": dead_links, "stalls": stalls}
    return Case(
        name=f"mesh_{mesh}_{router}{'_stalls' if stalls else ''}",
        make=functools.partial(Mesh, shape=MeshShape.parse(mesh), router=router, stalls=stalls),
        module="tb.rtl.noc.mesh_cocotb",
        parameters=parameters,
    )


def _host_port() -> Case:
    return Case(
        name="host_port",
        make=functools.partial(HostPort),
        module="tb.rtl.node.host_port_cocotb",
        parameters={},
    )


def _layer(
    inputs: int,
    neurons: int,
    lanes: int = 1,
    threshold: Threshold = Threshold.ONE,
    bias: Bias = Bias.TERNARY,
    readable: bool = False,
) -> Case:
    shape = Dense(inputs=inputs, neurons=neurons, lanes=lanes, threshold=threshold, bias=bias)
    return Case(
        name=f"layer_{inputs}x{neurons}_{lanes}{parameters_suffix(shape)}{'_readable' * readable}",
        make=functools.partial(DenseLayer, shape=shape, readable=readable),
        module="tb.rtl.layers.dense_cocotb",
        parameters={
            "inputs": inputs,
            "neurons": neurons,
            "lanes": lanes,
            "threshold": threshold.value,
            "bias": bias.value,
            "readable": readable,
        },
        peeked=_FIRING,
    )


def _neuron(number: int, lanes: int = 1, **more: bool) -> Case:
    parameters = {"number": number, "lanes": lanes, "pixels": False, **more}
    fixed = {k: v for k, v in parameters.items() if k in ("lanes", "pixels", "maps")}
    if more.get("memoryless"):
        fixed["neuron"] = INTEGRATE_AND_FIRE
    shape = shape_of(number, **fixed)
    return Case(
        name=f"neuron_{number}_{lanes}{''.join(f'_{each}' for each in more)}",
        make=functools.partial(LAYERS[type(shape)], shape=shape),
        module="tb.rtl.layers.neuron_cocotb",
        parameters=parameters,
        peeked=_FIRING,
    )


def _chip(*sizes: int, lanes: int = 1, stability: int | None = None) -> Case:
    shape = NetworkShape.dense(name="bench", sizes=sizes, lanes=lanes)
    shape = dataclasses.replace(shape, stops=stability is not None)
    return Case(
        name=f"chip_{'_'.join(map(str, sizes))}_{lanes}{'_stops' * shape.stops}",
        make=functools.partial(Chip, shape=shape),
        module="tb.rtl.chip_cocotb",
        parameters={"sizes": sizes, "lanes": lanes, "stability": stability},
    )


def _node(inputs: int, neurons: int, sources: int, destinations: int, **own: bool | str) -> Case:
    parameters = {
        "inputs": inputs,
        "neurons": neurons,
        "sources": sources,
        "destinations": destinations,
        **own,
    }
    shape = node_shape(**parameters)
    return Case(
        name=f"node_{shape}",
        make=functools.partial(Node, shape=shape),
        module="tb.rtl.node.node_cocotb",
        parameters=parameters,
        peeked=tuple(f"network_interface_*.memory__{port}" for port in ("line", "read", "write")),
    )


def _large(case: Case) -> Case:
    """``case`` in Verilator alone: Amaranth's simulator is too slow, and runs one like it."""
    return dataclasses.replace(case, in_amaranth=False, short=())


def _short(case: Case, *simulators: str) -> Case:
    """``case`` that is thorough but in these ``simulators``; others are but in Amaranth's."""
    return dataclasses.replace(case, short=simulators)


EVERYTHING = {
    **dict.fromkeys(("thresholds", "biases", "potentials", "forgets"), True),
    "neuron": "LEAKY",
    "step": "each",
}
"""All that a node may have, but for constants in place of values of a neuron."""

# The longest first, so that two workers end together.
CASES = [
    _large(_node(64, 96, 8, 3)),
    _short(_node(32, 32, 2, 2), "verilator"),
    _large(_node(64, 32, 2, 2)),  # the smallest with two sources at a time
    _large(_node(32, 32, 2, 2, thresholds=True)),
    _large(_node(32, 32, 2, 2, potentials=True)),
    _large(_node(64, 96, 4, 2, thresholds=True, biases=True)),
    _large(_node(64, 96, 4, 2, **EVERYTHING)),
    _large(_layer(40, 66)),
    _large(_chip(20, 12, 9, 4)),
    _short(_chip(21, 12, 3, 4, lanes=4)),
    _short(_chip(13, 9, 4, lanes=2, stability=1), "verilator"),
    _large(_layer(1024, 3)),
    _large(_layer(275, 66)),
    _large(_layer(525, 3, lanes=2)),
    _layer(37, 5, lanes=8),
    _layer(5, 3, lanes=2),
    _short(_layer(19, 67, threshold=Threshold.EACH)),
    _layer(11, 6, lanes=2, threshold=Threshold.EACH, bias=Bias.EACH),
    _layer(9, 5, threshold=Threshold.NONE, readable=True),
    _large(_layer(1032, 3, lanes=8, threshold=Threshold.NONE, bias=Bias.EACH)),
    _neuron(3),
    _neuron(5, lanes=4),
    _neuron(8, pixels=True),
    _neuron(1, pixels=True),  # nothing that all of its neurons share
    _short(_neuron(17, lanes=4, maps=True)),
    _short(_neuron(19, lanes=2, maps=True)),
    _short(_neuron(6, maps=True), "verilator"),
    _short(_neuron(12, maps=True), "verilator"),
    _short(_neuron(12, maps=True, memoryless=True), "verilator"),
    _neuron(34, lanes=4, maps=True, memoryless=True),
    _short(_neuron(34, maps=True, pixels=True)),
    _large(_router("3x3x3", 1, 1, 1)),
    _short(_router("3x3x3", 2, 1, 1, routing="detour", dead_links=((1, 1, 1), (2, 1, 0)))),
    _router("2x3x2", 0, 1, 1, depth=3, dead_links=((0, 1, 0),)),
    _router("1x1x1", 0, 0, 0, depth=2),
    _mesh("1x2x1", stalls=True),
    _mesh("2x1x2", routing="detour", dead_links=((0, 0, 0),)),
    _host_port(),
    _short(_pe(1), "verilator", "amaranth"),
    _pe(2),
    _pe(4),
    _pe(8),
    _large(_lanes(784, 4)),
    _lanes(21, 8),
    _lanes(2, 2),
    _lanes(9, 1),
    _large(_encoder(1024)),
    _encoder(256),
    _bank(1024, 128),
    _bank(8, 16),
    _flow(1),
    _flow(4),
    _encoder(10),
    _encoder(1),
]
