"""Clock gates: how many, how large, and when they need no latch."""

import dataclasses

import pytest
from amaranth import hdl
from amaranth.lib.wiring import In, Out

from tb.kit.silicon import mapped, needs_synthesis, needs_yosys
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.aer import AEREncoder
from trispike.sim.synthesis import early, liberty, tools
from trispike.sim.synthesis.figures import block_figures
from trispike.sim.synthesis.netlist import CLOCK_GATE
from trispike.sim.synthesis.timing import time


@needs_yosys
def test_clock_gates(tmp_path):
    """The same flip-flops, a gate for each enable that some have in common, a smaller area."""
    encoder = AEREncoder(inputs=40)
    plain, gated = (mapped(encoder, gated=each, folder=tmp_path) for each in (False, True))
    flops = [
        sorted(cell.name for cell in made.netlist.cells(encoder.module_name)
               if made.library.cells[cell.kind].flip_flop)
        for made in (plain, gated)
    ]  # fmt: skip
    assert flops[0] == flops[1]
    own, gates = block_figures(gated, (("encoder", "aer_encoder"),))
    assert (gates.block, gates.instances, gates.flip_flops) == ("clock gates", 3, 0)
    assert gates.gates == 3 * (16 + 56 + 32) / 24  # inverter, latch by its layout, AND
    assert own.gates + gates.gates < sum(block.gates for block in block_figures(plain))


class _LateEnable(Block):
    """A register whose enable takes longer than what it stores."""

    i: In(24)
    o: Out(4)
    module_name = "late_enable"

    def elaborate(self, platform):
        m = hdl.Module()
        stored, counted = hdl.Signal(24), hdl.Signal(4)
        m.d.sync += stored.eq(self.i)
        with m.If(stored.xor()):
            m.d.sync += counted.eq(stored[:4])
        m.d.comb += self.o.eq(counted)
        return m


@needs_synthesis
def test_early_enable_has_half_a_period(tmp_path):
    """A clock gate without a latch wants a period of twice the time until its enable is there."""
    latched, hasty = (
        time(mapped(_LateEnable(), early=each, folder=tmp_path)) for each in (False, True)
    )
    assert latched.end.endswith("gate")
    assert hasty.end.endswith("gate")
    enable = hasty.path[-2].arrival  # without the latch, or the inverter in its place
    assert latched.path[-2].arrival == pytest.approx(enable, rel=0.02)
    assert enable < latched.period < 1.3 * enable
    assert hasty.period == pytest.approx(2 * hasty.path[-1].arrival, abs=1e-3)


@pytest.mark.thorough
@needs_synthesis
def test_clock_gates_without_latches(tmp_path, monkeypatch):
    """A chip has them if it is as fast and its banks have as much time, and not otherwise."""
    chip = Chip(shape=NetworkShape.dense(name="bench", sizes=(10, 3, 2)))
    library = liberty.read(tools.LIBERTY)
    made, timed = early.synthesised_chip(chip, library, tmp_path / "early")
    assert "LATCH" not in (tmp_path / "early" / "netlist.v").read_text()
    latched = time(mapped(chip, folder=tmp_path))
    assert (timed.period, timed.left) == pytest.approx((latched.period, latched.left), rel=0.02)
    assert _gate_area(made) == 16 + 32  # inverter, OR

    hold = iter([latched, dataclasses.replace(latched, period=latched.period + 0.001)])
    monkeypatch.setattr(early.timing, "time", lambda mapped, name="": next(hold))
    kept, timed = early.synthesised_chip(chip, library, tmp_path / "kept")
    assert timed == latched
    assert _gate_area(kept) == 16 + 56 + 32  # inverter, latch by its layout, AND
    assert "LATCH" in (tmp_path / "kept" / "netlist.v").read_text()


def _gate_area(made):
    return made.netlist.area(CLOCK_GATE)
