"""``trispike verilog``: a fixed chip, a mesh or a scalable chip as Verilog."""

from pathlib import Path

import click
from click.core import ParameterSource

from trispike.models.errors import BadInput
from trispike.models.mesh import topology
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.node.scalable_chip import ScalableChip
from trispike.sim.export import files as export
from trispike.sim.terminal import subject
from trispike.sim.terminal.console import relative
from trispike.sim.terminal.options import (
    data_option,
    dead_links_option,
    depth_option,
    lanes_option,
    layer_option,
    routing_option,
    weights_option,
)
from trispike.sim.tools.paths import build_folder

_OF_A_CHIP = {"layer": "LAYER", "data": "DATA", "lanes": "LANES", "weight_file": "WEIGHTS"}
_OF_A_MESH = {
    "depth": "DEPTH",
    "routing": "ROUTING",
    "dead_links": "DEAD_LINKS",
    "nodes": "NODES",
}


@click.command()
@layer_option
@data_option
@lanes_option
@weights_option
@click.option("--mesh", "mesh_name", help="A mesh of routers in place of a chip, like 4x4x4.")
@depth_option
@routing_option
@dead_links_option
@click.option("--nodes", is_flag=True, help="With --mesh: the nodes too, a whole scalable chip.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder.  [build/verilog/LAYER or MESH]"
)
def verilog(layer, data, lanes, weight_file, mesh_name, depth, routing, dead_links, nodes, output):
    """Write a chip's Verilog, its memory images and a JSON of its ports and memories.

    Or that of a mesh, with nodes or without: its Verilog, and a JSON of its ports and flits.
    """
    _refuse_others(mesh_name is None)
    if mesh_name is None:
        _, network = subject.network(layer, data, weight_file)
        name, made = network.name, export.files(network, lanes)
    else:
        shape = MeshShape.parse(mesh_name)
        router = RouterShape(depth=depth, routing=topology.routing(routing), dead_links=dead_links)
        if nodes:
            chip = ScalableChip(mesh=shape, router=router, node=NodeShape())
            name, made = f"scalable_chip_{shape}", export.scalable_files(chip)
        else:
            name, made = f"mesh_{shape}", export.mesh_files(Mesh(shape=shape, router=router))
    output = build_folder() / "verilog" / name if output is None else output
    export.write(made, output)
    modules = sum(name.endswith(".v") for name in made)
    print(f"{modules} modules and {len(made) - modules} other files in {relative(output)}")


def _refuse_others(chip: bool) -> None:
    """`BadInput` if an option was given that means nothing for what is written."""
    context = click.get_current_context()
    for name, option in (_OF_A_MESH if chip else _OF_A_CHIP).items():
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            what = "a mesh, which MESH= names" if chip else "a chip"
            raise BadInput(f"{option}= is for {what}; leave it out")
