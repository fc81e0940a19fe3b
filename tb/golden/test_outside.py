"""Networks that others trained, from NIR files, on the golden model."""

import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tb.kit import outside
from tb.kit.extras import needs_nir
from trispike.golden import run
from trispike.models.data import datasets
from trispike.models.data.encoders import encode
from trispike.models.network import weights

pytestmark = needs_nir

VARIABLE = "TRISPIKE_NETWORKS"
"""Names the folder with the files of the outside networks."""

NAMES = ("vgg7s_cifar10", "vgg9_cifar10")


def _file(name: str) -> Path:
    folder = os.environ.get(VARIABLE)
    if folder is None:
        pytest.skip(f"{name} is not part of the repository: set {VARIABLE}")
    return Path(folder) / name


def _test_images() -> tuple[np.ndarray, np.ndarray]:
    folder = datasets.find_folder(name="cifar10")
    if folder is None:
        variable = datasets.source("cifar10").variable
        pytest.skip(f"cifar10 is not part of the repository: set {variable}")
    return datasets.load_test("cifar10", folder)


def _ran(network, images):
    return run(network, encode(network.shape, images, timesteps=1, seed=0))


def _evaluated(path: Path, images: np.ndarray) -> np.ndarray:
    """What the last node of the file gives, node by node, in floating point."""
    values = images.astype(float)
    for kind, node in outside.chain(path):
        if kind == "Input":
            values = values.reshape(-1, *node.input_type["input"])
        elif kind == "Conv2d":
            edges = [(0, 0), (0, 0), *((int(p), int(p)) for p in node.padding)]
            windows = np.lib.stride_tricks.sliding_window_view(
                np.pad(values, edges), node.weight.shape[2:], axis=(2, 3)
            )[:, :, :: node.stride[0], :: node.stride[1]]
            sums = np.tensordot(windows, node.weight.astype(float), ([1, 4, 5], [1, 2, 3]))
            values = np.moveaxis(sums + node.bias, -1, 1)
        elif kind == "Threshold":
            values = (values > node.threshold).astype(float)
        elif kind == "SumPool2d":
            side = node.kernel_size[0]
            values = sum(values[:, :, y::side, x::side] for y in range(side) for x in range(side))
        elif kind == "Flatten":
            values = values.reshape(len(values), -1)
        elif kind == "Affine":
            values = values @ node.weight.T.astype(float) + node.bias
    return values


def test_potentials_of_vgg7s():
    """Of the first 20 test images, as the script that trained it had them."""
    network = outside.load(_file("vgg7s_cifar10.nir"))
    expected = json.loads(_file("vgg7s_cifar10.json").read_text())
    result = _ran(network, _test_images()[0][:20])
    assert result.scores.tolist() == expected["first_20_potentials"]
    assert result.labels.tolist() == expected["first_20_labels"]


@pytest.mark.parametrize("name", NAMES)
def test_potentials_are_those_of_the_file(name):
    path, (images, _) = _file(f"{name}.nir"), _test_images()
    assert np.array_equal(
        _ran(outside.load(path), images[:20]).scores, _evaluated(path, images[:20])
    )


@pytest.mark.parametrize(("name", "right"), zip(NAMES, (164, 173), strict=True))
def test_accuracy(name, right):
    """On the first 200 test images; on all 10,000 it is 79.80% and 84.9%."""
    network, (images, labels) = outside.load(_file(f"{name}.nir")), _test_images()
    parts = [_ran(network, images[k : k + 50]).labels for k in range(0, 200, 50)]
    assert int((np.concatenate(parts) == labels[:200]).sum()) == right


def _nodes() -> dict:
    """A small network whose weights have scales and whose convolution has biases."""
    import nir

    rng = np.random.default_rng(3)
    convolution = nir.Conv2d(
        input_shape=(6, 4),
        weight=rng.integers(-1, 2, (3, 2, 3, 3)) * 0.75,
        stride=1,
        padding=1,
        dilation=1,
        groups=1,
        bias=rng.normal(0, 99, 3),
    )
    over = np.broadcast_to(rng.normal(0, 99, 3)[:, None, None], (3, 6, 4))
    return {
        "input": nir.Input(np.array([2, 6, 4])),
        "conv": convolution,
        "spike": nir.Threshold(over),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "or": nir.Threshold(np.full((3, 3, 2), 0.5)),
        "flatten": nir.Flatten(np.array([3, 3, 2]), 0, -1),
        "read_out": nir.Affine(rng.integers(-1, 2, (4, 18)) * 0.5, np.array([0, 1, -1.5, 3])),
        "output": nir.Output(np.array([4])),
    }


def _written(folder: Path, nodes: dict, more: tuple = ()) -> Path:
    import nir

    names, path = list(nodes), folder / "small.nir"
    nir.write(path, nir.NIRGraph(nodes, [*itertools.pairwise(names), *more]))
    return path


def test_scales_and_biases_are_folded(tmp_path):
    path = _written(tmp_path, _nodes())
    images = np.random.default_rng(0).integers(0, 256, (300, 48), dtype=np.uint8)
    network = outside.load(path)
    result = _ran(network, images)
    assert 0.1 < result.spikes[0].mean() < 0.9
    assert np.array_equal(result.scores * 0.5, _evaluated(path, images))
    outside.convert(path, tmp_path / "small.npz")
    found, card = weights.load(tmp_path / "small.npz")
    assert np.array_equal(_ran(found, images).scores, result.scores)
    assert card.origin.file == "small.nir"


def _changed(name, field, change):
    nodes = _nodes()
    setattr(nodes[name], field, change(getattr(nodes[name], field).copy()))
    return nodes


def _at_first(value):
    def change(values):
        values.flat[0] = value
        return values

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("conv", "weight", _at_first(0.5)), "weights must be ternary, but for a scale"),
        (("spike", "threshold", _at_first(0.5)), "a channel must have one threshold"),
        (("or", "threshold", _at_first(1.5)), "a pool must be followed by a threshold from 0 to 1"),
        (("pool", "kernel_size", np.ones_like), "squares that lie side by side"),
        (("read_out", "bias", _at_first(0.25)), "multiples of its weights' scale"),
    ],
)
def test_what_cannot_be_exact_is_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        outside.load(_written(tmp_path, _changed(*change)))


def test_only_chains_are_read(tmp_path):
    with pytest.raises(ValueError, match=r"small\.nir must be a chain of nodes"):
        outside.load(_written(tmp_path, _nodes(), [("conv", "pool")]))
