"""Networks that others trained are imported exactly, and do what their files say."""

import json
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tb.kit.extras import needs_nir
from tb.kit.nir_files import imported_from
from trispike.golden import run
from trispike.models.data import datasets
from trispike.models.data.encoders import encode
from trispike.models.network.shape import Encoder

pytestmark = needs_nir

VARIABLE = "TRISPIKE_NETWORKS"
"""Names the folder with the files of the outside networks."""


def _imported(name: str):
    folder = os.environ.get(VARIABLE)
    if folder is None:
        pytest.skip(f"{name} is not part of the repository: set {VARIABLE}")
    path = Path(folder) / f"{name}.nir"
    return imported_from(path, encoder=Encoder.DIRECT, pixel=Fraction(1))


def _test_images() -> tuple[np.ndarray, np.ndarray]:
    folder = datasets.find_folder(name="cifar10")
    if folder is None:
        variable = datasets.source("cifar10").variable
        pytest.skip(f"cifar10 is not part of the repository: set {variable}")
    return datasets.load_test("cifar10", folder)


def test_potentials_of_vgg7s():
    """Of the first 20 test images, as the script that trained it had them."""
    network = _imported("vgg7s_cifar10").network
    expected = json.loads((Path(os.environ[VARIABLE]) / "vgg7s_cifar10.json").read_text())
    images, _ = _test_images()
    result = run(network, encode(network.shape, images[:20], timesteps=1, seed=0))
    assert result.scores.tolist() == expected["first_20_potentials"]
    assert result.labels.tolist() == expected["first_20_labels"]


@pytest.mark.parametrize(
    ("name", "count", "right"),
    [
        pytest.param("vgg7s_cifar10", 100, 83, id="vgg7s"),
        pytest.param("vgg9_cifar10", 40, 36, id="vgg9", marks=pytest.mark.thorough),
    ],
)
def test_nothing_differs(name, count, right):
    """On the first test images; on all 10,000, 79.80% and 84.93% are right."""
    whole, (images, labels) = _imported(name), _test_images()
    assert whole.exact
    drift = whole.drift(images[:count], labels[:count])
    assert drift.first is None
    assert sum(layer.differ for layer in drift.layers) == 0
    assert all(layer.spikes > 0 for layer in drift.layers)
    assert (drift.agree, drift.right, drift.reference_right) == (count, right, right)
