"""Energy on a mesh: by hand, and a flit's energy in a router measured again."""

import numpy as np
import pytest

from tb.kit.silicon import needs_synthesis
from trispike.golden.mesh.routes import Routes
from trispike.models.mesh import flits
from trispike.models.mesh.mapping import Mapping
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, Port, RouterShape
from trispike.models.network.shape import NetworkShape
from trispike.rtl.noc.input_unit import InputUnit
from trispike.rtl.noc.router import Router
from trispike.rtl.node.node import Node
from trispike.rtl.verilog import export
from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.events import addition
from trispike.sim.cost.mesh import MeshCounts, energies
from trispike.sim.cost.registers import Registers, registers
from trispike.sim.cost.scaling import OSU_180, scaled
from trispike.sim.energy.router import measure, passing
from trispike.sim.synthesis import liberty
from trispike.sim.synthesis.flow import synthesise
from trispike.sim.synthesis.tools import LIBERTY

_MESH = MeshShape(x=3, y=1, z=1)


def test_by_hand():
    """Two parts of 256 and 44 neurons on three nodes; every number counted by hand."""
    shape = NetworkShape.dense(name="one", sizes=(100, 300))
    mapping = Mapping(shape=shape, mesh=_MESH, places=((0, 0, 0), (2, 0, 0)))
    made = energies(
        MeshCounts(
            mapping=mapping,
            timesteps=2,
            cycles=1000.0,
            spikes=(10.0,),
            operations=(600.0,),
            passes=50.0,
            node=Registers(flip_flops=9000, narrow=110, wide=320, elements=(19,)),
            interface=Registers(flip_flops=500, narrow=10, wide=20),
        ),
        100.0,
    )
    compute, memory, network = made["compute"], made["memory"], made["network"]

    def nj(pj):
        return scaled(pj, OSU_180, TARGET) / 1000

    clock, gate = constants.FLIP_FLOP_CLOCK.value, constants.CLOCK_GATE_WITH_LATCH.value
    encoders = 2 * (2 * 1024 + 10 * 1024**0.5)
    passed = 19 * (600 + 2 * 300) + encoders
    always = 3 * 1000 * (100 * clock + 300 * gate)
    clocks = always + passed * constants.FLIP_FLOP_PASSED.value
    assert compute["register clocks"] == pytest.approx(nj(clocks))
    assert compute["encoder steps"] == pytest.approx(20 * addition(32) / 1000)
    fires = 2 * 300 * 2 * addition(18) / 1000
    assert compute["biases and thresholds"] == pytest.approx(fires)
    change = 4.5 * scaled(constants.FLIP_FLOP_CHANGE.value, OSU_180, TARGET)
    adds = 600 * (1.8 * (addition(8) + addition(18)) + addition(18) + change)
    assert compute["synaptic additions"] == pytest.approx(adds / 1000)
    bank = constants.SRAM_READ[128, 256].value  # one of the four parts of 1,024 rows
    assert memory["SRAM reads"] == pytest.approx(2 * 10 * 4 * bank / 1000)
    leakage = 3 * 64 * constants.SRAM_LEAKAGE.value * 10e-6
    assert memory["SRAM leakage"] == pytest.approx(leakage)
    assert network["flits"] == pytest.approx(nj(50 * constants.ROUTER_FLIT.value))
    ports = (2 + 3 + 2) / 7
    routers = nj(1000 * ports * constants.ROUTER_CLOCK.value)
    assert network["clocks of routers"] == pytest.approx(routers)
    interfaces = nj(3 * 1000 * (10 * clock + 20 * gate))
    assert network["clocks of interfaces"] == pytest.approx(interfaces)


def test_registers_of_a_node():
    """A node is its interface and its cluster, with one kind of PE; buffers are registers, too."""
    node = NodeShape(inputs=32, neurons=32, sources=2, destinations=2)
    texts = export(Node(shape=node))
    whole = registers(texts, f"node_{node}")
    [name] = [name for name in texts if name.startswith("network_interface_")]
    interface, cluster = registers(texts, name), registers(texts, "layer_32x32_readable")
    assert whole.elements == cluster.elements == (19,)
    assert interface.elements == ()
    assert 0 <= whole.flip_flops - interface.flip_flops - cluster.flip_flops < 20  # the line's
    assert interface.narrow > 2 * 2 * 32
    unit = registers(export(InputUnit(shape=RouterShape())), "input_unit_depth4_xyz")
    of_a_copy = 2  # whether the oldest flit has left by LOCAL, and by the other port
    count = 128 + 6 + of_a_copy
    assert unit == Registers(flip_flops=count, narrow=count, wide=0)


def _spikes(source, to, count, rng):
    """Spikes of ascending neurons, as a node sends them."""
    neurons = np.sort(rng.choice(256, count, replace=False))
    axes = "xyz"
    fields = {**flits.to_node(to), **{f"source_{a}": v for a, v in zip(axes, source, strict=True)}}
    return [int(flits.pack(flits.SPIKE, type=0, neuron=int(n), **fields)) for n in neurons]


def test_passing():
    """Flits by port and cycle in the middle of a row: from the west, from the host, own."""
    routes = Routes(mesh=_MESH)
    rng = np.random.default_rng(0)
    east, own, past = (
        _spikes(source, to, 1, rng)[0]
        for source, to in (
            ((0, 0, 0), (2, 0, 0)),
            ((1, 0, 0), (0, 0, 0)),
            ((0, 0, 0), (0, 0, 0)),
        )
    )
    received = np.array([east, own, past], dtype=np.uint32)
    made = passing(routes, (1, 0, 0), np.array([2, 0, 0]), np.array([10, 20, 30]), received)
    assert made[Port.WEST] == [(8, east)]
    assert made[Port.LOCAL] == [(18, own)]
    assert sum(map(len, made.values())) == 2


def test_multicasts_pass_once():
    """What leaves a copy was offered to the router once, as it was on its way to its end."""
    routes = Routes(mesh=_MESH)
    [flit] = _spikes((0, 0, 0), (2, 0, 0), 1, np.random.default_rng(0))
    flit |= flits.SPIKE["to_host"].put(1)
    received = np.array([flit, flit], dtype=np.uint32)
    made = passing(routes, (1, 0, 0), np.array([1, 2]), np.array([13, 10]), received)
    assert made[Port.WEST] == [(8, flit)]
    assert sum(map(len, made.values())) == 1


@needs_synthesis
@pytest.mark.thorough
@pytest.mark.xdist_group("energy")
def test_flit_in_a_router(tmp_path):
    """Spikes from the west and the south through the router: the constants within a quarter."""
    router, node, rng = Router(shape=RouterShape()), (1, 1, 1), np.random.default_rng(1)
    mapped = synthesise(router, liberty.read(LIBERTY), tmp_path / "cells")
    west = _spikes((0, 1, 1), (2, 1, 1), 150, rng)
    south = _spikes((1, 0, 1), node, 100, rng)
    offered = {
        Port.WEST: [(2 * k, flit) for k, flit in enumerate(west)],
        Port.SOUTH: [(3 * k, flit) for k, flit in enumerate(south)],
    }
    made = measure(mapped, router, node, offered, 350, tmp_path)
    assert (made.flits, made.cycles) == (250, 350)
    assert made.flit == pytest.approx(constants.ROUTER_FLIT.value, rel=0.25)
    assert made.idle == pytest.approx(constants.ROUTER_CLOCK.value, rel=0.05)
