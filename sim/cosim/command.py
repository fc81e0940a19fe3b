"""``trispike run``: a network's chip, simulated and compared with the models."""

import contextlib
import shlex
import time
from pathlib import Path

import click
from rich.console import Console

from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.sim.cosim import cluster, cosimulation
from trispike.sim.cosim.figures import figures, first_mismatch
from trispike.sim.cosim.pool import LocalPool
from trispike.sim.cosim.stimulus import Encoding
from trispike.sim.cosim.table import table
from trispike.sim.cost.registers import chip_flip_flops
from trispike.sim.report import records
from trispike.sim.report.mismatch import MismatchFound
from trispike.sim.terminal import subject
from trispike.sim.terminal.console import progress_bar, relative
from trispike.sim.terminal.options import (
    data_option,
    folder_option,
    images_option,
    lanes_option,
    layer_option,
    refused_options,
    weights_option,
)
from trispike.sim.tools import toolchain
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.run_folder import run_folder
from trispike.sim.tools.simulator import SimulationError


@click.command()
@refused_options(
    "stalls depth routing dead back-door! read-back", "a mesh, which MESH= or RANDOM= names"
)
@layer_option
@data_option
@lanes_option
@click.option("--timesteps", "-t", default=5, show_default=True, help="Timesteps per image.")
@images_option
@click.option("--first", default=0, show_default=True, help="Index of the first test image.")
@click.option("--seed", default=0, show_default=True, help="Seed of the input spikes.")
@click.option("--jobs", "-j", type=int, help="Simulations side by side.  [default: 1]")
@click.option(
    "--cluster",
    "address",
    help="Dask cluster to run them on instead: an address (tcp://host:8786) or a scheduler file.",
)
@click.option("--waves", is_flag=True, help="Write a waveform for Surfer or GTKWave.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the same figures as JSON.",
)
@weights_option
@folder_option
def run(
    layer,
    data,
    lanes,
    timesteps,
    images,
    first,
    seed,
    jobs,
    address,
    waves,
    json_file,
    weight_file,
    data_folder,
):
    """Run a network's RTL on test images and compare it with the golden model.

    Generates the chip's Verilog, builds it with Verilator (once), runs every image cycle by cycle
    and compares potentials, spikes, cycles and labels of every layer and timestep.
    """
    begun = time.perf_counter()
    console = Console()
    again = {"LAYER": layer, "DATA": data, "LANES": lanes, "T": timesteps, "SEED": seed}
    again |= {"WEIGHTS": weight_file, "DATA_FOLDER": data_folder}
    weight_file, network = subject.network(layer, data, weight_file)
    shape = network.shape.with_lanes(lanes)
    timesteps = spikes.check_timesteps(timesteps)
    seed = spikes.check_seed(seed)
    if jobs is not None and jobs < 1:
        raise BadInput(f"JOBS must be 1 or more, not {jobs}")
    if jobs is not None and address is not None:
        raise BadInput("JOBS has no meaning with CLUSTER, which has its own workers: leave one out")
    pixels, labels, chosen = subject.test_images(
        network, weight_file, data, first=first, count=images, folder=data_folder
    )
    toolchain.find()
    if json_file is not None:
        check_writable(json_file)

    name = f"{network.name}-{data}"
    with run_folder(name) as folder:
        interrupted = False
        with contextlib.ExitStack() as stack:
            pool = LocalPool(jobs or 1) if address is None else cluster.ClusterPool(address)
            stack.callback(pool.close)
            progress = stack.enter_context(progress_bar())
            task = progress.add_task(f"building {network.name} (Verilator)", total=None)
            model = cosimulation.chip_model(network, lanes=lanes, waves=waves)
            progress.update(task, total=len(chosen), description=f"simulating {network.name}")
            try:
                found = cosimulation.run(
                    weight_file,
                    Encoding.of(pixels, timesteps, seed, folder),
                    chosen,
                    folder,
                    lanes=lanes,
                    pool=pool,
                    waves=waves,
                    progress=lambda done: progress.update(task, completed=done),
                    model=model,
                )
            except cosimulation.Interrupted as stop:
                found, interrupted = stop.found, True
        if waves and not interrupted and not found.deaths:
            place = build_folder() / "waves" / name
            console.print(f"waveform: {relative(cosimulation.keep_waveform(folder, place))}")
        try:
            if found.outcomes:
                made = figures(
                    shape,
                    found.outcomes,
                    labels,
                    images=chosen,
                    data=data,
                    timesteps=timesteps,
                    seed=seed,
                    flip_flops=chip_flip_flops(model),
                    wall_seconds=time.perf_counter() - begun,
                )
                console.print(table(made))
                if json_file is not None:
                    records.write(json_file, made)
            if interrupted:
                raise KeyboardInterrupt
            if found.deaths:
                raise SimulationError("\n".join(_obituary(death, again) for death in found.deaths))
        finally:  # whatever else went wrong, a mismatch is what to say
            first = first_mismatch(found.outcomes)
            if first:
                raise MismatchFound(first)


def _obituary(death: cosimulation.Death, options: dict[str, object]) -> str:
    """Which shard died, and how to run its images alone with ``options`` of make."""
    images = death.images
    options = {**options, "FIRST": images.start, "IMAGES": len(images)}
    command = [f"{key}={shlex.quote(str(v))}" for key, v in options.items() if v is not None]
    return (
        f"images {images.start} to {images.stop - 1} ended early, {death.judged} of {len(images)} "
        f"judged: {death.why}; run them alone by make sim {' '.join(command)}"
    )
