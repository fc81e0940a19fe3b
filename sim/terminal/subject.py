"""What a command works on: a network, and test images that fit it."""

import dataclasses
import math
from pathlib import Path
from typing import Self

import numpy as np

from trispike.models.data import datasets
from trispike.models.data.own import OwnData
from trispike.models.data.samples import Part, Samples
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.parameters import Network
from trispike.models.network.presets import preset
from trispike.sim.terminal.console import warn
from trispike.sim.terminal.options import DEFAULT_IMAGES, Images, Trained

_DEVIATIONS = 6
"""Standard deviations of a sample's accuracy that are put down to chance."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """A trained network, and the data that it works on.

    - ``weight_file``: where it stands.
    - ``card``: what the file says of it.
    - ``data``: name of the data set, or of the user's ``own`` data.
    """

    weight_file: Path
    network: Network
    card: Card
    data: str
    own: OwnData | None

    @classmethod
    def of(cls, asked: Trained) -> Self:
        """The network of the user's that ``asked`` names, or else the one committed.

        `BadInput` if there is none.
        """
        weight_file = asked.weights or committed(asked.layer, asked.data, asked.recipe)
        network, card = weights.load(weight_file)
        for k, layer in enumerate(network.shape.layers, 1):
            if layer.maps and layer.maps.leaves_out:
                warn(
                    f"layer {k} of {network.name} leaves out rows or columns of its maps of "
                    f"{layer.volume}: no window reaches them"
                )
        own = asked.own
        data = own.name if own else asked.data
        return cls(weight_file=weight_file, network=network, card=card, data=data, own=own)

    def accuracy_claimed(self, timesteps: int) -> float | None:
        """What the card says of the data set at so many timesteps; None if nothing."""
        return None if self.own else self.card.accuracy(self.data, timesteps)

    def check_accuracy(self, timesteps: int, got: float | None, images: int) -> None:
        """Warn if ``got`` on some ``images`` can hardly be a sample of what the card claims."""
        claimed = self.accuracy_claimed(timesteps)
        if claimed is None:  # as of the user's own data, which may have no labels
            return
        deviation = math.sqrt(max(claimed * (1 - claimed), 1 / images) / images)
        if abs(got - claimed) > _DEVIATIONS * deviation:
            warn(
                f"accuracy is {got:.2%} on {images} images, and the card of {self.weight_file} "
                f"says {claimed:.2%}: are these the parameters, and the images, that were measured?"
            )

    def test_images(
        self, asked: Images, *, first: int = 0
    ) -> tuple[np.ndarray, np.ndarray | None, range]:
        """All test images as `models.data.datasets`, their labels (n,), and those to work on.

        Labels are None where the user's own data have none. The images to work on are as many as
        are ``asked`` for, from the index ``first`` on; `DEFAULT_IMAGES` if no number was named, or
        all that are left if there are fewer. `BadInput` if there are not so many, if they are not
        what the network takes, or if it skips all their timesteps.
        """
        count, data = asked.images, self.data
        if self.own:
            pixels, labels, samples = self.own.images, self.own.labels, self.own.samples
        else:
            samples = datasets.source(data).samples
            pixels, labels = datasets.load_test(data, datasets.find_folder(asked.data_folder, data))
        if not 0 <= first < len(pixels):
            raise BadInput(
                f"FIRST must be from 0 to {len(pixels) - 1}, {data}'s last test image, not {first}"
            )
        left = len(pixels) - first
        if count is not None and count > left:
            which = f"{data}'s test images" + (f" from {first} on" if first else "")
            raise BadInput(f"IMAGES must be at most {left}, {which}, not {count}")
        outputs = self.network.shape.sizes[-1]
        if samples.groups and outputs != samples.outputs:
            classes = " + ".join(map(str, samples.groups))
            warn(f"{self.weight_file} has {outputs} outputs, and {data} has {classes} classes")
        self._check(samples, asked.timesteps)
        if self.own:
            self.own.check_labels(self.network.shape.labels, str(self.weight_file))
        return pixels, labels, range(first, first + (count or min(DEFAULT_IMAGES, left)))

    def training_images(self, asked: Images) -> np.ndarray:
        """All training images as `models.data.datasets`; all there are of the user's own data.

        `BadInput` if they are not what the network takes, or if it skips all their timesteps.
        """
        if self.own:
            pixels, samples = self.own.images, self.own.samples
        else:
            source = datasets.source(self.data)
            folder = datasets.find_folder(asked.data_folder, self.data)
            (pixels, _, _), samples = source.read(Part.TRAIN, folder), source.samples
        self._check(samples, asked.timesteps)
        return pixels

    def _check(self, samples: Samples, timesteps: int) -> None:
        """`BadInput` unless the network takes such samples, of so many timesteps."""
        samples.check_input(self.network.shape, str(self.weight_file), self.data)
        if samples.timesteps not in (None, timesteps):
            raise BadInput(f"T must be {samples.timesteps} on {self.data}, not {timesteps}")
        self.network.check_timesteps(timesteps)

    def chosen_images(
        self, asked: Images, *, first: int = 0
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The test images to work on, and their labels; None and `BadInput` as `test_images`."""
        pixels, labels, chosen = self.test_images(asked, first=first)
        mine = slice(chosen.start, chosen.stop)
        return pixels[mine], None if labels is None else labels[mine]


def committed(layer: str, data: str, recipe: str | None = None) -> Path:
    """The weight file of ``layer`` for ``data`` that comes with Trispike, by `DEFAULT_RECIPE` or
    another one.

    `BadInput` if none does.
    """
    preset(layer)
    datasets.source(data)
    weight_file = weights.committed(layer, data, recipe or weights.DEFAULT_RECIPE)
    if not weight_file.exists():
        others = weights.recipes(layer, data)
        if recipe and others:
            raise BadInput(f"RECIPE must be one of {', '.join(others)}, not {recipe!r}")
        raise BadInput(
            f"no weights of {layer} for {data} come with Trispike; train them by make train "
            f"LAYER={layer} DATA={data} and name the file with WEIGHTS="
        )
    return weight_file
