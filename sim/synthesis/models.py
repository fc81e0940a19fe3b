"""A mapped netlist for simulation: what each cell does, from the Liberty file."""

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

_WAIVER = "/* verilator lint_off UNOPTFLAT */\n"
"""One bit of an output vector may be made from another: no loop, though Verilator takes it for
one."""


def simulation(mapped: Mapped) -> dict[str, str]:
    """Verilog sources of ``mapped`` and of its memories, by file name.

    In the place of each cell stands what the Liberty file says it does, in no time: instances of
    thousands of cells would take a simulator minutes to compile. A memory is what it is in `rtl`.
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
