"""EMNIST's letters in made-up files."""

import gzip

import numpy as np
import pytest

from tb.kit.idx_files import flipped, idx, one_line, sha256
from trispike.models.data import datasets
from trispike.models.errors import BadInput

_NAMES = {
    (part, kind): f"emnist-letters-{part}-{kind}-ubyte"
    for part in ("train", "test")
    for kind in ("images-idx3", "labels-idx1")
}


@pytest.fixture
def made(tmp_path):
    """Five training and three test images, transposed in their files: the bytes of each file."""
    rng = np.random.default_rng(4)
    files = {}
    for (part, kind), name in _NAMES.items():
        count = 5 if part == "train" else 3
        labels = np.array([1, 26, 13, 1, 2][:count], np.uint8)
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        files[name] = idx(labels if kind.startswith("labels") else images)
        (tmp_path / name).write_bytes(files[name])
    return files


@pytest.mark.parametrize("packed", [False, True])
def test_from_a_folder(made, tmp_path, packed):
    if packed:
        for name, data in made.items():
            (tmp_path / name).unlink()
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    data = datasets.load("emnist", tmp_path)
    assert data.train_labels.tolist() == [0, 25, 12, 0, 1]
    assert data.test_labels.tolist() == [0, 25, 12]
    assert data.test_labels.dtype == data.test_images.dtype == np.uint8
    assert data.train_images.shape == (5, 784)
    stored = np.frombuffer(made[_NAMES["test", "images-idx3"]], np.uint8, offset=16)
    upright = data.test_images.reshape(3, 28, 28)
    for (n, y, x), pixel in np.ndenumerate(stored.reshape(3, 28, 28)):
        assert upright[n, x, y] == pixel
    assert data.digests == {name: sha256(file) for name, file in made.items()}
    assert (data.samples.classes, data.samples.outputs) == (26, 26)


def _label(data: bytes, label: int) -> bytes:
    return data[:-1] + bytes([label])


@pytest.mark.parametrize(
    ("kind", "spoil", "message"),
    [
        ("images-idx3", lambda data: data[:-1], "must have 2352 bytes after its header, not 2351"),
        ("images-idx3", lambda data: flipped(data, 11), "must hold 3x28x28 values, not 3x29x28"),
        ("images-idx3", lambda data: flipped(data, 4), "must have 13153339696 bytes after its"),
        ("images-idx3", lambda data: data[:9], "is cut short"),
        ("images-idx3", lambda data: gzip.compress(data)[:-9], "is cut short"),
        ("labels-idx1", lambda data: flipped(data, 7), "must hold 3 values, not 2"),
        ("labels-idx1", lambda data: _label(data, 0), "must hold labels from 1 to 26"),
        ("labels-idx1", lambda data: _label(data, 27), "must hold labels from 1 to 26"),
    ],
)
def test_spoilt_file(made, tmp_path, kind, spoil, message):
    path = tmp_path / _NAMES["test", kind]
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(BadInput) as caught:
        datasets.load_test("emnist", tmp_path)
    assert one_line(caught).startswith(f"{path} {message}")


def test_no_images(tmp_path):
    (tmp_path / _NAMES["test", "images-idx3"]).write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    (tmp_path / _NAMES["test", "labels-idx1"]).write_bytes(idx(np.zeros(0, np.uint8)))
    with pytest.raises(BadInput, match="must hold labels from 1 to 26; fetch it again"):
        datasets.load_test("emnist", tmp_path)


def test_missing(made, tmp_path):
    with pytest.raises(BadInput, match=r"^no data folder for EMNIST; get EMNIST .*_EMNIST$"):
        datasets.load("emnist")
    (tmp_path / _NAMES["train", "labels-idx1"]).unlink()
    with pytest.raises(BadInput, match=r"has no emnist-letters-train-labels-idx1-ubyte, .* \.xz"):
        datasets.load("emnist", tmp_path)
    assert len(datasets.load_test("emnist", tmp_path)[0]) == 3
