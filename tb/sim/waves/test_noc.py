"""Waveforms of the network on chip: how flits are written, and faults of time and order."""

import dataclasses

import pytest
from amaranth import *
from amaranth.lib import wiring

from tb.kit.mutants import FixedPriority
from trispike.models.mesh.flits import MEMORY, SPIKE, pack
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.noc import input_unit, output_unit
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.router import Router
from trispike.sim.waves import reference
from trispike.sim.waves.difference import compare
from trispike.sim.waves.record import record
from trispike.sim.waves.scenarios import find, noc

SCENARIO = "router_contention"
FROM_WEST = "spike_0.1.1_->_2.1.1_step_0_neuron_10"
FROM_LOCAL = "spike_1.1.1_->_2.1.1_step_0_neuron_21"


class LateBuffer(FlitBuffer):
    """A buffer that a flit takes a cycle more to pass."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.first = first = FlitBuffer(depth=self.depth)
        m.submodules.second = second = FlitBuffer(depth=self.depth)
        wiring.connect(m, wiring.flipped(self.i), first.i)
        wiring.connect(m, first.o, second.i)
        wiring.connect(m, second.o, wiring.flipped(self.o))
        return m


def test_values():
    """Flits in words, and ports by name; no spaces, which a reference cannot hold."""
    spike = pack(SPIKE, x=3, y=1, source_z=2, step=1, neuron=17)
    assert noc.flit(spike, 32) == "spike_0.0.2_->_3.1.0_step_1_neuron_17"
    answer = pack(MEMORY, type=1, x=1, command=1, access=2, answer=1, content=5)
    assert noc.flit(answer, 32) == "memory_->_1.0.0_answer_to_single_write_kept_0x00005"
    assert [noc.ports(bits, 7) for bits in (0, 0b10, 0b1000001)] == ["none", "EAST", "LOCAL,DOWN"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("module", "part", "fault", "named"),
    [
        (input_unit, "FlitBuffer", LateBuffer, ("o_east.valid", 1, "1", "0")),
        (
            output_unit,
            "RoundRobinArbiter",
            FixedPriority,
            ("o_east.payload", 2, FROM_WEST, FROM_LOCAL),
        ),
    ],
    ids=["a cycle of latency", "order of arbitration"],
)
def test_fault(monkeypatch, module, part, fault, named):
    """A cycle more and another order are caught where they begin.

    The router has no other ports than the scenario needs, which is no difference and compiles
    sooner.
    """
    monkeypatch.setattr(module, part, fault)
    few = (Port.LOCAL, Port.EAST, Port.WEST)
    scenario = dataclasses.replace(
        find(SCENARIO), block=lambda: Router(shape=RouterShape(), ports=few)
    )
    found = compare(reference.read(scenario), record(scenario).wave)
    assert (found.signals[0], found.cycle, found.expected, found.found) == named
