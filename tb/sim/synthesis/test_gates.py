"""The mapped netlist runs the scenarios of the RTL, and a broken mapping does not."""

import itertools

import pytest

from tb.kit.bench import run_on_sources
from tb.kit.node_bench import node_shape
from tb.kit.silicon import mapped, needs_yosys
from tb.rtl.layers.neuron_cocotb import shape_of
from trispike.models.mesh.topology import MeshShape, RouterShape, Routing
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import flat_ports
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.layers.convolution import ConvolutionLayer
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.noc.router import Router
from trispike.rtl.node.node import Node
from trispike.sim.synthesis import mapping
from trispike.sim.synthesis.models import simulation
from trispike.sim.tools.simulator import SimulationError

pytestmark = needs_yosys

_PE_BENCH = "tb.rtl.neuron.pe_cocotb"
_SIZES = (10, 6, 3)


def _chip() -> Chip:
    return Chip(shape=NetworkShape.dense(name="bench", sizes=_SIZES))


def _run(block, module, parameters, folder=None, *, gated=False, early=False):
    netlist = mapped(block, gated=gated, early=early, folder=folder)
    name = block.module_name if folder is None else folder.name  # two tests may run at once
    run_on_sources(
        f"gates-{name}{'-gated' * gated}{'-early' * early}",
        simulation(netlist),
        block.module_name,
        flat_ports(block),
        module,
        seed=1,
        parameters=parameters,
    )


_GATED = pytest.mark.parametrize("gated", [False, True], ids=["plain", "gated"])
"""Registers with an enable have multiplexers, or their clocks are gated."""

_EARLY = pytest.mark.parametrize(
    ("gated", "early"),
    [
        pytest.param(False, False, id="plain", marks=pytest.mark.thorough),
        pytest.param(True, False, id="gated"),
        pytest.param(True, True, id="early", marks=pytest.mark.thorough),
    ],
)
"""And gates have latches or none."""


@pytest.mark.parametrize("lanes", [1, pytest.param(4, marks=pytest.mark.thorough)])
def test_pe(lanes):
    _run(ProcessingElement(lanes=lanes), _PE_BENCH, {"lanes": lanes})


@pytest.mark.thorough
@pytest.mark.parametrize("early", [False, True])
def test_gated_pe(early):
    parameters = {"lanes": 2}
    _run(ProcessingElement(**parameters), _PE_BENCH, parameters, gated=True, early=early)


@_EARLY
def test_encoder(gated, early):
    encoder = AEREncoder(inputs=40)
    _run(encoder, "tb.rtl.layers.aer_cocotb", {"inputs": 40}, gated=gated, early=early)


@pytest.mark.thorough
@_EARLY
def test_chip(gated, early):
    """Encoders, flow controllers, memories, PEs, read-out and the buffers between them."""
    parameters = {"sizes": _SIZES, "lanes": 1}
    _run(_chip(), "tb.rtl.chip_cocotb", parameters, gated=gated, early=early)


@pytest.mark.thorough
def test_node():
    """The interface, its tables, the memory map and a cluster, with clocks gated."""
    parameters = {"inputs": 32, "neurons": 32, "sources": 2, "destinations": 2}
    node = Node(shape=node_shape(**parameters))
    _run(node, "tb.rtl.node.node_cocotb", {"inside": False, **parameters}, gated=True)


@pytest.mark.thorough
@_GATED
def test_neurons_that_carry_something_on(gated):
    """A leak, a current, one spike an image, phases, a step a neuron."""
    fixed = {"lanes": 1, "pixels": False}
    parameters = {"number": 3, "inside": False, **fixed}
    shape = shape_of(3, **fixed)
    _run(DenseLayer(shape=shape), "tb.rtl.layers.neuron_cocotb", parameters, gated=gated)


@pytest.mark.thorough
@_GATED
def test_convolution(gated):
    """Line buffers, windows, pool and states in memory."""
    fixed = {"lanes": 1, "pixels": False, "maps": True}
    drawn = ((number, shape_of(number, **fixed)) for number in itertools.count())
    number, shape = next((n, each) for n, each in drawn if each.maps.pool > 1 and each.kept_bits)
    parameters = {"number": number, "inside": False, **fixed}
    _run(ConvolutionLayer(shape=shape), "tb.rtl.layers.neuron_cocotb", parameters, gated=gated)


@pytest.mark.thorough
@_GATED
def test_router(gated):
    """All seven ports, in each cycle as the golden router's; buffers are flip-flops.

    With a detour it has all that one of xyz routing has.
    """
    mesh, here, dead_links = "3x3x3", (1, 1, 1), ((1, 1, 1), (2, 1, 0))
    shape = RouterShape(routing=Routing.DETOUR, dead_links=len(dead_links))
    parameters = {
        "mesh": mesh,
        "here": here,
        "depth": shape.depth,
        "routing": shape.routing.value,
        "dead_links": dead_links,
    }
    router = Router(shape=shape, ports=MeshShape.parse(mesh).ports(here))
    _run(router, "tb.rtl.noc.router_cocotb", parameters, gated=gated)


def test_broken_clock_gate_is_caught(tmp_path, monkeypatch):
    """One that is always open lets a register take what it was not to take."""
    text = mapping.clock_gates_file().read_text()
    right = ".enable(EN_POLARITY ? EN : ~EN)"
    assert right in text
    broken = tmp_path / "broken.v"
    broken.write_text(text.replace(right, ".enable(1'b1)"))
    monkeypatch.setattr(mapping, "clock_gates_file", lambda: broken)
    with pytest.raises(SimulationError, match=r"tb\.rtl\.layers\.aer_cocotb"):
        _run(
            AEREncoder(inputs=10), "tb.rtl.layers.aer_cocotb", {"inputs": 10}, tmp_path, gated=True
        )


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("not_less_for_greater", "assign carry[0] = EQUAL;", "assign carry[0] = 1;"),
        pytest.param("sign_without_carry", "^ carry[Y_WIDTH-1]", "", marks=pytest.mark.thorough),
    ],
)
def test_broken_mapping_is_caught(name, right, wrong, tmp_path, monkeypatch):
    """A wrong techmap shows in the first block that has what it maps."""
    text = mapping.techmap_file().read_text()
    assert right in text
    broken = tmp_path / "broken.v"
    broken.write_text(text.replace(right, wrong))
    monkeypatch.setattr(mapping, "techmap_file", lambda: broken)
    with pytest.raises(SimulationError, match=r"tb\.rtl\.neuron\.pe_cocotb"):
        _run(ProcessingElement(), _PE_BENCH, {"lanes": 1}, tmp_path / name)
