"""The scalable chip Verilated as one piece, to hold the chip of models joined in C++ to it.

`sim.node.run` joins Verilated nodes and a Verilated backbone; this is the same chip as
`make verilog NODES=1` writes it. Both must show the host the same in every cycle.
"""

import subprocess
from pathlib import Path

from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.rtl.node.scalable_chip import ScalableChip
from trispike.sim.noc import cpp
from trispike.sim.node.formats import HOST_PORTS
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.tools import build
from trispike.sim.tools.cached_verilog import block_verilog

MAIN = Path(__file__).with_name("flat.cpp")


def program(mesh: MeshShape, router: RouterShape, node: NodeShape) -> Path:
    """The executable, built if need be. ``router`` without dead links."""
    top, texts = block_verilog(ScalableChip, mesh=mesh, router=router, node=node)
    sources = {f"{name}.v": text for name, text in texts.items()}
    trace = ["#include <cstdint>", *cpp.structs(HostPorts=HOST_PORTS), ""]
    headers = {"trace.h": "\n".join(trace)}
    return build.program(sources, top, MAIN, headers=headers, optimise=False)


def compare(executable: Path, trace: Path) -> int:
    """Run the ``executable`` on the host's side of ``trace``, from `sim.node.run.run`.

    Returns how many cycles were compared; `MismatchFound` names the first that differs.
    """
    done = subprocess.run([executable, trace], capture_output=True, text=True)
    same = int(done.stdout)
    if done.returncode:
        what = "the chip in one piece shows the host something else"
        raise MismatchFound(Mismatch(what=what, cycle=same))
    return same
