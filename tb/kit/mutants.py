"""Faults for tests, made in components of the RTL in this process."""

import pytest
from amaranth import *
from amaranth.lib import wiring

from trispike.rtl.hierarchy import flat_ports
from trispike.rtl.noc.arbiter import RoundRobinArbiter
from trispike.rtl.priority import LowestOne
from trispike.rtl.verilog import export
from trispike.sim.tools import cached_verilog


def export_anew(patch: pytest.MonkeyPatch) -> None:
    """Have no export come from the cache or go there: its key says nothing of patched classes."""

    def verilog(kind, **parameters):
        block = kind(**parameters)
        return block.module_name, export(block)

    patch.setattr(cached_verilog, "block_verilog", verilog)


def wrap(m: Module, outer: wiring.Component, inner: wiring.Component) -> None:
    """Make ``inner`` the submodule of ``m`` that does what ``outer`` is for, port by port.

    What is assigned to its inputs or to the outputs of ``outer`` afterwards is the fault.
    """
    m.submodules.inner = inner
    outer_ports, inner_ports = flat_ports(outer), flat_ports(inner)
    for name in filter(inner_ports.get, outer_ports):
        (kind, outside), (_, inside) = outer_ports[name], inner_ports[name]
        m.d.comb += inside.eq(outside) if kind == "i" else outside.eq(inside)


class FixedPriority(RoundRobinArbiter):
    """Grants the lowest request, whoever had the last grant."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.first = first = LowestOne(width=self.width)
        m.d.comb += [first.bits.eq(self.requests), self.grant.eq(first.one_hot)]
        return m
