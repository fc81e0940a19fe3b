"""Whether a mutant can be told from its block: both side by side, all inputs that keep the rules.

The solver is abc's ``pdr``, which proves for runs of any length or finds inputs that show the
difference. Memories begin as zeros.
"""

import dataclasses
import os
import re
from collections.abc import Callable
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import ClockSignal, Instance, Module, Signal, Value
from amaranth.lib.wiring import In

from tb.mutate.verilog.netlist import Mutation, Netlist
from trispike.rtl.hierarchy import Block, flat_ports
from trispike.sim.formal import prover
from trispike.sim.formal.claims import Bench, Claims, implies
from trispike.sim.tools import processes
from trispike.sim.tools.simulator import SimulationError

COPIES = ("gold", "gate")
"""The block and its mutant."""

_SECONDS = 60
"""Time limit of a proof."""

_STEPS = f"read_aiger same.aig; fold; strash; scorr; pdr -T {_SECONDS}; write_cex -n cex.txt"
"""``scorr`` merges what is the same in both copies: mostly nothing is left to prove."""

_SCRIPT = """\
{gate}
flatten
rename {top} gate
design -stash gate
{gold}
flatten
rename {top} gold
design -copy-from gate -as gate gate
read_rtlil same.il
hierarchy -check -top bench
proc
flatten
chformal -lower
async2sync
opt -full
memory -nomap
memory_map
setundef -init -zero
opt -full
techmap
dffunmap
simplemap
aigmap
write_aiger -zinit -map same.map same.aig
"""

_NAMED = re.compile(r"^input (\d+) (\d+) (\S+)$", re.MULTILINE)
_BIT = re.compile(r"^pi(\d+)@(\d+)=1$", re.MULTILINE)
_CYCLES = re.compile(r"@(\d+)=")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sides:
    """What rules are about: the block's ports, and outputs of the unchanged copy."""

    claims: Claims
    inputs: dict[str, Value]
    outputs: dict[str, Value]


Rules = Callable[[Module, Sides], None]
"""Adds what a block's neighbours promise, beyond streams whose payload stands until taken."""


class SameBench(Bench):
    """A block and its mutant with the same inputs.

    An output stream's payload need only be the same while it is valid.
    """

    def __init__(self, block: Block, rules: Rules | None):
        self._ports, self._rules = flat_ports(block), rules
        inputs = {n: In(len(value)) for n, (kind, value) in self._ports.items() if kind == "i"}
        super().__init__({"rst": In(1), **inputs})

    def elaborate(self, platform):
        m = Module()
        gold, gate = (self._copy(m, name) for name in COPIES)
        claims = Claims(m)
        inputs = {n: getattr(self, n) for n, (kind, _) in self._ports.items() if kind == "i"}
        for name, value in inputs.items():
            stream = name.removesuffix("__valid")
            if stream != name:
                waits = claims.past(value & ~gold[f"{stream}__ready"] & ~self.rst)
                payload = inputs[f"{stream}__payload"]
                stands = value & (payload == claims.past(payload))
                claims.given(implies(waits, stands | self.rst))
        if self._rules:
            self._rules(m, Sides(claims=claims, inputs=inputs, outputs=gold))
        for name, value in gold.items():
            stream = name.removesuffix("__payload")
            seen = gold[f"{stream}__valid"] if stream != name else 1
            claims.always(f"same_{name}", implies(seen, value == gate[name]))
        return m

    def _copy(self, m: Module, name: str) -> dict[str, Value]:
        """Add the copy ``name``; its outputs."""
        ports, outputs = {"i_clk": ClockSignal(), "i_rst": self.rst}, {}
        for port, (kind, value) in self._ports.items():
            if kind == "i":
                ports[f"i_{port}"] = getattr(self, port)
            else:
                outputs[port] = ports[f"o_{port}"] = Signal(len(value), name=f"{name}_{port}")
        m.submodules[name] = Instance(name, **ports)
        return outputs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """``same``: proved; None if undecided. ``why``: the inputs that show a difference."""

    same: bool | None
    why: str


def compare(
    netlist: Netlist, mutation: Mutation, block: Block, rules: Rules | None, number: int
) -> Answer:
    """Compare ``block``, of ``netlist``, with its ``mutation``; the ``number`` is for files."""
    folder = netlist.folder / f"same-{number}"
    here = dataclasses.replace(netlist, folder=folder)
    here.write()
    bench = rtlil.convert(SameBench(block, rules), name="bench", emit_src=False)
    (folder / "same.il").write_text(bench)
    script = _SCRIPT.format(
        gate=netlist.commands(mutation), gold=netlist.commands(None), top=netlist.top
    )
    (folder / "same.ys").write_text(script)
    prover.run("yosys", ["-q", "same.ys"], folder, folder / "same.log")
    return _solve(folder)


def _solve(folder: Path) -> Answer:
    log = folder / "pdr.log"
    log.unlink(missing_ok=True)
    command = ["yosys-abc", "-q", _STEPS]
    processes.run_logged(command, folder=folder, env=dict(os.environ), log=log)
    text = log.read_text(errors="replace")
    if "Property proved" in text:
        return Answer(same=True, why="proved by pdr")
    if "was asserted in frame" in text:
        return Answer(same=False, why=_inputs(folder))
    if "Reached" in text or "timeout" in text.lower():
        return Answer(same=None, why=f"undecided in {_SECONDS} s")
    raise SimulationError(f"abc gave no answer; see {log}")


def _inputs(folder: Path) -> str:
    """The counterexample: each input that is not 0, cycle by cycle."""
    named = _NAMED.findall((folder / "same.map").read_text())
    place = {int(number): (name, int(bit)) for number, bit, name in named}
    text = (folder / "cex.txt").read_text()
    cycles = [{} for _ in range(max(map(int, _CYCLES.findall(text))) + 1)]
    for number, cycle in _BIT.findall(text):
        if int(number) in place:  # else it is of the time before the first cycle
            name, bit = place[int(number)]
            values = cycles[int(cycle)]
            values[name] = values.get(name, 0) | 1 << bit
    told = [", ".join(f"{n} {v:#x}" for n, v in values.items()) or "-" for values in cycles]
    return "; ".join(f"cycle {cycle}: {values}" for cycle, values in enumerate(told))
