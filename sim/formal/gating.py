"""Claims about clock gates and about blocks whose clocks `make synth` gates.

Time goes in steps: clock, reset and inputs change in any of them, in any order.
"""

import re
from collections.abc import Callable

from amaranth.back import rtlil
from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    DomainRenamer,
    Instance,
    Module,
    ResetSignal,
    Value,
)
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.rtl.hierarchy import flat_ports, leave_out
from trispike.sim.formal.claims import Bench, Claims, every, implies
from trispike.sim.synthesis import clock_gates
from trispike.sim.synthesis.clock_gates import CLOCK, ENABLE, GATED, RECIPES, Recipe
from trispike.sim.synthesis.netlist import CLOCK_GATE

_CELLS = """\
module INVX1(input A, output Y); assign Y = ~A; endmodule
module AND2X2(input A, input B, output Y); assign Y = A & B; endmodule
module OR2X2(input A, input B, output Y); assign Y = A | B; endmodule
module LATCH(input CLK, input D, output reg Q); always @* if (CLK) Q = D; endmodule

module integrated(input clk, input enable, output gated);
  reg held;
  always @* if (~clk) held = enable;
  assign gated = clk & held;
endmodule
module sky130_fd_sc_hd__dlclkp_1(input CLK, input GATE, output GCLK);
  integrated cell (.clk(CLK), .enable(GATE), .gated(GCLK));
endmodule
module CLKGATE_X1(input CK, input E, output GCK);
  integrated cell (.clk(CK), .enable(E), .gated(GCK));
endmodule
"""
"""What the cells of clock gates do, as their libraries describe them."""

_GATE, _TECHMAP = "gate.v", "techmap.v"

_ONE_GATE = f"""\
read_verilog {_GATE}
proc
flatten {CLOCK_GATE}
clk2fflogic -nopeepopt {CLOCK_GATE}"""

_GATED_BLOCK = f"""\
read_verilog {_GATE}
proc
flatten bench.unit bench.gated
setattr -unset init bench.unit/w:* bench.gated/w:*
cd bench.gated
opt_expr
opt_clean
{{gating}}
select -assert-min 1 t:{CLOCK_GATE}
cd
flatten bench.gated
opt_expr bench.gated
clk2fflogic bench.unit bench.gated
select -assert-none bench.unit/t:$dff bench.gated/t:$dff bench.gated/t:$dlatch"""
# As synthesis does: power-on values are dropped, then clocks are gated. From the clock, the latch
# and the AND of a gate clk2fflogic makes logic without the loop from a register through its enable.


def gate_verilog(recipe: Recipe) -> str:
    """Verilog of a clock gate of ``recipe``, and of its cells."""
    ports = {CLOCK, ENABLE, GATED}
    nets = {net for _, pins in recipe.cells.values() for net in pins.values()} - ports
    cells = [
        f"  {kind} {name} ({', '.join(f'.{pin}({net})' for pin, net in pins.items())});"
        for name, (kind, pins) in recipe.cells.items()
    ]
    wires = [f"  wire {net};" for net in sorted(nets)]
    head = f"module {CLOCK_GATE}(input {CLOCK}, input {ENABLE}, output {GATED});"
    return "\n".join([_CELLS, head, *wires, *cells, "endmodule", ""])


class GateBench(Bench):
    """A clock gate whose enable changes at any time, but while the clock is low if it is early."""

    def __init__(self, *, recipe: Recipe):
        self._early = recipe.early
        super().__init__(
            {"clock": In(1), "enable": In(1), "gated": Out(1)},
            sources={_GATE: gate_verilog(recipe)},
            prepare=_ONE_GATE,
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = Instance(
            CLOCK_GATE, i_clk=self.clock, i_enable=self.enable, o_gated=self.gated
        )
        claims = Claims(m)
        was_high, was_enabled = claims.past(self.clock), claims.past(self.enable)
        rises = claims.started & ~was_high & self.clock
        was_gated = claims.past(self.gated)
        risen = ~was_gated & self.gated
        claims.always("rises_if_enabled_before", implies(rises, risen == was_enabled))
        stays = self.gated == was_gated
        if self._early:
            low = claims.started & ~was_high & ~self.clock
            claims.given(implies(low, self.enable == was_enabled))
            claims.always("high_with_the_clock", implies(self.clock, self.gated))
            claims.always("stays_while_the_clock_is_low", implies(low, stays))
        else:
            claims.always("low_with_the_clock", implies(~self.clock, ~self.gated))
            claims.always("stays_while_the_clock_is_high", implies(was_high & self.clock, stays))
        late = was_high & self.clock & (self.enable != was_enabled)
        claims.reached("enable_rises_late", late & self.enable)
        claims.reached("enable_falls_late", late & ~self.enable)
        return m


class GatedBench(Bench):
    """A block, and the same with gated clocks, from power-on with the same content, whatever it is.

    block: Makes the block.
    recipe: Its clock gates.
    registers: Widths of the block's registers by path. None: all that the RTL has.
    """

    def __init__(
        self,
        *,
        block: Callable[[], wiring.Component],
        recipe: Recipe = RECIPES[0],
        registers: dict[str, int] | None = None,
    ):
        if registers is None:
            registers = _registers(GatedBench(block=block, recipe=recipe, registers={}))
        self._block, self._registers = block, registers
        inside = {
            f"{copy}_{_plain(path)}": (f"{copy}.{path}", width)
            for path, width in registers.items()
            for copy in _COPIES
        }
        leave_out(example := block())
        inputs = {
            name: In(value.shape())
            for name, (kind, value) in flat_ports(example).items()
            if kind == "i"
        }
        super().__init__(
            {"clock": In(1), "reset": In(1), **inputs},
            inside,
            sources={
                _GATE: gate_verilog(recipe),
                _TECHMAP: clock_gates.techmap_file().read_text(),
            },
            prepare=_GATED_BLOCK.format(gating=clock_gates.gating(1, _TECHMAP)),
        )

    def elaborate(self, platform):
        m = Module()
        m.domains.block = ClockDomain(local=True)
        m.d.comb += [ClockSignal("block").eq(self.clock), ResetSignal("block").eq(self.reset)]
        unit, gated = (self._copy(m, name) for name in _COPIES)
        claims = Claims(m)
        for name in unit:
            claims.always(f"same_{name}", unit[name] == gated[name])
        same = []
        for path in self._registers:
            name = _plain(path)
            one, other = getattr(self, f"unit_{name}"), getattr(self, f"gated_{name}")
            same.append(one == other)
            claims.always(f"same_register_{name}", one == other)
            claims.reached(f"{name}_changes", claims.started & (other != claims.past(other)))
        claims.given(claims.started | every(same))
        return m

    def _copy(self, m: Module, name: str) -> dict[str, Value]:
        """Add the block under ``name``; its outputs."""
        unit, outputs = self._block(), {}
        for port, (kind, value) in flat_ports(unit).items():
            if kind == "i":
                m.d.comb += value.eq(getattr(self, port))
            else:
                outputs[port] = value
        m.submodules[name] = DomainRenamer("block")(unit)
        return outputs


_COPIES = ("unit", "gated")
_MODULE = re.compile(r"^module \\bench\.unit(\S*)\n(.*?)^end$", re.M | re.S)
_REGISTER = re.compile(
    r"^  cell \$\w*dff\w* .*\n    parameter \\WIDTH (\d+)\n(?:    .*\n)*    connect \\Q \\(\S+)$",
    re.M,
)


def _registers(bench: Bench) -> dict[str, int]:
    """Width of each register of the block in ``bench``, by path."""
    text = rtlil.convert(bench, name="bench", emit_src=False)
    return {
        f"{module}.{name}".lstrip("."): int(width)
        for module, body in _MODULE.findall(text)
        for width, name in _REGISTER.findall(body)
    }


def _plain(path: str) -> str:
    return re.sub(r"\W", "_", path)
