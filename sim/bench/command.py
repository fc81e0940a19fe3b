"""``trispike bench``: the speed of everything that runs a network, side by side."""

import dataclasses
from pathlib import Path
from typing import ClassVar

from threadpoolctl import threadpool_limits

from trispike.models.data.encoders import encode
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
from trispike.sim.terminal import extras
from trispike.sim.terminal.console import next_phase, progress_bar, relative, table_console
from trispike.sim.terminal.options import Images, Input, Json, Seeded
from trispike.sim.terminal.request import command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools import toolchain
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.run_folder import run_folder

NO_SNNTORCH = "not installed: pip install 'trispike[snntorch]'"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bench(Json, Seeded, Images, Input):
    """A network to time."""

    usual: ClassVar[str] = "fc256_256"

    layer: str | None = option(
        f"Network: {', '.join(PRESETS)}.  [default: that of WEIGHTS, or fc256_256]"
    )
    budget: float = option("Seconds of Amaranth's simulator, which does not get far.", 25.0)
    json: Path | None = option("File for the record of this bench.  [default: build/bench.json]")
    compare: Path | None = option("Record of another bench: print what moved since.")

    def __post_init__(self):
        super().__post_init__()
        if not self.budget > 0:
            raise BadInput(f"BUDGET must be seconds above 0, not {self.budget:g}")


@command("bench", Bench)
def bench(asked: Bench) -> None:
    """Measure how fast everything is that runs a network, on this machine, in one run.

    The ceiling is a plain C++ program round the same Verilated chip; beside it stand the cocotb
    co-simulation, Amaranth's simulator, the golden model, the cycle model and snnTorch (an extra).
    All but the judging of the co-simulation have one thread. Every contender takes its turn three
    times over and the shortest time counts. Labels that differ anywhere are status 1.
    """
    subject = Subject.of(asked)
    network = subject.network
    if network.shape.has_maps:
        raise BadInput(
            f"{network.name} has convolutions, and bench is for dense layers: make sim prints how "
            "fast its simulation is"
        )
    old = None if asked.compare is None else record.read(asked.compare)
    pixels, _ = subject.chosen_images(asked)
    tools = toolchain.find()
    json_file = asked.json or build_folder() / "bench.json"
    check_writable(json_file)

    facts = machine.facts(tools)
    given = encode(network.shape, pixels, asked.timesteps, asked.seed)
    work = Work.of(subject.weight_file, network, given)
    samples, skipped = _measured(work, asked.budget)
    run = Run(
        network=network.name,
        sizes=network.shape.sizes,
        digest=weights.digest(network),
        data=subject.data,
        images=len(pixels),
        timesteps=asked.timesteps,
        seed=asked.seed,
    )
    measured = Record(machine=facts, run=run, rows=record.rows_of(samples), skipped=skipped)
    record.write(json_file, measured)

    console = table_console()
    console.print(tables.rates(measured))
    print(*tables.notes(measured), sep="\n")
    if old is not None:
        console.print(tables.moved(compare.moves(old, measured), relative(asked.compare)))
        for line in compare.remarks(old, measured):
            print(line)
    print(f"written: {relative(json_file)}")


def _measured(work: Work, budget: float) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Samples by row, and why a row is not there."""
    name = work.network.name
    with progress_bar("rounds") as progress, run_folder(f"bench-{name}") as folder:
        task = progress.add_task(f"building {name} (Verilator)", total=None)
        contenders: list[Contender] = [
            Ceiling(work, ceiling.program(work.network), folder / "ceiling"),
            CocotbRun(work, cosimulation.chip_model(work.network), folder / "cocotb"),
            AmaranthChip(work, budget),
            GoldenModel(work),
            CycleModel(work),
        ]
        skipped = {}
        snn = extras.find("bench.snn", "snntorch", "torch")
        if snn is None:
            skipped["snntorch"] = NO_SNNTORCH
        else:
            contenders.append(snn.SnnTorch(work))
        task = next_phase(progress, task, "timing", rounds.ROUNDS * len(contenders))
        with threadpool_limits(limits=1):
            samples = rounds.measure(
                contenders,
                progress=lambda done, what: progress.update(
                    task, completed=done, description=f"timing {what}"
                ),
            )
    return samples, skipped
