"""``trispike bench``: the speed of everything that runs a network, side by side."""

from pathlib import Path

import click
from threadpoolctl import threadpool_limits

from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.models.network import weights
from trispike.models.network.presets import PRESETS
from trispike.sim.bench import ceiling, compare, machine, record, rounds, tables
from trispike.sim.bench.amaranth_chip import AmaranthChip
from trispike.sim.bench.ceiling import Ceiling
from trispike.sim.bench.cocotb_run import CocotbRun
from trispike.sim.bench.numpy_models import CycleModel, GoldenModel
from trispike.sim.bench.record import Record, Run
from trispike.sim.bench.sample import Contender, Sample
from trispike.sim.bench.work import Work
from trispike.sim.cosim import cosimulation
from trispike.sim.terminal import subject
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import data_option, folder_option, images_option, weights_option
from trispike.sim.tools import toolchain
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.run_folder import run_folder

NO_SNNTORCH = "not installed: pip install 'trispike[snntorch]'"


@click.command()
@click.option(
    "--layer",
    default="fc256_256",
    show_default=True,
    help=f"Network: {', '.join(PRESETS)}.",
)
@data_option
@click.option("--timesteps", "-t", default=5, show_default=True, help="Timesteps per image.")
@images_option
@click.option("--seed", default=0, show_default=True, help="Seed of the input spikes.")
@click.option(
    "--budget",
    default=25.0,
    show_default=True,
    help="Seconds of Amaranth's simulator, which does not get far.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the record of this bench.  [default: build/bench.json]",
)
@click.option(
    "--compare",
    "old_file",
    type=click.Path(path_type=Path),
    help="Record of another bench: print what moved since.",
)
@weights_option
@folder_option
def bench(
    layer,
    data,
    timesteps,
    images,
    seed,
    budget,
    json_file,
    old_file,
    weight_file,
    data_folder,
):
    """Measure how fast everything is that runs a network, on this machine, in one run.

    The ceiling is a plain C++ program round the same Verilated chip; beside it stand the cocotb
    co-simulation, Amaranth's simulator, the golden model, the cycle model and snnTorch (an extra).
    All but the judging of the co-simulation have one thread. Every contender takes its turn three
    times over and the shortest time counts. Labels that differ anywhere are status 1.
    """
    timesteps, seed = spikes.check_timesteps(timesteps), spikes.check_seed(seed)
    if not budget > 0:
        raise BadInput(f"BUDGET must be seconds above 0, not {budget:g}")
    weight_file, network = subject.network(layer, data, weight_file)
    old = None if old_file is None else record.read(old_file)
    pixels, _, chosen = subject.test_images(
        network, weight_file, data, first=0, count=images, folder=data_folder
    )
    pixels = pixels[chosen.start : chosen.stop]
    tools = toolchain.find()
    json_file = json_file or build_folder() / "bench.json"
    check_writable(json_file)

    facts = machine.facts(tools)
    work = Work.of(weight_file, network, spikes.encode(pixels, timesteps, seed))
    samples, skipped = _measured(work, budget)
    run = Run(
        network=network.name,
        sizes=network.shape.sizes,
        digest=weights.digest(network),
        data=data,
        images=len(pixels),
        timesteps=timesteps,
        seed=seed,
    )
    made = Record(machine=facts, run=run, rows=record.rows_of(samples), skipped=skipped)
    record.write(json_file, made)

    console = table_console()
    console.print(tables.rates(made))
    print(*tables.notes(made), sep="\n")
    if old is not None:
        console.print(tables.moved(compare.moves(old, made), relative(old_file)))
        for line in compare.remarks(old, made):
            print(line)
    print(f"written: {relative(json_file)}")


def _measured(work: Work, budget: float) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Samples by row, and why a row is not there."""
    name = work.network.name
    with progress_bar() as progress, run_folder(f"bench-{name}") as folder:
        task = progress.add_task(f"building {name} (Verilator)", total=None)
        contenders: list[Contender] = [
            Ceiling(work, ceiling.program(work.network), folder / "ceiling"),
            CocotbRun(work, cosimulation.chip_model(work.network), folder / "cocotb"),
            AmaranthChip(work, budget),
            GoldenModel(work),
            CycleModel(work),
        ]
        skipped = {}
        snn = _snn()
        if snn is None:
            skipped["snntorch"] = NO_SNNTORCH
        else:
            contenders.append(snn.SnnTorch(work))
        progress.update(task, total=rounds.ROUNDS * len(contenders))
        with threadpool_limits(limits=1):
            samples = rounds.measure(
                contenders,
                progress=lambda done, what: progress.update(
                    task, completed=done, description=f"timing {what}"
                ),
            )
    return samples, skipped


def _snn():
    """The module that imports snnTorch, imported only now as it takes its time; None without it."""
    try:
        from trispike.sim.bench import snn
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("snntorch", "torch"):
            raise
        return None
    return snn
