"""Runs a mapped network on the Verilated RTL of a mesh of nodes, and reads what came out."""

import os
from pathlib import Path

from models.mesh import MeshShape, RouterShape
from models.node import NodeShape
from rtl.node.backbone import Backbone
from rtl.node.node import Node
from sim import build
from sim.chip_verilog import block_verilog
from sim.node import work
from sim.node.harness import HINTS, MAIN, headers
from sim.node.results import Run, read
from sim.node.work import USUAL, Conditions, Work
from sim.simulator import run_tool

PROGRAM = "drive"


def program(
    mesh: MeshShape,
    router: RouterShape,
    node: NodeShape,
    *,
    stalls: bool = False,
    optimise: bool = True,
) -> Path:
    """The executable for a mesh of nodes, built if need be.

    Nodes and backbone are models of their own: those that another mesh has as well are there
    already. ``stalls``: links can be stalled; ``optimise`` as for `sim.build.model`.
    """
    name, texts = block_verilog(Node, shape=node)
    # For a node -O3 compiles for half as long again, and runs half as fast again.
    nodes = build.library(_files(texts), name, "Vnode", level="-O3", optimise=optimise)
    name, texts = block_verilog(Backbone, shape=mesh, router=router, stalls=stalls)
    backbone = build.library(
        {**_files(texts), "backbone.vlt": HINTS},
        name,
        "Vbackbone",
        args=("--inline-mult", "100000"),
        optimise=optimise,
    )
    return build.joined(
        PROGRAM,
        MAIN,
        (backbone, nodes),
        headers=headers(mesh, stalls=stalls),
        optimise=optimise,
    )


def _files(texts: dict[str, str]) -> dict[str, str]:
    return {f"{name}.v": text for name, text in texts.items()}


def run(executable: Path, task: Work, folder: Path, conditions: Conditions = USUAL) -> Run:
    """Do ``task`` with the ``executable`` from `program`; files go to ``folder``.

    A run that did not end well is a `Run` too: `sim.node.results.Run.check` tells.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("results", "flits"):
        (folder / name).unlink(missing_ok=True)
    work.write(folder / "work", task, conditions)
    command = [str(executable), "work", "results", "flits"]
    run_tool(command, folder=folder, env=os.environ, log=folder / "drive.log")
    return read(folder, task)
