"""A mapped netlist for simulation: what each cell does, from the Liberty file."""

from sim.synthesis import tools
from sim.synthesis.flow import Mapped


def simulation(mapped: Mapped) -> dict[str, str]:
    """Verilog sources of ``mapped``, its cells and its memories, by file name.

    The cells do what the Liberty file says of them, in no time. A memory is what it is in `rtl`.
    """
    folder, library = mapped.folder, mapped.library
    used = {cell.kind for name in mapped.netlist.modules for cell in mapped.netlist.cells(name)}
    (folder / "cells.ys").write_text(
        "\n".join(
            [
                f"read_liberty {tools.quoted(library.path)}",
                *(f"delete {name}" for name in library.cells if name not in used),
                "write_verilog -noattr cells.v",
            ]
        )
    )
    log = folder / "cells.log"
    tools.run("yosys", ["-q", "cells.ys"], folder=folder, log=log)
    return {
        "netlist.v": mapped.netlist.verilog(),
        "cells.v": (folder / "cells.v").read_text(),
        **{f"{name}.v": text for name, text in mapped.memories.items()},
    }
