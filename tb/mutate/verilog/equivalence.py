"""Whether a mutant can be told from its block: both side by side, all inputs that keep the rules.

The solver is abc's ``pdr``, which proves for runs of any length or finds inputs that show the
difference. Memories begin as zeros.
"""

import dataclasses
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import ClockSignal, Const, Instance, Module, Signal, Value
from amaranth.lib.wiring import In

from tb.mutate.verilog.netlist import Mutation, Netlist
from trispike.models.errors import BadInput
from trispike.sim.formal import prover
from trispike.sim.formal.claims import Bench, Claims, implies
from trispike.sim.terminal.extras import install
from trispike.sim.tools import processes
from trispike.sim.tools.simulator import SimulationError

_COPIES = ("gold", "gate")
"""The block and its mutant."""

_SECONDS = 60
"""Time limit of a comparison."""

_STEPS = "read_aiger same.aig; fold; strash; scorr; pdr; write_cex -n cex.txt"
"""``scorr`` merges what is the same in both copies: mostly nothing is left to prove."""

_TIMED_OUT = 124
"""Status of ``timeout``."""

_SIDE = """\
{read}
{cut}
flatten
rename {top} {name}
"""

_CUT = """\
setattr -mod -set keep_hierarchy 1 * {top} %d {top}.* %d
flatten
expose -evert {top}/c:* {top}/t:$* %d
"""
"""Modules with a text of their own go, and their pins become ports of what is around them."""

_SCRIPT = """\
{gate}
design -stash gate
{gold}
design -copy-from gate -as gate gate
{bench}
hierarchy -check -top bench
proc
flatten
chformal -lower
async2sync
setundef -init -zero
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

_ABC = "yosys-abc"


def missing() -> str | None:
    """What cannot be had of the tools, and how to have it; None if all are there."""
    if prover.missing():
        return f"no {' and no '.join(prover.missing())}: {install('formal')}"
    if not shutil.which(_ABC):
        return f"no {_ABC}: sudo apt install yosys"
    return None


def check() -> None:
    """`BadInput` if a tool is missing."""
    if lacks := missing():
        raise BadInput(f"mutants of Verilog cannot be had, {lacks}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sides:
    """What rules are about: the inputs, and the outputs of the unchanged copy.

    unseen: Bits of outputs that nobody looks at, which rules may set.
    """

    claims: Claims
    inputs: dict[str, Value]
    outputs: dict[str, Value]
    unseen: dict[str, int] = dataclasses.field(default_factory=dict)


Rules = Callable[[Module, Sides], None]
"""Adds what a block's neighbours promise, beyond streams whose payload stands until taken."""


class SameBench(Bench):
    """A module and its mutant with the same inputs.

    ports: ``i`` or ``o``, and the width, of each by name.

    An output stream's payload need only be the same while it is valid.
    """

    def __init__(self, ports: Mapping[str, tuple[str, int]], rules: Rules):
        self._ports, self._rules = ports, rules
        inputs = {name: In(width) for name, (kind, width) in ports.items() if kind == "i"}
        super().__init__({"rst": In(1), **inputs})

    def elaborate(self, platform):
        m = Module()
        gold, gate = (self._copy(m, name) for name in _COPIES)
        claims = Claims(m)
        inputs = {n: getattr(self, n) for n, (kind, _) in self._ports.items() if kind == "i"}
        for stream in (name.removesuffix("__valid") for name in inputs if name.endswith("__valid")):
            valid, payload = inputs[f"{stream}__valid"], inputs.get(f"{stream}__payload")
            ready = gold.get(f"{stream}__ready")
            if ready is not None and payload is not None:
                waits = claims.past(valid & ~ready & ~self.rst)
                stands = valid & (payload == claims.past(payload))
                claims.given(implies(waits, stands | self.rst))
        sides = Sides(claims=claims, inputs=inputs, outputs=gold)
        self._rules(m, sides)
        for name, value in gold.items():
            valid = gold.get(f"{name.removesuffix('__payload')}__valid")
            seen = 1 if valid is None else valid
            differs = (value ^ gate[name]) & ~Const(sides.unseen.get(name, 0), len(value))
            claims.always(f"same_{name}", implies(seen, ~differs.any()))
        return m

    def _copy(self, m: Module, name: str) -> dict[str, Value]:
        """Add the copy ``name``; its outputs."""
        ports, outputs = {"i_clk": ClockSignal(), "i_rst": self.rst}, {}
        for port, (kind, width) in self._ports.items():
            if kind == "i":
                ports[f"i_{port}"] = getattr(self, port)
            else:
                outputs[port] = ports[f"o_{port}"] = Signal(width, name=f"{name}_{port}")
        m.submodules[name] = Instance(name, **ports)
        return outputs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """``same``: proved; None if undecided. ``why``: the inputs that show a difference."""

    same: bool | None
    why: str


def alone(netlist: Netlist, mutation: Mutation, folder: Path) -> Answer:
    """Compare the text of the top of ``netlist`` with its ``mutation``; files go to ``folder``.

    What the top has of modules with other texts may give it anything, and must get the same.
    """
    return _compare(netlist, mutation, folder, "miter -equiv -make_assert gold gate bench", _CUT)


def compare(netlist: Netlist, mutation: Mutation, folder: Path, rules: Rules) -> Answer:
    """Compare the top of ``netlist``, and all below, with its ``mutation``, under the ``rules``."""
    folder.mkdir(parents=True, exist_ok=True)
    bench = SameBench(netlist.ports, rules)
    (folder / "same.il").write_text(rtlil.convert(bench, name="bench", emit_src=False))
    return _compare(netlist, mutation, folder, "read_rtlil same.il")


def _compare(
    netlist: Netlist, mutation: Mutation, folder: Path, bench: str, cut: str = ""
) -> Answer:
    here = dataclasses.replace(netlist, folder=folder)
    here.write()
    cut = cut.format(top=netlist.top)
    gold, gate = (
        _SIDE.format(read=netlist.commands(each), cut=cut, top=netlist.top, name=name)
        for name, each in zip(_COPIES, (None, mutation), strict=True)
    )
    (folder / "same.ys").write_text(_SCRIPT.format(gate=gate, gold=gold, bench=bench))
    prover.run("yosys", ["-q", "same.ys"], folder, folder / "same.log")
    return _solve(folder)


def _solve(folder: Path) -> Answer:
    log = folder / "pdr.log"
    log.unlink(missing_ok=True)
    command = ["timeout", str(_SECONDS), _ABC, "-q", _STEPS]
    status = processes.run_logged(command, folder=folder, env=dict(os.environ), log=log)
    text = log.read_text(errors="replace")
    if "Property proved" in text:
        return Answer(same=True, why="proved by pdr")
    if "was asserted in frame" in text:
        return Answer(same=False, why=_inputs(folder))
    if status != _TIMED_OUT:
        raise SimulationError(f"abc gave no answer; see {log}")
    return Answer(same=None, why=f"undecided in {_SECONDS} s")


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
