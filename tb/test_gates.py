"""The mapped netlist runs the scenarios of the RTL, and a broken mapping does not."""

import pytest

from models.mesh import MeshShape, RouterShape, Routing
from models.network import NetworkShape
from rtl.aer import AEREncoder
from rtl.chip import Chip
from rtl.noc.router import Router
from rtl.pe import ProcessingElement
from sim.simulator import SimulationError
from sim.synthesis import mapping
from sim.synthesis.models import simulation
from tb.bench import run_on_sources
from tb.silicon import mapped, needs_yosys

pytestmark = needs_yosys

_SIZES = (10, 6, 3)


def _chip() -> Chip:
    return Chip(shape=NetworkShape(name="bench", sizes=_SIZES))


def _run(block, module, parameters, folder=None):
    netlist = mapped(block, folder=folder)
    run_on_sources(
        f"gates-{block.module_name}",
        simulation(netlist),
        block.module_name,
        module,
        seed=1,
        parameters=parameters,
    )


@pytest.mark.parametrize("lanes", [1, 4])
def test_pe(lanes):
    _run(ProcessingElement(lanes=lanes), "tb.pe_cocotb", {"lanes": lanes})


def test_encoder():
    _run(AEREncoder(inputs=40), "tb.aer_cocotb", {"inputs": 40})


def test_chip():
    """Encoders, flow controllers, memories, PEs, read-out and the buffers between them."""
    _run(_chip(), "tb.chip_cocotb", {"sizes": _SIZES, "lanes": 1})


def test_router():
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
    _run(router, "tb.noc_router_cocotb", parameters)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("assign carry[0] = EQUAL;", "assign carry[0] = 1;"),  # >= for >
        ("^ carry[Y_WIDTH-1]", ""),  # the sign loses its carry
    ],
)
def test_broken_mapping_is_caught(right, wrong, tmp_path, monkeypatch):
    """A wrong techmap shows in the first block that has what it maps."""
    text = mapping.techmap_file().read_text()
    assert right in text
    broken = tmp_path / "broken.v"
    broken.write_text(text.replace(right, wrong))
    monkeypatch.setattr(mapping, "techmap_file", lambda: broken)
    with pytest.raises(SimulationError, match=r"tb\.pe_cocotb"):
        _run(ProcessingElement(), "tb.pe_cocotb", {"lanes": 1}, tmp_path)
