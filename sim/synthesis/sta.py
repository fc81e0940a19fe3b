"""OpenSTA: runs Tcl on a mapped netlist."""

from trispike.sim.synthesis import tools
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.synthesis.macros import liberty_of
from trispike.sim.tools.simulator import breakdown

CLOCK = "clk"


def run(mapped: Mapped, script: str, *, period: float, name: str = "timing") -> str:
    """Run ``script`` on the linked netlist of ``mapped``; returns OpenSTA's output.

    The design has one clock, `buffers.CLOCK`, of ``period`` ns and without a clock tree. Inputs
    arrive and outputs are taken at its edge; wires have no capacitance. Files are ``NAME.tcl`` and
    ``NAME.log`` in the folder of ``mapped``, where the script runs. `SimulationError` if OpenSTA
    reports an error.
    """
    folder = mapped.folder
    (folder / "macros.lib").write_text(liberty_of(mapped))
    (folder / f"{name}.tcl").write_text(
        _PREAMBLE.format(
            liberty=mapped.library.path.resolve(),
            top=mapped.netlist.top,
            clock=CLOCK,
            period=period,
        )
        + script
    )
    log = folder / f"{name}.log"
    text = tools.run("sta", ["-no_splash", "-exit", f"{name}.tcl"], folder=folder, log=log)
    if any(line.startswith("Error") for line in text.splitlines()):
        raise breakdown("sta reported an error", log)
    return text


_PREAMBLE = """\
read_liberty {{{liberty}}}
read_liberty macros.lib
read_verilog netlist.v
link_design {top}
set_cmd_units -time ns
create_clock -name {clock} -period {period} [get_ports {clock}]
set_input_delay 0 -clock {clock} [all_inputs]
set_output_delay 0 -clock {clock} [all_outputs]
"""
