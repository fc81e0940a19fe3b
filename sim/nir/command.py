"""``trispike import`` and ``trispike export``: networks from NIR files, and to them."""

import dataclasses
import re
from fractions import Fraction
from pathlib import Path

from rich.progress import Progress, TaskID

from trispike.models.data import datasets, spikes
from trispike.models.data.own import OwnData
from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.parameters import Network
from trispike.models.network.shape import Encoder
from trispike.sim.nir import exporting, report
from trispike.sim.nir.chain import STATEFUL, Chain, read
from trispike.sim.nir.importing import Import, Reading, imported
from trispike.sim.nir.inputs import Inputs
from trispike.sim.nir.network import SHIFTS
from trispike.sim.nir.rules import FRAMEWORKS, TOLD, rules
from trispike.sim.report import records
from trispike.sim.terminal.console import next_phase, progress_bar, relative, table_console
from trispike.sim.terminal.extras import install
from trispike.sim.terminal.options import DataFolder, Json, Seeded, Trained
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools.paths import build_folder

DEFAULT_IMAGES, DEFAULT_IMAGES_OF_MAPS = 1000, 100

_ENCODERS = (Encoder.DIRECT, Encoder.RATE, Encoder.LATENCY, Encoder.GIVEN)

_FULL_SCALES = {"raw": Fraction(1), "unit": Fraction(1, 255)}
"""Real value of a pixel of 1."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NirFile(Json, DataFolder, Seeded):
    """A NIR file to import."""

    from_: Path | None = option("NIR file.")
    name: str | None = option("Name of the network.  [default: the file's]")
    input: Path | None = option(
        "File (.npz) of your own images or spikes to compare both networks on, in place of DATA."
    )
    data: str | None = option(
        f"Data set to compare both networks on: {', '.join(datasets.NAMES)}.  [default: none]"
    )
    timesteps: int | None = option(
        "Timesteps per image.  [default: 1 if no neuron carries anything on]",
        check=spikes.check_timesteps,
        short="-t",
    )
    images: int | None = option(
        f"Test images to compare them on.  [default: {DEFAULT_IMAGES}, of convolutions "
        f"{DEFAULT_IMAGES_OF_MAPS}]",
        check=at_least_1("IMAGES"),
        short="-n",
    )
    rules: str = option(f"Framework whose neurons they are: {', '.join(FRAMEWORKS)}.", "nir")
    reset: str | None = option("subtract or zero, what a spike does.  [default: RULES']")
    order: str | None = option(
        "leak-first or reset-first, what comes first after a spike.  [default: RULES']"
    )
    compare: str | None = option("> or >=, how a threshold is passed.  [default: RULES']")
    dt: float | None = option("A timestep in the file's unit of time.  [default: RULES']")
    decay: str | None = option(
        "euler (1 - dt / tau) or exponential, what a timestep leaves.  [default: RULES']"
    )
    gain: str | None = option(
        "full, where what comes in is not divided by tau, as with sinabs' norm_input=False; or "
        "nir.  [default: RULES']"
    )
    encoder: str | None = option(
        f"What goes in: {', '.join(each.value for each in _ENCODERS)}.  [default: direct, or "
        "given where the data are spikes]"
    )
    pixels: str = option("unit: pixels are 0 to 1; raw: 0 to 255.", "unit")
    shifts: int = option(
        "Most shifts of a leak or a synapse, an adder each.", SHIFTS, check=at_least_1("SHIFTS")
    )
    tune: int | None = option(
        "Epochs of training from there, with ternary weights; needs PyTorch.",
        check=at_least_1("TUNE"),
    )
    output: Path | None = option("Folder.  [build/weights]")


@command("import", NirFile)
def import_(asked: NirFile) -> None:
    """Import a network of another framework from a NIR file, and tell how exact it is.

    Writes a weight file with its card, which WEIGHTS= of other commands takes. Weights that are
    ternary up to a scale of each neuron are taken over exactly, others quantised; with data, both
    networks run on them and are compared, spike by spike. Without data, a file of make export
    gives the network that it was written of.
    """
    if asked.from_ is None:
        raise BadInput("FROM must name a NIR file, like FROM=network.nir")
    chain = read(asked.from_)
    inputs = _inputs(asked)
    if inputs is None and (ours := exporting.restored(asked.from_)) is not None:
        _keep_ours(asked, *ours)
        return
    whole = imported(chain, _name(asked), _reading(asked, chain, inputs))
    if inputs:
        inputs.check(whole.network.shape, str(asked.from_))
    path = _path(asked, whole.network.name)
    check_writable(path)
    asked.check_json()
    found = None
    if inputs:
        usual = DEFAULT_IMAGES_OF_MAPS if whole.network.shape.has_maps else DEFAULT_IMAGES
        count = asked.images or usual
        images, labels = (None if x is None else x[:count] for x in (inputs.images, inputs.labels))
        with progress_bar("images") as progress:
            doing, layers = "searching thresholds", len(whole.layers)
            task = progress.add_task(doing, total=layers, things="layers")
            whole = whole.calibrated(
                inputs.fit_images, lambda done: progress.update(task, completed=done)
            )
            if asked.tune:
                progress.remove_task(task)
                task, whole = _tuned(whole, inputs, asked.tune, progress)
            task = next_phase(progress, task, "comparing", len(images))
            found = whole.drift(images, labels, lambda done: progress.update(task, completed=done))
    whole.save(path, inputs.name if inputs and inputs.known else None)
    record = report.record(whole, found)
    console = table_console()
    for each in report.tables(record):
        console.print(each)
    print(*report.remarks(record), sep="\n")
    print(f"weights: {relative(path)}")
    asked.keep(records.plain(record))


def _name(asked: NirFile) -> str:
    """The name that was asked for, or the file's without what no name has."""
    return asked.name or re.sub(r"\W", "_", f"_{asked.from_.stem}").lstrip("_0123456789") or "mine"


def _path(asked: NirFile, name: str) -> Path:
    return (asked.output or build_folder() / "weights") / f"{name}.npz"


def _keep_ours(asked: NirFile, network: Network, card: Card) -> None:
    """Write what `make export` wrote the file of."""
    path = _path(asked, asked.name or network.name)
    weights.save(path, network, card)
    print(f"written by make export, and the same again\nweights: {relative(path)}")


def _inputs(asked: NirFile) -> Inputs | None:
    """What both networks are compared on, if anything."""
    if asked.input is not None:
        if asked.data is not None:
            raise BadInput("DATA= and INPUT= both name data: leave one of them out")
        return Inputs.of_file(OwnData.read(asked.input), trains=asked.tune is not None)
    if asked.data is not None:
        return Inputs.of_dataset(asked.data, asked.data_folder)
    if asked.tune:
        raise BadInput("TUNE needs labelled images: name them by DATA= or INPUT=")
    return None


def _tuned(whole: Import, inputs: Inputs, epochs: int, progress: Progress) -> tuple[TaskID, Import]:
    """The network trained on, and the task that showed it."""
    try:
        from trispike.sim.nir.tune import tuned
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise BadInput(f"TUNE needs PyTorch: {install('train')}") from None
    task = progress.add_task("training", total=epochs, things="epochs")

    def report(epoch: int, loss: float, right: float) -> None:
        text = f"training: loss {loss:.3f}, {right:.2%} right"
        progress.update(task, completed=epoch, description=text)

    fit = inputs.fit_images, inputs.fit_labels
    return task, tuned(whole, *fit, epochs=epochs, report=report)


def _reading(asked: NirFile, chain: Chain, inputs: Inputs | None) -> Reading:
    """How the file is read."""
    given = inputs and inputs.samples.timesteps
    encoder = _encoder(asked.encoder or (Encoder.GIVEN if given else Encoder.DIRECT).value)
    timesteps = asked.timesteps or given
    if timesteps is None and (
        encoder is not Encoder.DIRECT or any(node.kind in STATEFUL for node in chain.nodes)
    ):
        raise BadInput("T must say for how many timesteps the network runs, like T=25")
    if given and timesteps != given:
        raise BadInput(f"T must be {given} on {inputs.name}, not {timesteps}")
    if asked.pixels not in _FULL_SCALES:
        raise BadInput(f"PIXELS must be raw or unit, not {asked.pixels!r:.80}")
    told = {name: getattr(asked, name) for name in TOLD}
    return Reading(
        rules=rules(asked.rules, **told),
        encoder=encoder,
        pixel=_FULL_SCALES[asked.pixels],
        shifts=asked.shifts,
        timesteps=timesteps or 1,
        seed=asked.seed,
    )


def _encoder(name: str) -> Encoder:
    names = {each.value: each for each in _ENCODERS}
    if name not in names:
        raise BadInput(f"ENCODER must be one of {', '.join(names)}, not {name!r:.80}")
    return names[name]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Export(Trained):
    """A trained network to export."""

    nir: Path | None = option("File to write.  [default: build/nir/NAME.nir]")


@command("export", Export)
def export(asked: Export) -> None:
    """Write a trained network as a NIR file, for other simulators.

    make import makes the same network of it again, byte for byte. Read it with a timestep of
    1e-4, pixels from 0 to 255, and spikes where a potential is above its threshold.
    """
    subject = Subject.of(asked)
    path = asked.nir or build_folder() / "nir" / f"{subject.network.name}.nir"
    check_writable(path)
    exporting.write(path, subject.network, subject.card)
    print(f"written: {relative(path)}")
