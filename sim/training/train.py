"""Training a network by name and exporting it with its card. Needs PyTorch, the ``train`` extra."""

import dataclasses
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trispike.models.data.datasets import Dataset, load
from trispike.models.data.spikes import check_seed, check_timesteps
from trispike.models.errors import BadInput
from trispike.models.network import real_weights, weights
from trispike.models.network.card import Card, Measured
from trispike.models.network.origin import Trained
from trispike.models.network.presets import preset
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.sim.terminal.extras import install
from trispike.sim.training.export import integer_network, real_network
from trispike.sim.training.recipe import TRISPIKE, Recipe
from trispike.sim.training.tally import accuracy_by_timestep

LONGEST, LONGEST_OF_MAPS = 35, 8
"""Timesteps of the longest run that is measured of a network that runs for any number."""

DEVICES = ("cpu", "cuda")
"""What can train; ``cuda`` is a GPU that PyTorch sees."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """One training: network, data set, epochs and recipe.

    layer: Name of a preset, such as ``fc256``.
    data: Name of a data set, such as ``digits``.
    epochs: Passes over the training set, 1 or more.
    seed: Seed of the training, 0 to 2**63 - 1.
    threads: Threads of PyTorch, 1 or more; the order of sums depends on it.
    device: One of `DEVICES`, what computes.
    """

    layer: str
    data: str
    epochs: int
    seed: int = 0
    recipe: Recipe = TRISPIKE
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self):
        shape = preset(self.layer)
        usual = shape.input.encoder is Encoder.RATE and not shape.has_maps
        if self.recipe.weight_bits != 2 and not usual:
            raise BadInput(
                f"weight_bits must be 2 for {self.layer}, as there is no golden model of its "
                f"neurons with real weights, not {self.recipe.weight_bits}"
            )
        if self.recipe.energy_price and not (usual and self.recipe.weight_bits == 2):
            raise BadInput(
                f"energy_price must be 0 for {self.layer} with {self.recipe.weight_bits} bits, as "
                "it is that of dense layers of ternary weights and drawn spikes, not "
                f"{self.recipe.energy_price:g}"
            )
        if self.recipe.draws > 1 and shape.input.encoder is not Encoder.RATE:
            raise BadInput(
                f"draws must be 1 for {self.layer}, whose input is not drawn, not "
                f"{self.recipe.draws}"
            )
        loss = self.recipe.loss
        if shape.read_out is ReadOut.FIRST and loss not in ("first spike", "label"):
            raise BadInput(
                f"loss must be first spike or label for {self.layer}, whose answer that is, not "
                f"{loss}"
            )
        for field in ("epochs", "threads"):
            value = getattr(self, field)
            if type(value) is not int or value < 1:
                raise BadInput(f"{field} must be an integer, 1 or more, not {value!r}")
        if self.device not in DEVICES:
            raise BadInput(f"DEVICE must be one of {', '.join(DEVICES)}, not {self.device!r}")
        check_seed(self.seed)

    @property
    def title(self) -> str:
        """Title of its progress bar."""
        return f"{self.layer} {self.data} {self.recipe.name}"


def train(
    plan: Plan,
    *,
    output_folder: Path,
    folder: Path | None = None,
    timesteps: int | None = None,
    test_seed: int = 0,
) -> Path:
    """Train a network, measure it, and write its weight file and card.

    An interrupted training goes on where its last state was written, in a folder ``unfinished``
    of the output folder, and ends at the same weights as one that was not interrupted.

    output_folder: Where the weight file goes, under the name that
        `models.network.weights.committed` has.
    folder: Folder with the files of mnist or fashion, see `models.data.datasets.find_folder`.
    timesteps: Longest run that is measured, 1 to 255; None for the recipe's, or, if that is 1, as
        many as bring something new.
    test_seed: Seed of the spikes of that measurement.

    Returns the weight file's path. `BadInput` for a bad argument, missing data, a missing PyTorch
    and a training that diverged; then nothing is written.
    """
    if timesteps is None:
        timesteps = _longest(preset(plan.layer), plan.recipe)
    test_seed, timesteps = check_seed(test_seed), check_timesteps(timesteps)
    gpu = has_gpu()
    if plan.device == "cuda" and not gpu:
        raise BadInput("DEVICE is cuda, but PyTorch sees no GPU: leave it out, or say DEVICE=cpu")
    dataset = load(plan.data, folder)
    dataset.samples.check_input(preset(plan.layer), plan.layer, plan.data)
    path = output_folder / weights.committed(plan.layer, plan.data, plan.recipe.name).name
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        layers, checkpoint = _fitted(plan, dataset, output_folder / "unfinished", progress)
        images = len(dataset.held_out_images) + len(dataset.test_images)
        task = progress.add_task(f"{plan.title}: measuring", total=images)
        ternary = plan.recipe.weight_bits == 2
        network = (
            integer_network(preset(plan.layer), layers, plan.recipe.beta)
            if ternary
            else real_network(plan.layer, layers)
        )
        settings = {
            "timesteps": timesteps,
            "seed": test_seed,
            "progress": lambda images: progress.advance(task, images),
        }
        held_out = accuracy_by_timestep(
            network, dataset.held_out_images, dataset.held_out_labels, **settings
        )
        test = accuracy_by_timestep(network, dataset.test_images, dataset.test_labels, **settings)
        progress.remove_task(task)
    card = Card(
        shape=network.shape,
        origin=Trained(
            data=plan.data,
            data_sha256=dataset.digests,
            recipe=plan.recipe.fields(),
            seed=plan.seed,
            epochs=plan.epochs,
            threads=plan.threads,
            device=plan.device,
        ),
        measured=Measured(
            test_seed=test_seed,
            held_out_accuracy=held_out.accuracy,
            accuracy=test.accuracy,
            spikes=test.spikes,
            operations=test.operations,
            zeros=tuple(float(np.mean(layer.weights == 0)) for layer in network.layers),
        ),
    )
    (weights if ternary else real_weights).save(path, network, card)
    checkpoint.remove()
    return path


def _longest(shape: NetworkShape, recipe: Recipe) -> int:
    if recipe.timesteps > 1 or shape.input.encoder is Encoder.DIRECT:
        return recipe.timesteps  # of pixels, which no timestep changes, one says all
    return LONGEST_OF_MAPS if shape.has_maps else LONGEST


def has_gpu() -> bool:
    """Whether PyTorch sees a GPU; `BadInput` without PyTorch."""
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise BadInput(f"training needs PyTorch: {install('train')}") from None
    return torch.cuda.is_available()


def _fitted(plan: Plan, dataset: Dataset, folder: Path, progress: Progress):
    """The trained full-precision parameters, and the checkpoint to remove once they are safe."""
    import torch

    from trispike.sim.training.checkpoint import Checkpoint
    from trispike.sim.training.fit import Training, fit

    settings = {**dataclasses.asdict(plan), "data_sha256": dataset.digests}
    checkpoint = Checkpoint(folder, f"{plan.layer}-{plan.data}-{plan.recipe.name}", settings)
    task = progress.add_task(plan.title, total=plan.epochs)

    def report(epoch: int, loss: float, right: float) -> None:
        text = f"{plan.title}: loss {loss:.3f}, {right:.2%} right"
        progress.update(task, completed=epoch, description=text)

    threads = torch.get_num_threads()
    torch.set_num_threads(plan.threads)
    try:
        training = Training(
            preset(plan.layer),
            dataset.fit_images,
            dataset.fit_labels,
            plan.recipe,
            epochs=plan.epochs,
            seed=plan.seed,
            device=plan.device,
        )
        with torch.backends.cudnn.flags(enabled=True, deterministic=True):
            return fit(training, checkpoint, report), checkpoint
    finally:
        torch.set_num_threads(threads)
