"""What the golden model makes of a few test images with each committed network, as it was recorded.

``python -m tb.golden.labels`` records it anew in labels.json, for networks whose data set is at
hand; the others keep what they have.
"""

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tb.kit.networks import NO_MNIST
from trispike import golden
from trispike.models.data import datasets, encoders
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.sim.report.records import Records
from trispike.sim.terminal.console import warn

FILE = Path(__file__).with_name("labels.json")
IMAGES = 4
_TIMESTEPS = 5
"""Of networks that were trained for any number."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Labels:
    """What a network made of the first test images of its data set, with seed 0.

    - ``network``: name of its weight file.
    - ``labels``: one an image.
    - ``digests``: of every potential and spike of an image, in hexadecimal.
    """

    network: str
    labels: tuple[int, ...]
    digests: tuple[str, ...]


LABELS = Records(
    format="trispike-labels-1", entry=Labels, what="labels", key=lambda entry: (entry.network,)
)


def networks() -> dict[str, tuple[Path, str]]:
    """By name of the weight file: where it is, and its data set."""
    return {
        path.stem: (path, data) for data in datasets.NAMES for path in weights.all_committed(data)
    }


def images_for(name: str) -> np.ndarray:
    """Test images, or spikes, for the network ``name``; `BadInput` if they are not at hand."""
    _, data = networks()[name]
    folder = datasets.find_folder(name=data)
    if folder is None and datasets.source(data).variable == datasets.FOLDER_VARIABLE:
        raise BadInput(NO_MNIST)  # no test fetches it
    return datasets.load_test(data, folder)[0][:IMAGES]


def labels(name: str, images: np.ndarray) -> Labels:
    """What the network ``name`` makes of ``images`` now."""
    path, data = networks()[name]
    network, card = weights.load(path)
    samples = datasets.source(data).samples
    timesteps = samples.timesteps or card.timesteps or _TIMESTEPS
    spikes = encoders.encode(network.shape, images, timesteps, seed=0)
    result = golden.run(network, spikes)
    values = [each for pair in zip(result.potentials, result.spikes, strict=True) for each in pair]
    return Labels(
        network=name,
        labels=tuple(result.labels.tolist()),
        digests=tuple(_digest([each[k] for each in values]) for k in range(IMAGES)),
    )


def _digest(values: list[np.ndarray]) -> str:
    whole = hashlib.sha256()
    for each in values:
        whole.update(each.astype("<i4").tobytes())
    return whole.hexdigest()[:12]


def changed(kept: Labels, now: Labels) -> Iterator[str]:
    """A line for each image of which the golden model makes something else than was recorded."""
    for k in range(IMAGES):
        where = f"{kept.network}, test image {k}"
        if kept.labels[k] != now.labels[k]:
            yield f"{where}: label {now.labels[k]}, recorded {kept.labels[k]}"
        elif kept.digests[k] != now.digests[k]:
            yield f"{where}: other potentials or spikes than recorded, label {now.labels[k]} again"


def main() -> None:
    """Record the labels of all networks whose data sets are at hand."""
    entries = LABELS.read(FILE)
    for name in networks():
        try:
            images = images_for(name)
        except BadInput as error:
            warn(f"{name} keeps what was recorded: {error}")
            continue
        entries = LABELS.renewed(entries, labels(name, images))
    LABELS.write(FILE, [entry for entry in entries if entry.network in networks()])


if __name__ == "__main__":
    main()
