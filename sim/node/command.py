"""``trispike mesh``: a network on the nodes of a mesh."""

import time
from pathlib import Path

import click
import numpy as np
from click.core import ParameterSource

from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.models.mesh import mapping
from trispike.models.mesh import topology as mesh
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.network import synthetic
from trispike.models.network.parameters import Network
from trispike.sim.noc.setting import parse_dead_links
from trispike.sim.node.figures import figures
from trispike.sim.node.measure import READ_BACKS, measure
from trispike.sim.node.run import program
from trispike.sim.node.setting import setting
from trispike.sim.node.tables import table
from trispike.sim.report import records
from trispike.sim.terminal import subject
from trispike.sim.terminal.console import progress_bar, table_console
from trispike.sim.terminal.options import (
    data_option,
    depth_option,
    folder_option,
    images_option,
    layer_option,
    refused_options,
    routing_option,
    weights_option,
)
from trispike.sim.tools import toolchain
from trispike.sim.tools.run_folder import run_folder

_OF_IMAGES = {"layer": "LAYER", "data": "DATA", "weight_file": "WEIGHTS", "first": "FIRST"}


@click.command("mesh")
@refused_options("lanes jobs cluster waves!", "a fixed chip, without MESH= and RANDOM=")
@layer_option
@data_option
@click.option("--mesh", "mesh_name", help="Nodes along x, y and z.  [default: as few as possible]")
@click.option("--random", "size", help="A random network, layers x neurons, like 16x1024.")
@click.option("--timesteps", "-t", default=5, show_default=True, help="Timesteps per image.")
@images_option
@click.option("--first", default=0, show_default=True, help="Index of the first test image.")
@click.option("--seed", default=0, show_default=True, help="Of input spikes, stalls, --random.")
@click.option(
    "--stalls", default=0.0, show_default=True, help="Chance of each link's stalling, each cycle."
)
@depth_option
@routing_option
@click.option("--dead", help="Dead vertical links, like 1.1.0,2.0.1: each the one up from there.")
@click.option("--back-door", is_flag=True, help="Load at each node's port, not through the mesh.")
@click.option(
    "--read-back",
    type=click.Choice(READ_BACKS),
    default="none",
    show_default=True,
    help="Read all that was loaded through the mesh afterwards, and compare.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the same figures as JSON.",
)
@weights_option
@folder_option
def mesh_(
    layer,
    data,
    mesh_name,
    size,
    timesteps,
    images,
    first,
    seed,
    stalls,
    depth,
    routing,
    dead,
    back_door,
    read_back,
    json_file,
    weight_file,
    data_folder,
):
    """Run a network on a mesh of nodes and compare it with the golden model.

    Places the layers on nodes of 256 neurons, loads them through the mesh, streams the images'
    spikes in, and compares every flit that a node or the host receives.
    """
    begun = time.perf_counter()
    timesteps, seed = spikes.check_timesteps(timesteps), spikes.check_seed(seed)
    if not 0 <= stalls < 1:
        raise BadInput(f"STALLS must be a chance from 0 to less than 1, not {stalls:g}")
    if size is None:
        weight_file, network = subject.network(layer, data, weight_file)
    else:
        _refuse_others()
        network, data = synthetic.network(size, seed), "random spikes"
    nodes = len(mapping.parts(network.shape))
    shape = MeshShape.parse(mesh_name) if mesh_name else mapping.smallest_mesh(nodes)
    mapping.check_room(network.shape, shape, mapping.node_for(network.shape))
    router = RouterShape(depth=depth, routing=mesh.routing(routing))
    dead_links = parse_dead_links(dead, shape)
    if size is None:
        pixels, labels, chosen = subject.test_images(
            network, weight_file, data, first=first, count=images, folder=data_folder
        )
        pixels, labels = pixels[chosen.start : chosen.stop], labels[chosen.start : chosen.stop]
    else:
        pixels, labels = _random_images(network, images), None
    toolchain.find()
    if json_file is not None:
        check_writable(json_file)

    with progress_bar() as progress, run_folder(f"{network.name}-{shape}") as folder:
        task = progress.add_task("running the golden model, placing", total=None)
        asked = setting(
            network,
            shape,
            spikes.encode(pixels, timesteps, seed, first),
            router=router,
            dead_links=dead_links,
            first_image=first,
        )
        progress.update(task, description=f"building {shape} nodes (Verilator)")
        executable = program(shape, asked.router, asked.mapping.node, stalls=stalls > 0)
        progress.update(task, description=f"simulating {network.name} on {shape}")
        measured = measure(
            executable,
            asked,
            folder,
            stall=stalls,
            seed=seed,
            back_door=back_door,
            read_back=read_back,
        )
    record = figures(
        measured,
        data=data,
        labels=labels,
        seed=seed,
        stall=stalls,
        back_door=back_door,
        wall_seconds=time.perf_counter() - begun,
    )
    table_console().print(table(record))
    if json_file is not None:
        records.write(json_file, record)


def _random_images(network: Network, count: int | None) -> np.ndarray:
    if count is not None and count < 1:
        raise BadInput(f"IMAGES must be 1 or more, not {count}")
    return synthetic.images(network, count or 1)


def _refuse_others() -> None:
    """`BadInput` if an option was given that means nothing for a random network."""
    context = click.get_current_context()
    for name, option in _OF_IMAGES.items():
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise BadInput(f"{option}= has no meaning with RANDOM=, which makes up a network")
