"""Training a network by name and exporting it with its card. Needs PyTorch, the ``train`` extra."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models import weights
from models.card import Card
from models.datasets import load
from models.errors import BadInput
from models.network import LayerParameters, Network
from models.presets import preset
from models.recipe import V_TH, Recipe
from models.spikes import check_seed, check_timesteps
from models.ternary import integer_constants, ternarise


class Measured(Protocol):
    """What a measurement of a network tells; see `golden.Measurement`."""

    accuracy: tuple[float, ...]
    spikes: tuple[float, ...]


Measure = Callable[..., Measured]
"""``measure(network, images, labels, timesteps=, seed=)``, as `golden.accuracy_by_timestep` is."""


def export(name: str, layers: list[tuple[np.ndarray, np.ndarray]], beta: float) -> Network:
    """The integer network that fires as trained full-precision parameters do when ternarised.

    ``layers`` holds real weights (inputs, neurons) and bias (neurons,) a layer.
    """
    parameters = []
    for weight, bias in layers:
        codes, alpha = ternarise(weight, beta)
        bias_codes, bias_scale = ternarise(bias, beta)
        biases = np.unique(bias_codes).tolist()
        constants = integer_constants(
            alpha, bias_scale, V_TH, inputs=weight.shape[0], biases=biases
        )
        parameters.append(
            LayerParameters(weights=codes, bias=bias_codes, **dataclasses.asdict(constants))
        )
    return Network(name=name, layers=tuple(parameters))


def train(
    layer: str,
    data: str,
    *,
    epochs: int,
    seed: int,
    measure: Measure,
    folder: Path | None = None,
    output_folder: Path | None = None,
    recipe: Recipe | None = None,
    timesteps: int = 35,
    test_seed: int = 0,
) -> Path:
    """Train the network called ``layer`` on ``data``, measure it, and write its weight file.

    Parameters
    ----------
    layer
        Name of a preset, such as ``fc256``.
    data
        Name of a data set, such as ``digits``.
    epochs
        Passes over the training set, 1 or more.
    seed
        Seed of the training, 0 to 2**63 - 1: one seed gives one network on one machine.
    measure
        Measures the exported network on the test set: `golden.accuracy_by_timestep`. It is handed
        in, as this room knows nothing of the golden model.
    folder
        Folder with MNIST's files, see `models.datasets.find_folder`.
    output_folder
        Where ``LAYER-DATA.npz`` and ``.json`` go; by default where `models.weights.committed` says.
    recipe
        Settings, by default ``Recipe()``.
    timesteps
        Longest run that is measured, 1 to 255.
    test_seed
        Seed of the spikes of that measurement.

    Returns
    -------
    The weight file's path. `BadInput` for a bad argument, missing data, a missing PyTorch and a
    training that diverged; then nothing is written.
    """
    shape = preset(layer)
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise BadInput(f"epochs must be an integer, 1 or more, not {epochs!r}")
    seed, test_seed = check_seed(seed), check_seed(test_seed)
    timesteps = check_timesteps(timesteps)
    recipe = Recipe() if recipe is None else recipe
    try:
        from models import tw_snn
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise BadInput("training needs PyTorch; install it with pip install '.[train]'") from None
    dataset = load(data, folder)
    path = weights.committed(layer, data)
    if output_folder is not None:
        path = Path(output_folder) / path.name
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(f"{layer} {data}", total=epochs)

        def report(epoch: int, loss: float, right: float) -> None:
            text = f"{layer} {data}: loss {loss:.3f}, {right:.2%} right"
            progress.update(task, completed=epoch, description=text)

        layers = tw_snn.fit(
            shape.sizes,
            dataset.train_images,
            dataset.train_labels,
            recipe,
            epochs=epochs,
            seed=seed,
            report=report,
        )
        progress.update(task, description=f"{layer} {data}: measuring")
        network = export(layer, layers, recipe.beta)
        measured = measure(
            network, dataset.test_images, dataset.test_labels, timesteps=timesteps, seed=test_seed
        )
    card = Card(
        name=layer,
        sizes=shape.sizes,
        data=data,
        recipe=recipe.fields(),
        seed=seed,
        epochs=epochs,
        test_seed=test_seed,
        accuracy=measured.accuracy,
        spikes=measured.spikes,
        zeros=tuple(float(np.mean(layer.weights == 0)) for layer in network.layers),
    )
    weights.save(path, network, card)
    return path
