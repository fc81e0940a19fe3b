"""Runs a mapped network on the Verilated RTL of a mesh of nodes, and reads what came out."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.rtl.node.backbone import Backbone
from trispike.rtl.node.node import Node
from trispike.sim.noc.harness import HINTS
from trispike.sim.node import work
from trispike.sim.node.harness import MAIN, headers, reset_apart
from trispike.sim.node.results import NodesRun, read
from trispike.sim.node.work import USUAL, Conditions, Work
from trispike.sim.tools import build
from trispike.sim.tools.cached_verilog import block_verilog
from trispike.sim.tools.simulator import run_tool

PROGRAM = "drive"

TRACE = "trace"


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
    already. ``stalls``: links can be stalled; ``optimise`` as for `sim.tools.build.model`.
    """
    nodes = _library("Vnode", *block_verilog(Node, shape=node), optimise=optimise)
    backbone = _library(
        "Vbackbone",
        *block_verilog(Backbone, shape=mesh, router=router, stalls=stalls),
        args=("--inline-mult", "100000"),
        extra={"backbone.vlt": HINTS},
        optimise=optimise,
    )
    return build.joined(
        PROGRAM, MAIN, (backbone, nodes), headers=headers(mesh, stalls=stalls), optimise=optimise
    )


def _library(
    prefix: str,
    module: str,
    texts: dict[str, str],
    *,
    args: tuple[str, ...] = (),
    extra: Mapping[str, str] = MappingProxyType({}),
    optimise: bool,
) -> Path:
    """The block ``module``, whose Verilog is in ``texts``, as C++ class ``prefix``."""
    top, wrapper = reset_apart(module, texts[module])
    files = {f"{name}.v": text for name, text in {**texts, top: wrapper}.items()}
    # -O3 takes half as long again to compile as -O1, and runs half as fast again.
    return build.library({**files, **extra}, top, prefix, args=args, level="-O3", optimise=optimise)


def run(
    executable: Path,
    task: Work,
    folder: Path,
    conditions: Conditions = USUAL,
    *,
    trace: bool = False,
) -> NodesRun:
    """Do ``task`` with the ``executable`` from `program`; files go to ``folder``.

    With ``trace`` the file ``TRACE`` there tells of the host's ports in every cycle, for
    `sim.node.flat.compare`. A run that did not end well is a `NodesRun` too:
    `sim.node.results.NodesRun.check` tells.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("results", "flits", "log"):
        (folder / name).unlink(missing_ok=True)
    work.write(folder / "work", task, conditions)
    command = [str(executable), "work", "results", "flits", "log", *([TRACE] if trace else [])]
    run_tool(command, folder=folder, env=os.environ, log=folder / "drive.log")
    return read(folder, task)
