"""The command line: ``python -m sim``."""

import contextlib
import dataclasses
import errno
import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from models import spikes
from models.errors import BadInput
from models.files import check_writable, write_atomically
from sim import cluster, cosim, processes, subject, toolchain
from sim.accuracy.command import accuracy
from sim.bench.command import bench
from sim.energy.command import energy
from sim.energy.registers import chip_flip_flops
from sim.figures import figures
from sim.formal.command import formal
from sim.mapping import map_
from sim.noc.command import noc
from sim.node.command import mesh_
from sim.options import (
    data_option,
    folder_option,
    images_option,
    lanes_option,
    layer_option,
    refused_options,
    weights_option,
)
from sim.paths import build_folder
from sim.pool import LocalPool
from sim.report import table
from sim.run_folder import run_folder
from sim.simulator import SimulationError
from sim.status import BAD_INPUT, BREAKDOWN, INTERRUPTED, MISMATCH
from sim.stimulus import Encoding
from sim.synthesis.command import synth
from sim.terminal import progress_bar, relative
from sim.train import train
from sim.verilog import verilog
from sim.waves.command import waves


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli():
    """Trispike: ternary-weight spiking networks, from weights to RTL proved equal.

    Exit status: 0 all is well, 1 the RTL and the models differ or a proof fails, 2 bad input, 3 a
    tool broke down, 130 interrupted.
    """


cli.add_command(train)
cli.add_command(accuracy)
cli.add_command(bench)
cli.add_command(synth)
cli.add_command(energy)
cli.add_command(waves)
cli.add_command(noc)
cli.add_command(map_)
cli.add_command(mesh_)
cli.add_command(verilog)
cli.add_command(formal)


@cli.command()
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
    shape = dataclasses.replace(network.shape, lanes=lanes)
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
            model = cosim.chip_model(network, lanes=lanes, waves=waves)
            progress.update(task, total=len(chosen), description=f"simulating {network.name}")
            try:
                found = cosim.run(
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
            except cosim.Interrupted as stop:
                found, interrupted = stop.found, True
        if waves and not interrupted and not found.deaths:
            place = build_folder() / "waves" / name
            console.print(f"waveform: {relative(cosim.keep_waveform(folder, place))}")
        divergence = None
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
            divergence = made.first_divergence
            if divergence:
                print(f"first divergence: {divergence}", file=sys.stderr)
            if json_file is not None:
                text = json.dumps(dataclasses.asdict(made), indent=1) + "\n"
                write_atomically(json_file, text.encode())
        if interrupted:
            raise KeyboardInterrupt
        if found.deaths:
            raise SimulationError("\n".join(_obituary(death, again) for death in found.deaths))
    if divergence:
        sys.exit(MISMATCH)


def _obituary(death: cosim.Death, options: dict[str, object]) -> str:
    """Which shard died, and how to run its images alone with ``options`` of make."""
    images = death.images
    options = {**options, "FIRST": images.start, "IMAGES": len(images)}
    command = [f"{key}={shlex.quote(str(v))}" for key, v in options.items() if v is not None]
    return (
        f"images {images.start} to {images.stop - 1} ended early, {death.judged} of {len(images)} "
        f"judged: {death.why}; run them alone by make sim {' '.join(command)}"
    )


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What `main` takes as an interruption."""


def _interrupt(signum, frame):
    """Interrupt what runs; a second Ctrl-C ends it at once.

    Other signals may come in pairs, to a process and again to its group.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, _end)
    raise KeyboardInterrupt


def _end(signum, frame):
    processes.stop_all()
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command line; every failure that is the user's to mend is one line."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        cli.main(standalone_mode=False, prog_name="python -m sim")
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(BAD_INPUT)
    except (BadInput, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else error
        print(f"error: {message}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except OSError as error:
        print(f"error: {_system_error(error)}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except SimulationError as error:
        for line in str(error).splitlines():  # one for each shard that died
            print(f"error: {line}", file=sys.stderr)
        sys.exit(BREAKDOWN)
    except (KeyboardInterrupt, click.Abort):
        processes.stop_all()
        print("interrupted", file=sys.stderr)
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _system_error(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    remedies = {errno.ENOSPC: "; free some space", errno.EDQUOT: "; free some space"}
    for number in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedies[number] = "; mend the permissions or work in another folder"
    return f"{error.strerror or error}{where}{remedies.get(error.errno, '')}"
