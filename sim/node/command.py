"""``trispike sim``: a network on the fixed chip, or on the nodes of a mesh."""

import dataclasses
import time
from collections.abc import Callable

import click
import numpy as np

from trispike.models.data.encoders import encode
from trispike.models.errors import BadInput
from trispike.models.mesh import mapping
from trispike.models.mesh import topology as mesh
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.network import synthetic
from trispike.sim.cosim import command as chip
from trispike.sim.cosim.command import ChipRun
from trispike.sim.noc.setting import parse_dead_links
from trispike.sim.node.divergence import Ran
from trispike.sim.node.figures import MeshFigures, figures
from trispike.sim.node.files import Files
from trispike.sim.node.measure import READ_BACKS, Measured, measure
from trispike.sim.node.phases import Phases
from trispike.sim.node.results import NodesRun
from trispike.sim.node.run import program
from trispike.sim.node.setting import setting
from trispike.sim.node.tables import table
from trispike.sim.report import records
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.terminal.console import progress_bar, table_console
from trispike.sim.terminal.options import (
    Dead,
    Images,
    ImagesTimeline,
    Input,
    Json,
    Seeded,
    Unicast,
    Waves,
)
from trispike.sim.terminal.request import command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools import toolchain
from trispike.sim.tools.run_folder import run_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshRun(Json, ImagesTimeline, Waves, Dead, Unicast, Seeded, Images):
    """A network on the nodes of a mesh."""

    mesh: str | None = option("Run on a mesh: nodes along x, y and z, like 2x2x1.")
    stalls: float = option("Chance of each link's stalling, each cycle.", 0.0)
    back_door: bool = option("Load at each node's port, not through the mesh.", False)
    read_back: str = option(
        "Read all that was loaded through the mesh afterwards, and compare.",
        "none",
        type=click.Choice(READ_BACKS),
    )

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.stalls < 1:
            raise BadInput(f"STALLS must be a chance from 0 to less than 1, not {self.stalls:g}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedRun(MeshRun, Input):
    """A trained network on test images."""

    first: int = option("Index of the first test image.", 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandomRun(MeshRun):
    """A random network on random spikes."""

    random: str = option("Run a random network on a mesh, layers x neurons, like 16x1024.")


def choose(values: dict[str, object]) -> type:
    """The request of a run whose options have these ``values``."""
    if values["random"] is not None:
        return RandomRun
    return ChipRun if values["mesh"] is None else TrainedRun


@command(
    "sim",
    {
        RandomRun: "a mesh, which MESH= or RANDOM= names",
        TrainedRun: "a network with weights, without RANDOM=",
        ChipRun: "a fixed chip, without MESH= and RANDOM=",
    },
    choose,
)
def sim(asked: ChipRun | MeshRun) -> None:
    """Run a network's RTL on test images and compare it with the golden model.

    Generates the Verilog, builds it with Verilator (once), and runs every image cycle by cycle. On
    the fixed chip it compares potentials, spikes, cycles and labels of every layer and timestep.
    With --mesh or --random it places the layers on nodes of 256 neurons, loads them through the
    mesh, and compares every flit that a node or the host receives.
    """
    chip.execute(asked) if isinstance(asked, ChipRun) else execute(asked)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class MeshRan:
    """A run that was found to be right.

    - ``subject``: network and data; None of a random network.
    - ``measured``, ``figures``: what was found.
    - ``pixels``, ``labels``: the images as `models.data.datasets`; None without labels.
    - ``spikes``: what went in: bool, shape (images, timesteps, inputs).
    """

    subject: Subject | None
    measured: Measured
    figures: MeshFigures
    pixels: np.ndarray
    labels: np.ndarray | None
    spikes: np.ndarray


def execute(asked: MeshRun, look: Callable[[MeshRan], None] = lambda ran: None) -> None:
    """Run a network on a mesh, compare it with the golden model, print the table.

    ``look`` is called with what was found, if nothing differs. `MismatchFound` names the first
    difference.
    """
    begun = time.perf_counter()
    trained = isinstance(asked, TrainedRun)
    if trained:
        subject = Subject.of(asked)
        network, data, first = subject.network, subject.data, asked.first
    else:
        network, data, first = synthetic.network(asked.random, asked.seed), "random spikes", 0
    nodes = len(mapping.parts(network.shape))
    shape = MeshShape.parse(asked.mesh) if asked.mesh else mapping.smallest_mesh(nodes)
    mapping.check_room(network.shape, shape, mapping.node_for(network.shape))
    router = RouterShape(depth=asked.depth, routing=mesh.routing(asked.routing))
    dead_links = parse_dead_links(asked.dead, shape)
    if trained:
        pixels, labels = subject.chosen_images(asked, first=first)
        claimed = subject.accuracy_claimed(asked.timesteps)
    else:
        pixels, labels = synthetic.images(network, asked.images or 1), None
        claimed = None
    toolchain.find()
    asked.check_json()
    asked.check_timeline()

    name = f"{network.name}-{data}-{shape}"
    with progress_bar("images") as progress, run_folder(f"{network.name}-{shape}") as folder:
        phases = Phases(progress, f"{network.name} on {shape}", len(pixels), asked.timesteps)
        spikes = encode(network.shape, pixels, asked.timesteps, asked.seed, first)
        placed = setting(
            network,
            shape,
            spikes,
            router=router,
            dead_links=dead_links,
            unicast=asked.unicast,
            first_image=first,
            progress=phases.golden,
        )
        measured = _measured(Files(asked=asked, setting=placed, folder=folder, name=name), phases)
    record = figures(
        measured,
        data=data,
        labels=labels,
        seed=asked.seed,
        stall=asked.stalls,
        back_door=asked.back_door,
        wall_seconds=time.perf_counter() - begun,
        card_accuracy=claimed,
    )
    table_console().print(table(record))
    asked.keep(records.plain(record))
    look(
        MeshRan(
            subject=subject if trained else None,
            measured=measured,
            figures=record,
            pixels=pixels,
            labels=labels,
            spikes=spikes,
        )
    )
    if trained:
        subject.check_accuracy(asked.timesteps, record.accuracy, record.images)


def _measured(files: Files, phases: Phases) -> Measured:
    """Build and run what ``files`` are of."""
    asked, placed = files.asked, files.setting
    waves, how = files.plan(), {"stalls": asked.stalls > 0, "waves": asked.waves}
    mapping = placed.mapping
    phases.begin(f"building {mapping.mesh} nodes (Verilator)")

    def keep(done: NodesRun) -> None:
        phases.begin(f"comparing {mapping.mesh} nodes with the golden model")
        files.keep(done)

    def explain(first: Mismatch, ran: Ran) -> str:
        phases.begin("the same again, to be looked at (Verilator)")
        return files.explain(first, ran, phases.tell)

    executable = program(mapping.mesh, placed.router, mapping.node, **how)
    try:
        return measure(
            executable,
            placed,
            files.folder,
            stall=asked.stalls,
            seed=asked.seed,
            back_door=asked.back_door,
            read_back=asked.read_back,
            logged=asked.images_on_timeline * placed.timesteps,
            waves=waves,
            show=keep,
            explain=explain,
            progress=phases.tell,
        )
    except KeyboardInterrupt:
        files.interrupted()
        raise
