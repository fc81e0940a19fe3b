"""A network's chip, simulated and compared with the models: ``trispike sim`` without a mesh."""

import contextlib
import dataclasses
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.models.network import weights
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import cluster, cosimulation, divergence, harness, waveform
from trispike.sim.cosim.figures import Figures, figures, first_mismatch
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.pool import LocalPool
from trispike.sim.cosim.stimulus import Encoding
from trispike.sim.cosim.table import table
from trispike.sim.cost.registers import chip_registers
from trispike.sim.report import records
from trispike.sim.report.mismatch import MismatchFound
from trispike.sim.terminal.console import next_phase, progress_bar, relative
from trispike.sim.terminal.options import (
    Images,
    ImagesTimeline,
    Input,
    Jobs,
    Json,
    Lanes,
    Seeded,
    Waves,
)
from trispike.sim.terminal.parser import make_name
from trispike.sim.terminal.request import option
from trispike.sim.terminal.subject import Subject
from trispike.sim.timeline.chip import chip_timeline
from trispike.sim.tools import toolchain, viewers
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.run_folder import run_folder
from trispike.sim.tools.simulator import SimulationError


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChipRun(Json, ImagesTimeline, Waves, Jobs, Seeded, Images, Lanes, Input):
    """A network on the fixed chip."""

    first: int = option("Index of the first test image.", 0)
    cluster: str | None = option(
        "Dask cluster to run them on instead: an address (tcp://host:8786) or a scheduler file."
    )
    trace: Path | None = option(
        "File (.npz) for every spike and potential of the run, from the RTL."
    )
    skip: int | None = option(
        "Timesteps at an image's start that the read-out does not count.  [default: the network's]"
    )
    stability: int | None = option(
        "End an image once its label is stable: theta of Kim 2018's algorithm 1, or 0 for first "
        "spikes.  [default: the network's]"
    )

    def __post_init__(self):
        super().__post_init__()
        if self.trace is not None:
            if self.trace.suffix != ".npz":
                raise BadInput(f"TRACE must end with .npz, not {self.trace.name!r}")
            if self.cluster is not None:
                raise BadInput("TRACE= is for this machine's own runs: leave out CLUSTER=")
        if self.timeline is not None and self.cluster is not None:
            raise BadInput("TIMELINE= is for this machine's own runs: leave out CLUSTER=")
        if self.jobs is not None and self.cluster is not None:
            raise BadInput(
                "JOBS has no meaning with CLUSTER, which has its own workers: leave one out"
            )


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class ChipRan:
    """A run whose images were judged, all or as many as there were before it ended.

    - ``subject``, ``shape``: network and data, and the chip with its lanes.
    - ``stimulus``: what went in, while its folder is there.
    - ``pixels``, ``labels``: all test images as `models.data.datasets`; None without labels.
    - ``outcomes``, ``figures``: what was found.
    """

    subject: Subject
    shape: NetworkShape
    stimulus: Encoding
    pixels: np.ndarray
    labels: np.ndarray | None
    outcomes: list[Outcome]
    figures: Figures


def execute(asked: ChipRun, look: Callable[[ChipRan], None] = lambda ran: None) -> None:
    """Simulate the chip on test images, compare it with the models, print the table.

    ``look`` is called with what was found, different or not. `MismatchFound` names the first
    difference.
    """
    begun = time.perf_counter()
    console = Console()
    subject = _with_read_out(Subject.of(asked), asked)
    network = subject.network
    shape = network.shape.with_lanes(asked.lanes)
    pixels, labels, chosen = subject.test_images(asked, first=asked.first)
    tools = toolchain.find()
    asked.check_json()
    asked.check_timeline()
    if asked.trace is not None:
        check_writable(asked.trace)

    name = f"{network.name}-{subject.data}"
    with run_folder(name) as folder:
        weight_file = subject.weight_file
        if _read_out(asked):
            weight_file = folder / f"{network.name}.npz"
            weights.save(weight_file, network, subject.card)
        stimulus = Encoding.of(network.shape, pixels, asked.timesteps, asked.seed, folder)
        traced = 0
        if asked.waves:
            cxx, limit = tools.cxx, asked.waves_limit
            plan = waveform.plan(network, shape, stimulus, chosen, cxx, limit)
            print(plan, flush=True)
            traced = plan.traced
        interrupted, wave = False, None
        with contextlib.ExitStack() as stack:
            pool = (
                cluster.ClusterPool(asked.cluster) if asked.cluster else LocalPool(asked.jobs or 1)
            )
            stack.callback(pool.close)
            progress = stack.enter_context(progress_bar("images"))
            task = progress.add_task(f"building {network.name} (Verilator)", total=None)
            model = cosimulation.chip_model(network, lanes=asked.lanes, waves=asked.waves)
            task = next_phase(progress, task, f"simulating {network.name}", len(chosen))
            try:
                found = cosimulation.run(
                    weight_file,
                    stimulus,
                    chosen,
                    folder,
                    lanes=asked.lanes,
                    pool=pool,
                    waves=traced,
                    trace=asked.trace,
                    timeline=asked.images_on_timeline,
                    progress=lambda done: progress.update(task, completed=done),
                    model=model,
                )
            except cosimulation.Interrupted as stop:
                found, interrupted = stop.found, True
        if asked.waves:
            wave = waveform.keep(folder, build_folder() / "waves" / name)
            viewers.announce(wave, harness.views(shape))
        if asked.trace is not None and found.outcomes and not interrupted:
            print(f"trace: {relative(asked.trace)}")
        try:
            if asked.timeline is not None:
                _draw(asked, shape, chosen, folder)
            if found.outcomes:
                record = figures(
                    shape,
                    found.outcomes,
                    labels,
                    images=chosen,
                    data=subject.data,
                    timesteps=asked.timesteps,
                    seed=asked.seed,
                    registers=chip_registers(model),
                    wall_seconds=time.perf_counter() - begun,
                    card_accuracy=subject.accuracy_claimed(asked.timesteps),
                )
                console.print(table(record))
                asked.keep(records.plain(record))
                look(
                    ChipRan(
                        subject=subject,
                        shape=shape,
                        stimulus=stimulus,
                        pixels=pixels,
                        labels=labels,
                        outcomes=found.outcomes,
                        figures=record,
                    )
                )
                subject.check_accuracy(asked.timesteps, record.accuracy, record.images)
            if interrupted:
                raise KeyboardInterrupt
            if found.deaths:
                raise SimulationError("\n".join(_obituary(death, asked) for death in found.deaths))
        finally:  # whatever else went wrong, a mismatch is what to say
            if wave:
                print(viewers.commands(wave), flush=True)
            first = first_mismatch(found.outcomes)
            if first:
                ran = divergence.Subject(
                    weight_file=weight_file,
                    network=network,
                    shape=shape,
                    lanes=asked.lanes,
                    stimulus=stimulus,
                )
                stem = f"{name}-image-{first.image}".replace(".", "_")
                place = build_folder() / "waves" / stem
                more = "" if interrupted else divergence.show(first, ran, folder / "alone", place)
                raise MismatchFound(first, more)


def _draw(asked: ChipRun, shape: NetworkShape, images: range, folder: Path) -> None:
    """Write the timeline of a run of ``images``, as far as it came."""
    logged = cosimulation.logged(folder)
    if logged is None:
        return
    images = images[: asked.images_on_timeline]
    chip_timeline(asked.timeline, logged, shape, images, asked.timesteps, command=asked.command)
    print(f"timeline: {relative(asked.timeline)}")


def _read_out(asked: ChipRun) -> dict[str, int]:
    """What the user tells the read-out to do."""
    fields = {"skip": asked.skip, "stability": asked.stability}
    return {name: value for name, value in fields.items() if value is not None}


def _with_read_out(subject: Subject, asked: ChipRun) -> Subject:
    """``subject`` with the read-out that the user wants."""
    network = dataclasses.replace(subject.network, **_read_out(asked))
    card = dataclasses.replace(subject.card, shape=network.shape)
    return dataclasses.replace(subject, network=network, card=card)


def _obituary(death: cosimulation.Death, asked: ChipRun) -> str:
    """Which shard died, and how to run its images alone."""
    images = death.images
    options = ["lanes", "timesteps", "seed", "weights", "data_folder", "skip", "stability"]
    options.insert(0, "data" if asked.input is None else "input")
    if asked.weights is None:
        options.insert(0, "layer")
    values = {name: getattr(asked, name) for name in options}
    values |= {"first": images.start, "images": len(images)}
    command = [f"{make_name(k)}={shlex.quote(str(v))}" for k, v in values.items() if v is not None]
    return (
        f"images {images.start} to {images.stop - 1} ended early, {death.judged} of {len(images)} "
        f"judged: {death.why}; run them alone by make sim {' '.join(command)}"
    )
