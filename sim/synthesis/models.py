"""Verilog of a mapped netlist for simulation, with the cells' functions from the Liberty file."""

from trispike.sim.synthesis import tools
from trispike.sim.synthesis.flow import Mapped

_SCRIPT = """\
read_liberty {liberty}
read_verilog netlist.v
hierarchy -top {top}
{keep}
flatten
opt_clean -purge
write_verilog -noattr simulation.v
"""

_WAIVER = "/* verilator lint_off UNOPTFLAT */\n/* verilator lint_off LATCH */\n"
"""One bit of a vector may depend on another bit of it. Verilator takes that for a loop. And the
latches of clock gates are meant to be some.
"""


def simulation(mapped: Mapped) -> dict[str, str]:
    """Verilog sources of ``mapped`` and of its memories, by file name.

    Each cell is replaced by its function in the Liberty file, without delay: instances of thousands
    of cells would take a simulator minutes to compile. Memories are those of `rtl`.
    """
    folder, netlist = mapped.folder, mapped.netlist
    blocks = [module.name for module in netlist.modules.values()]
    (folder / "simulation.ys").write_text(
        _SCRIPT.format(
            liberty=tools.quoted(mapped.library.path),
            top=netlist.top,
            keep="\n".join(f"setattr -mod -set keep_hierarchy 1 {name}" for name in blocks),
        )
    )
    log = folder / "simulation.log"
    tools.run("yosys", ["-q", "simulation.ys"], folder=folder, log=log)
    return {
        "netlist.v": _WAIVER + (folder / "simulation.v").read_text(),
        **{f"{name}.v": text for name, text in mapped.memories.items()},
    }
