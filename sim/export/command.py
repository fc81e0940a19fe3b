"""``trispike verilog``: a fixed chip, a mesh or a scalable chip as Verilog."""

import dataclasses
from pathlib import Path

from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.node.scalable_chip import ScalableChip
from trispike.sim.export import files as export
from trispike.sim.terminal.console import progress_bar, relative
from trispike.sim.terminal.options import DeadLinks, Lanes, Trained
from trispike.sim.terminal.request import Request, command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools.paths import build_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class Output(Request):
    """Where to."""

    output: Path | None = option("Folder.  [build/verilog/LAYER or MESH]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChipVerilog(Output, Lanes, Trained):
    """A fixed chip."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshVerilog(Output, DeadLinks):
    """A mesh, with nodes or without."""

    mesh: str = option("A mesh of routers in place of a chip, like 4x4x4.")
    nodes: bool = option("With --mesh: the nodes too, a whole scalable chip.", False)


def _mode(values: dict) -> type:
    return ChipVerilog if values["mesh"] is None else MeshVerilog


@command("verilog", {ChipVerilog: "a chip", MeshVerilog: "a mesh, which MESH= names"}, _mode)
def verilog(asked: ChipVerilog | MeshVerilog) -> None:
    """Write a chip's Verilog, its memory images and a JSON of its ports and memories.

    Or that of a mesh, with nodes or without: its Verilog, and a JSON of its ports and flits.
    """
    with progress_bar() as progress:
        progress.add_task("writing Verilog", total=None)
        name, contents = _contents(asked)
    output = asked.output or build_folder() / "verilog" / name
    export.write(contents, output, asked.command)
    modules = sum(name.endswith(".v") for name in contents)
    print(f"{modules} modules and {len(contents) - modules} other files in {relative(output)}")


def _contents(asked: ChipVerilog | MeshVerilog) -> tuple[str, dict[str, str]]:
    """What is exported: its name, and its files' texts by their names."""
    if isinstance(asked, ChipVerilog):
        network = Subject.of(asked).network
        return network.name, export.files(network, asked.lanes)
    shape = MeshShape.parse(asked.mesh)
    if asked.nodes:
        chip = ScalableChip(mesh=shape, router=asked.router, node=NodeShape())
        return f"scalable_chip_{shape}", export.scalable_files(chip)
    mesh = Mesh(shape=shape, router=asked.router)
    return f"mesh_{shape}", export.mesh_files(mesh)
