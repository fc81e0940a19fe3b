"""Verilog to a netlist of a library's cells, by Yosys."""

import re
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.synthesis import tools
from trispike.sim.synthesis.clock_gates import STUB, clock_gate, gating
from trispike.sim.synthesis.clock_gates import techmap_file as clock_gates_file
from trispike.sim.synthesis.liberty import Liberty
from trispike.sim.synthesis.library import adder_map, techmap_file
from trispike.sim.synthesis.netlist import CLOCK_GATE, Netlist
from trispike.sim.tools.simulator import breakdown

MEMORY = "sram_"
"""Prefix of the modules that stay macros."""

_WORDS = re.compile(r"^ *reg (?:\[\S+\] )?\S+ +\[\S+\];$", re.M)
"""A Verilog declaration of a memory."""

REFERENCE = "nand2_reference"
_REFERENCE = f"module {REFERENCE}(input a, input b, output y); assign y = ~(a & b); endmodule\n"

_COVERS = {
    "choices": "strash; dch -f; amap -m; topo",
    "flow": "strash; &get -n; &dch -f; &nf -R 1000 -F 10; &put; topo",
}
"""Two scripts of ABC that cover logic with cells for area, after structural choices; neither gives
the smaller result for every module. Yosys' own script for a Liberty file optimises speed first.
"""

_SCRIPT = """\
read_verilog {sources}
read_verilog -lib {stubs}
hierarchy -check -top {top}
{keep}
proc
flatten
setattr -unset init w:*
opt_expr
opt_clean
{gating}
check -assert
opt -nodffe -nosdff
wreduce
peepopt
opt_clean
techmap -map {arithmetic}
techmap -map adder.v
alumacc
share
opt
{memory}
opt_clean
opt -fast -full
techmap
opt -fast
opt_clean
dfflegalize -cell $_DFF_P_ x
dfflibmap -liberty {liberty}
opt
design -save logic
"""
# A register has no power-on value in silicon (`setattr -unset init`), and the design needs none.
# Cells with an enable or a reset of their own are not asked for: few libraries have them.

_NO_MEMORY = "memory -nomap"
_MEMORY = """\
memory -nordff
setattr -unset init w:*"""
# A memory that is no macro becomes flip-flops and multiplexers; the register of its read address
# keeps its name (-nordff). Only a design that has such a memory passes these: any pass numbers nets
# anew, which swaps pins of cells here and there and moves the timing by a permille.

_COVER = """\
design -load logic
abc -liberty {liberty} -script {name}.abc
opt_clean
write_json {name}.json
"""


def map_to_cells(
    texts: dict[str, str],
    top: str,
    library: Liberty,
    folder: Path,
    *,
    flat: bool = False,
    gated: int = 0,
) -> Netlist:
    """Map the chip or block ``top`` to the cells of ``library``.

    texts: Module name to Verilog, as from `rtl.verilog.export`. Memories stay black boxes.
    folder: Gets script, log and netlist.
    flat: Dissolve the hierarchy. Otherwise each module is mapped once for all its instances,
        including its helpers (``block.helper``).
    gated: Clocks are gated of registers that have an enable and at least so many bits; 0: none is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logic = [name for name in texts if not name.startswith(MEMORY)]
    memories = [name for name in texts if name.startswith(MEMORY)]
    keep = [] if flat else logic
    _run(texts, logic, memories, top, keep, library, folder, gated)
    return _smallest(folder, library)


def nand2(library: Liberty, folder: Path) -> str:
    """The cell of ``library`` that the flow maps a NAND of two inputs to."""
    folder.mkdir(parents=True, exist_ok=True)
    _run({REFERENCE: _REFERENCE}, [REFERENCE], [], REFERENCE, [], library, folder)
    cells = _smallest(folder, library).modules[REFERENCE].cells
    if len(cells) != 1:
        raise BadInput(
            f"{library.path} has no NAND of two inputs, the unit that gates are counted in; name "
            "another library by LIBERTY="
        )
    return cells[0].kind


def _run(
    texts: dict[str, str],
    logic: list[str],
    memories: list[str],
    top: str,
    keep: list[str],
    library: Liberty,
    folder: Path,
    gated: int = 0,
) -> None:
    for name in (*logic, *memories):
        (folder / f"{name}.v").write_text(texts[name])
    stubs = [*memories, *([CLOCK_GATE] if gated else [])]
    (folder / f"{CLOCK_GATE}.v").write_text(STUB)
    (folder / "adder.v").write_text(adder_map(library))
    liberty = tools.quoted(library.path)
    script = _SCRIPT.format(
        sources=" ".join(f"{name}.v" for name in logic),
        stubs=" ".join(f"{name}.v" for name in stubs),
        top=top,
        gating=gating(gated, tools.quoted(clock_gates_file())) if gated else "",
        memory=_MEMORY if any(_WORDS.search(texts[name]) for name in logic) else _NO_MEMORY,
        keep="\n".join(f"setattr -mod -set keep_hierarchy 1 {name}" for name in keep),
        arithmetic=tools.quoted(techmap_file()),
        liberty=liberty,
    )
    for name, commands in _COVERS.items():
        (folder / f"{name}.abc").write_text(commands.replace("; ", "\n") + "\n")
        (folder / f"{name}.json").unlink(missing_ok=True)
        script += _COVER.format(name=name, liberty=liberty)
    if not stubs:
        script = script.replace("read_verilog -lib \n", "")
    (folder / "map.ys").write_text(script)
    log = folder / "map.log"
    tools.run("yosys", ["-q", "-l", "yosys.log", "map.ys"], folder=folder, log=log)
    if not all((folder / f"{name}.json").exists() for name in _COVERS):
        raise breakdown("yosys made no netlist", log)  # it can fail with status 0


def _smallest(folder: Path, library: Liberty) -> Netlist:
    """The netlist of each module's smallest cover."""
    gate = clock_gate(library)
    first, *other_covers = [
        Netlist.read(folder / f"{name}.json", library, gate) for name in _COVERS
    ]
    for cover in other_covers:
        for name in first.modules:
            if cover.area(name) < first.area(name):
                first.modules[name] = cover.modules[name]
    return first
