"""The command line: ``python -m sim``."""

import contextlib
import dataclasses
import errno
import json
import os
import signal
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from models import spikes
from models.errors import BadInput
from models.files import check_writable, write_atomically
from sim import cosim, export, processes, subject, toolchain
from sim.accuracy.command import accuracy
from sim.bench.command import bench
from sim.figures import figures
from sim.options import (
    data_option,
    folder_option,
    images_option,
    lanes_option,
    layer_option,
    weights_option,
)
from sim.paths import build_folder
from sim.report import table
from sim.run_folder import run_folder
from sim.simulator import SimulationError
from sim.status import BAD_INPUT, BREAKDOWN, INTERRUPTED, MISMATCH
from sim.terminal import progress_bar, relative
from sim.train import train


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli():
    """Trispike: ternary-weight spiking networks, from weights to RTL proved equal.

    Exit status: 0 all is well, 1 the RTL and the models differ, 2 bad input, 3 a tool broke down.
    """


cli.add_command(train)
cli.add_command(accuracy)
cli.add_command(bench)


@cli.command()
@layer_option
@data_option
@lanes_option
@click.option("--timesteps", "-t", default=5, show_default=True, help="Timesteps per image.")
@images_option
@click.option("--seed", default=0, show_default=True, help="Seed of the input spikes.")
@click.option("--jobs", "-j", default=1, show_default=True, help="Simulations side by side.")
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
    layer, data, lanes, timesteps, images, seed, jobs, waves, json_file, weight_file, data_folder
):
    """Run a network's RTL on test images and compare it with the golden model.

    Generates the chip's Verilog, builds it with Verilator (once), runs every image cycle by cycle
    and compares potentials, spikes, cycles and labels of every layer and timestep.
    """
    begun = time.perf_counter()
    console = Console()
    weight_file, network = subject.network(layer, data, weight_file)
    shape = dataclasses.replace(network.shape, lanes=lanes)
    timesteps = spikes.check_timesteps(timesteps)
    seed = spikes.check_seed(seed)
    if jobs < 1:
        raise BadInput(f"JOBS must be 1 or more, not {jobs}")
    pixels, labels = subject.test_images(
        network, weight_file, data, count=images, folder=data_folder
    )
    toolchain.find()
    if json_file is not None:
        check_writable(json_file)

    name = f"{network.name}-{data}"
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(progress_bar())
        task = progress.add_task(f"building {network.name} (Verilator)", total=None)
        model = cosim.chip_model(network, lanes=lanes, waves=waves)
        progress.update(task, total=len(pixels), description=f"simulating {network.name}")
        folder = stack.enter_context(run_folder(name))
        outcomes = cosim.run(
            weight_file,
            spikes.encode(pixels, timesteps, seed),
            folder,
            lanes=lanes,
            jobs=1 if waves else jobs,
            waves=waves,
            progress=lambda done: progress.update(task, completed=done),
            model=model,
        )
        if waves:
            place = build_folder() / "waves" / name
            console.print(f"waveform: {relative(cosim.keep_waveform(folder, place))}")
    made = figures(
        shape,
        outcomes,
        labels,
        data=data,
        timesteps=timesteps,
        seed=seed,
        wall_seconds=time.perf_counter() - begun,
    )
    console.print(table(made))
    try:
        if made.first_divergence:
            print(f"first divergence: {made.first_divergence}", file=sys.stderr)
            sys.exit(MISMATCH)
    finally:
        if json_file is not None:
            text = json.dumps(dataclasses.asdict(made), indent=1) + "\n"
            write_atomically(json_file, text.encode())


@cli.command()
@layer_option
@data_option
@lanes_option
@weights_option
@click.option("--output", type=click.Path(path_type=Path), help="Folder.  [build/verilog/LAYER]")
def verilog(layer, data, lanes, weight_file, output):
    """Write a chip's Verilog, its memory images and a JSON of its ports and memories."""
    _, network = subject.network(layer, data, weight_file)
    output = build_folder() / "verilog" / network.name if output is None else output
    made = export.files(network, lanes)
    export.write(made, output)
    modules = sum(name.endswith(".v") for name in made)
    print(f"{modules} modules and {len(made) - modules} other files in {relative(output)}")


def _terminate(signum, frame):
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; every failure that is the user's to mend is one line."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, _terminate)
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
        print(f"error: {error}", file=sys.stderr)
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
