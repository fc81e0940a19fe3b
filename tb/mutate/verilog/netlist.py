"""Mutants of exported Verilog, made by Yosys's ``mutate``."""

import dataclasses
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from tb.mutate.outcome import Mutant
from trispike.sim.formal import prover

SELECTION = "mutsel"
"""The plus-argument that chooses a mutant of those in one text, from 1; 0 is the block itself."""

_BITS = 16

_PORT = f"  input [{_BITS - 1}:0] {SELECTION};\n"
_UNDRIVEN = re.compile(
    rf"(?<!{re.escape(_PORT)})^  wire \[{_BITS - 1}:0\] {SELECTION};$", re.MULTILINE
)
_BY_ARGUMENT = (
    f"  reg [{_BITS - 1}:0] {SELECTION};\n"
    f'  initial if (!$value$plusargs("{SELECTION}=%d", {SELECTION})) {SELECTION} = 0;'
)
"""Modules below the top have the selection as an input; the top has it from the argument."""

_WAIVED = ("UNOPTFLAT", "CASEOVERLAP", "ALWCOMBORDER", "LATCH", "MULTIDRIVEN", "UNDRIVEN")
LINT = "\n".join(["`verilator_config", *(f"lint_off -rule {rule}" for rule in _WAIVED), ""])
"""Mutants are odd: a bit that may be changed makes a vector look like a loop."""

_SURPLUS = 2
"""Times as many mutants are drawn as asked for, as some are of clocks."""

_PORTS = re.compile(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);$", re.MULTILINE)
_CHANGES = {"inv": "inverted", "const0": "stuck at 0", "const1": "stuck at 1"}

_READ = """\
read_verilog {files}
hierarchy -check -top {top}
proc
memory_collect
opt_clean
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mutation:
    """One bit of one port of a cell that is changed; ``options`` are those of ``mutate``."""

    options: tuple[str, ...]

    @property
    def module(self) -> str:
        """The module that it is in."""
        return self._of("-module")

    @property
    def text(self) -> str:
        """The module in whose text it is."""
        return self.module.partition(".")[0]

    @property
    def of_a_clock(self) -> bool:
        """Whether it is a clock that is changed."""
        return self._of("-port").lower().endswith("clk")

    @property
    def stuck_register(self) -> str:
        """The wire of a register whose output is stuck; empty if there is none."""
        stuck = self._of("-mode").startswith("const") and self._of("-port") == "Q"
        return self._of("-wire") if stuck else ""

    @property
    def mutant(self) -> Mutant:
        """What is changed, and how, in words."""
        line = re.search(r":(\d+)\.", self._of("-src"))
        wire = self._of("-wire").removeprefix("\\")
        at = f"{wire}[{self._of('-wirebit')}]" if wire and not wire.startswith("$") else ""
        port = f"{self._of('-port')}[{self._of('-portbit')}] of {self._of('-cell')}"
        cell = re.sub(r"\$\w+\.v:(\d+)\$\d+$", r" in line \1", port)
        mode = self._of("-mode")
        change = _CHANGES.get(mode) or (
            f"inverted where bit {self._of('-ctrlbit')} of the port is {mode[-1]}"
        )
        where = f"{self.module}.v:{line[1]}" if line else self.module
        return Mutant(place=where, change=f"{f'{at}, ' if at else ''}{cell}, {change}")

    def _of(self, option: str) -> str:
        """What the last ``option`` is; empty if there is none."""
        pairs = dict(zip(self.options[::2], self.options[1::2], strict=True))
        return pairs.get(option, "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Netlist:
    """A block's Verilog, written to ``folder``, where Yosys works on it.

    top: The block, or a module below it.
    texts: Module name to text, as `rtl.verilog.export` gives it, the block's last.
    mutated: Those of the texts that are mutated.
    """

    top: str
    texts: dict[str, str]
    folder: Path
    mutated: tuple[str, ...]

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """``i`` or ``o`` and the width of each port of the top, but clock and reset."""
        found = {}
        _, _, own = self.texts[self.top].partition(f"module {self.top}(")
        for kind, high, name in _PORTS.findall(own.partition("endmodule")[0]):
            found.setdefault(name, (kind[0], int(high or 0) + 1))
        return {name: port for name, port in found.items() if name not in ("clk", "rst")}

    def holds(self, module: str, other: str) -> bool:
        """Whether ``other`` is ``module``, or one of those that it has or that these have."""
        placed = re.findall(r"^  (\w+) \S+ \($", self.texts[module], re.MULTILINE)
        return module == other or any(
            self.holds(each, other) for each in set(placed) if each in self.texts
        )

    def part(self, module: str, folder: Path) -> "Netlist":
        """A ``module`` of it, as a netlist in another folder.

        Yosys reads the whole of it still: the names of cells have numbers.
        """
        return dataclasses.replace(self, top=module, folder=folder)

    def mutations(self, count: int, seed: int) -> list[Mutation]:
        """``count`` of them, or fewer if the block has fewer; of a ``seed`` always the same."""
        own = " ".join(f"{module} {module}.*" for module in self.mutated)
        listing = f"mutate -list {_SURPLUS * count} -seed {seed} -o list.txt {own}"
        self._yosys("list", [self._read(), listing])
        lines = (self.folder / "list.txt").read_text().splitlines()
        found = [Mutation(options=tuple(shlex.split(line, posix=False)[1:])) for line in lines]
        return [each for each in dict.fromkeys(found) if not each.of_a_clock][:count]

    def selectable(self, mutations: Sequence[Mutation]) -> dict[str, str]:
        """File name to text of the block with all ``mutations``, chosen by `SELECTION`."""
        chosen = [
            self._mutate(each, f"-ctrl {SELECTION} {_BITS} {k}")
            for k, each in enumerate(mutations, 1)
        ]
        chosen.append(f"delete -input {self.top}/{SELECTION}")
        self._yosys("all", [self._read(), *chosen, "write_verilog -noattr all.v"])
        text, tops = _UNDRIVEN.subn(_BY_ARGUMENT, (self.folder / "all.v").read_text())
        assert tops == 1
        return {f"{self.top}.v": text, "mutants.vlt": LINT}

    def changed(self, mutation: Mutation, name: str) -> str:
        """Text of the top with ``mutation``; files are called by ``name``."""
        write = [f"select {self.top} {self.top}.*", f"write_verilog -noattr -selected {name}.v"]
        self._yosys(name, [self._read(), self._mutate(mutation), *write])
        return (self.folder / f"{name}.v").read_text()

    def commands(self, mutation: Mutation | None) -> str:
        """Commands of Yosys that read the block, with ``mutation`` if any."""
        lines = [self._read()]
        if mutation is not None:
            lines.append(self._mutate(mutation))
            if mutation.stuck_register:  # a constant does not begin with any value
                lines.append(f"setattr -unset init {mutation.module}/{mutation.stuck_register}")
        return "\n".join([*lines, f"hierarchy -top {self.top}"])

    def write(self) -> None:
        """Write the texts to the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.texts.items():
            (self.folder / f"{name}.v").write_text(text)

    def _read(self) -> str:
        files = " ".join(f"{name}.v" for name in self.texts)
        return _READ.format(files=files, top=list(self.texts)[-1])

    def _mutate(self, mutation: Mutation, more: str = "") -> str:
        return " ".join(filter(None, ["mutate", more, *mutation.options]))

    def _yosys(self, name: str, commands: Sequence[str]) -> None:
        (self.folder / f"{name}.ys").write_text("\n".join([*commands, ""]))
        log = self.folder / f"{name}.log"
        prover.run("yosys", ["-q", f"{name}.ys"], self.folder, log)
