"""Runs a mapped network on the Verilated RTL of a mesh of nodes, and reads what came out."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.rtl.node.backbone import Backbone
from trispike.rtl.node.node import Node
from trispike.sim.noc.harness import DONE_FILE, HINTS, watched_file
from trispike.sim.node import work
from trispike.sim.node.harness import MAIN, headers, reset_apart
from trispike.sim.node.results import NodesRun, read
from trispike.sim.node.work import USUAL, Conditions, Work
from trispike.sim.tools import build
from trispike.sim.tools.cached_verilog import block_verilog
from trispike.sim.tools.simulator import run_tool
from trispike.sim.tools.waveform import GRACE, WAVES, untraced

PROGRAM = "drive"

TRACE = "trace"


def program(
    mesh: MeshShape,
    router: RouterShape,
    node: NodeShape,
    *,
    stalls: bool = False,
    waves: bool = False,
    optimise: bool = True,
) -> Path:
    """The executable for a mesh of nodes, built if need be.

    Nodes and backbone are models of their own: those that another mesh has as well are there
    already. ``stalls``: links can be stalled; ``waves`` and ``optimise`` are as for
    `sim.tools.build.model`.
    """
    how = {"waves": waves, "optimise": optimise}
    nodes = _library("Vnode", *block_verilog(Node, shape=node), **how)
    backbone = _library(
        "Vbackbone",
        *block_verilog(Backbone, shape=mesh, router=router, stalls=stalls),
        args=("--inline-mult", "100000"),
        extra={"backbone.vlt": HINTS},
        **how,
    )
    texts = headers(mesh, stalls=stalls, waves=waves)
    return build.joined(PROGRAM, MAIN, (backbone, nodes), headers=texts, **how)


def _library(
    prefix: str,
    module: str,
    texts: dict[str, str],
    *,
    args: tuple[str, ...] = (),
    extra: Mapping[str, str] = MappingProxyType({}),
    waves: bool,
    optimise: bool,
) -> Path:
    """The block ``module``, whose Verilog is in ``texts``, as C++ class ``prefix``."""
    top, wrapper = reset_apart(module, texts[module])
    files = {f"{name}.v": text for name, text in {**texts, top: wrapper}.items()}
    if waves:
        files["waves.vlt"] = untraced(files)
    # -O3 takes half as long again to compile as -O1, and runs half as fast again.
    how = {"level": "-O1" if waves else "-O3", "waves": waves, "optimise": optimise}
    return build.library({**files, **extra}, top, prefix, args=args, **how)


def run(
    executable: Path,
    task: Work,
    folder: Path,
    conditions: Conditions = USUAL,
    *,
    trace: bool = False,
    progress: Callable[[int, int, int], None] = lambda phase, done, total: None,
) -> NodesRun:
    """Do ``task`` with the ``executable`` from `program`; files go to ``folder``.

    With ``trace`` the file ``TRACE`` there tells of the host's ports in every cycle, for
    `sim.node.flat.compare`. A run that did not end well is a `NodesRun` too:
    `sim.node.results.NodesRun.check` tells. ``progress`` is told now and then which phase it is
    at, from 0, and how much of it is done: transactions, or timesteps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = ["results", "flits", "log", WAVES, DONE_FILE]
    for name in files:
        (folder / name).unlink(missing_ok=True)
    work.write(folder / "work", task, conditions)
    command = [str(executable), "work", *files, *([TRACE] if trace else [])]
    with watched_file(folder / DONE_FILE, progress):
        run_tool(command, folder=folder, env=os.environ, log=folder / "drive.log", grace=GRACE)
    return read(folder, task)
