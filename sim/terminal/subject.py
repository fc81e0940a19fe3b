"""What a command works on: a network, and test images that fit it."""

import math
from pathlib import Path

import numpy as np

from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.parameters import Network
from trispike.models.network.presets import preset
from trispike.sim.terminal.console import warn
from trispike.sim.terminal.options import DEFAULT_IMAGES, Images

_DEVIATIONS = 6
"""Standard deviations of a sample's accuracy that are put down to chance."""


def network(layer: str, data: str, weight_file: Path | None) -> tuple[Path, Network]:
    """The network in ``weight_file``, or else in the one committed for ``layer`` and ``data``.

    Returns the file too. `BadInput` if there is none.
    """
    if weight_file is None:
        preset(layer)
        if data not in datasets.NAMES:
            raise BadInput(f"DATA must be one of {', '.join(datasets.NAMES)}, not {data!r}")
        weight_file = weights.committed(layer, data)
        if not weight_file.exists():
            raise BadInput(
                f"no weights of {layer} for {data} come with Trispike; train them by make train "
                f"LAYER={layer} DATA={data} and name the file with WEIGHTS="
            )
    return weight_file, weights.load(weight_file)[0]


def accuracy_claimed(weight_file: Path, data: str, timesteps: int) -> float | None:
    """What the card of ``weight_file`` says of ``data`` at so many timesteps; None if nothing."""
    return weights.load(weight_file)[1].accuracy(data, timesteps)


def check_accuracy(weight_file: Path, claimed: float | None, got: float, images: int) -> None:
    """Warn if ``got`` on some ``images`` can hardly be a sample of what was ``claimed`` of all."""
    if claimed is None:
        return
    deviation = math.sqrt(max(claimed * (1 - claimed), 1 / images) / images)
    if abs(got - claimed) > _DEVIATIONS * deviation:
        warn(
            f"accuracy is {got:.2%} on {images} images, and the card of {weight_file} says "
            f"{claimed:.2%}: are these the parameters, and the images, that were measured?"
        )


def test_images(
    network: Network,
    weight_file: Path,
    data: str,
    *,
    first: int,
    count: int | None,
    folder: Path | None,
) -> tuple[np.ndarray, np.ndarray, range]:
    """All test images of ``data``, uint8 (n, pixels), their labels (n,), and those to work on.

    These are ``count`` from the index ``first`` on; without a count `DEFAULT_IMAGES`, or all that
    are left if there are fewer. ``folder`` is where the user has the data, if anywhere. `BadInput`
    if there are not so many images, or if their pixels are not ``network``'s inputs.
    """
    if count is not None and count < 1:
        raise BadInput(f"IMAGES must be 1 or more, not {count}")
    pixels, labels = datasets.load_test(data, datasets.find_folder(folder, data))
    if not 0 <= first < len(pixels):
        raise BadInput(
            f"FIRST must be from 0 to {len(pixels) - 1}, {data}'s last test image, not {first}"
        )
    left = len(pixels) - first
    if count is not None and count > left:
        which = f"{data}'s test images" + (f" from {first} on" if first else "")
        raise BadInput(f"IMAGES must be at most {left}, {which}, not {count}")
    classes, outputs = int(labels.max()) + 1, network.shape.sizes[-1]
    if outputs != classes:
        warn(f"{weight_file} has {outputs} outputs, and {data} has {classes} classes")
    if pixels.shape[1] != network.shape.sizes[0]:
        raise BadInput(
            f"{weight_file} takes {network.shape.sizes[0]} inputs, but {data}'s images have "
            f"{pixels.shape[1]} pixels"
        )
    return pixels, labels, range(first, first + (count or min(DEFAULT_IMAGES, left)))


def chosen_images(
    network: Network, weight_file: Path, asked: Images, *, first: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The test images that ``asked`` is about, and their labels; `BadInput` as `test_images`."""
    pixels, labels, chosen = test_images(
        network, weight_file, asked.data, first=first, count=asked.images, folder=asked.data_folder
    )
    return pixels[chosen.start : chosen.stop], labels[chosen.start : chosen.stop]
