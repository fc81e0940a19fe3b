"""The weight files that come with Trispike are whole, and their cards tell the truth."""

import io
import zipfile

import numpy as np
import pytest

from trispike.models.data import datasets
from trispike.models.network import weights
from trispike.models.network.shape import Encoder
from trispike.sim.training.tally import accuracy_by_timestep


def _committed():
    return sorted(weights.committed("x", "y").parent.glob("*.npz"))


def test_committed_path():
    path = weights.committed("fc256", "digits")
    assert path.parts[-3:] == ("models", "weights", "fc256-digits.npz")


@pytest.mark.parametrize("path", _committed(), ids=lambda path: path.stem)
def test_committed_weights(path):
    network, card = weights.load(path)
    assert path == weights.committed(network.name, card.data, card.origin.recipe["name"])
    assert path.stat().st_size < 512 * 1024
    measured = [float(np.mean(layer.weights == 0)) for layer in network.layers]
    assert card.measured.zeros == pytest.approx(measured)
    assert card.origin.epochs > 0
    archive = io.BytesIO(path.read_bytes())
    assert zipfile.ZipFile(archive).testzip() is None


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id=path.stem, marks=[pytest.mark.thorough] * (not path.stem.endswith("-digits"))
        )
        for path in _committed()
    ],
)
def test_cards_tell_the_truth(path):
    """Accuracy of up to 3 timesteps, measured anew on the whole test set.

    Of all timesteps, where an image's spikes depend on how many there are.
    """
    network, card = weights.load(path)
    folder = datasets.find_folder(name=card.data)
    if card.data != "digits" and folder is None:
        variable = datasets.source(card.data).variable
        pytest.skip(f"{card.data} is not part of the repository: set {variable}")
    images, labels = datasets.load_test(card.data, folder)
    timesteps = len(card.measured.accuracy)
    if network.encoder not in (Encoder.LATENCY, Encoder.GIVEN):
        timesteps = min(timesteps, 3)
    measured = accuracy_by_timestep(
        network, images, labels, timesteps=timesteps, seed=card.measured.test_seed
    )
    assert card.measured.accuracy[:timesteps] == measured.accuracy
    digests = datasets.load(card.data, folder).digests
    assert card.origin.data_sha256 == digests
