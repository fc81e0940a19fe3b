"""``trispike train``: a network trained, exported and measured."""

import dataclasses
import sys
from pathlib import Path

from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.presets import PRESETS, dense_name, preset
from trispike.sim.terminal.console import relative
from trispike.sim.terminal.options import DEFAULT_LAYER, DataFolder, Preset
from trispike.sim.terminal.request import command, option
from trispike.sim.tools.paths import build_folder
from trispike.sim.training import train as training
from trispike.sim.training.recipe import RECIPES, Recipe, changed, recipe

DEFAULT_EPOCHS = 100
"""For a network without committed weights."""

SHOWN = (1, 3, 10)
"""Timesteps whose accuracy is printed, besides the most measured."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(DataFolder, Preset):
    """A network to train."""

    layer: str | None = option(f"Network: {', '.join(PRESETS)}.  [default: {DEFAULT_LAYER}]")
    sizes: str | None = option(
        "Dense layers of the seed's neurons in place of LAYER: inputs, and neurons of each layer, "
        "like 784-100-10."
    )
    epochs: int | None = option("Passes over the training images.  [the committed card's]")
    seed: int | None = option("Seed of everything random.  [the committed card's]")
    threads: int | None = option("Threads of PyTorch.  [the committed card's, or 1]")
    device: str | None = option(
        f"{' or '.join(training.DEVICES)}, which is a GPU.  [the card's, or a GPU if there is one]"
    )
    recipe: str = option(f"Settings: {', '.join(RECIPES)}.", weights.DEFAULT_RECIPE)
    settings: str = option("Other settings than the recipe's, such as 'beta=0.2 batch=100'.", "")
    output: Path | None = option("Folder.  [build/weights]")

    def __post_init__(self):
        super().__post_init__()
        if self.sizes is not None:
            if self.layer is not None:
                raise BadInput("SIZES= and LAYER= both name a network: leave one of them out")
            object.__setattr__(self, "layer", dense_name(self.sizes))
        object.__setattr__(self, "layer", self.layer or DEFAULT_LAYER)


@command("train", Training)
def train(asked: Training) -> None:
    """Train a network and export it with its card; needs PyTorch.

    Without options this repeats the training of the weights that come with Trispike. A training
    that was interrupted goes on where it was.
    """
    layer, data = asked.layer, asked.data
    outputs, classes = preset(layer).sizes[-1], datasets.source(data).samples.outputs
    if outputs != classes:
        raise BadInput(f"{layer} has {outputs} outputs, and {data} has {classes} classes")
    chosen, card = recipe(asked.recipe, layer, data), _committed_card(layer, data, asked.recipe)
    origin = card and card.origin
    chosen = changed(chosen if origin is None else Recipe(**origin.recipe), asked.settings)
    plan = training.Plan(
        layer=layer,
        data=data,
        epochs=_first(asked.epochs, origin and origin.epochs, DEFAULT_EPOCHS),
        seed=_first(asked.seed, origin and origin.seed, 0),
        threads=_first(asked.threads, origin and origin.threads, 1),
        device=_device(asked.device, origin and origin.device),
        recipe=chosen,
    )
    output = asked.output or build_folder() / "weights"
    check_writable(output / weights.committed(layer, data, chosen.name).name)
    try:
        path = training.train(
            plan, folder=datasets.find_folder(asked.data_folder, data), output_folder=output
        )
    except KeyboardInterrupt:
        print("the same command goes on from the last state written", file=sys.stderr)
        raise
    print(f"weights: {relative(path)}")
    card_path = weights.card_path(path)
    print(_summary(Card.from_json(card_path.read_bytes(), str(card_path))))


def _device(asked: str | None, of_card: str | None) -> str:
    """The device asked for, else the committed card's, else a GPU if there is one."""
    if device := asked or (of_card if of_card == "cpu" else None):
        return device
    found = "cuda" if training.has_gpu() else "cpu"
    if of_card not in (None, found):
        print(
            f"the card's weights were trained on {of_card}; those of a {found} may differ",
            file=sys.stderr,
        )
    return found


def _summary(card: Card) -> str:
    """What the golden model measured, in three lines."""
    measured = card.measured
    last = len(measured.accuracy)
    times = sorted({*(t for t in SHOWN if t < last), last})
    accuracies = (
        f"{set_name}: " + ", ".join(f"{accuracy[t - 1]:.2%} at T={t}" for t in times)
        for set_name, accuracy in (
            ("test images", measured.accuracy),
            ("held-out images", measured.held_out_accuracy),
        )
    )
    zeros = ", ".join(f"{fraction:.2f}" for fraction in measured.zeros)
    activity = f"{measured.operations:,.0f} synaptic operations per image and timestep"
    return "\n".join([*accuracies, f"zero weights per layer: {zeros}; {activity}"])


def _committed_card(layer: str, data: str, recipe_name: str) -> Card | None:
    path = weights.committed(layer, data, recipe_name)
    return weights.load(path)[1] if path.exists() else None


def _first(*values: int | None) -> int:
    """The first of ``values`` that is not None."""
    return next(value for value in values if value is not None)
