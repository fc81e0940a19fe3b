"""Data sets: pinned pixels, folders of the user, and errors."""

import gzip
import hashlib
import lzma
import os
from pathlib import Path

import numpy as np
import pytest

from tb.kit.idx_files import flipped, idx, one_line, sha256, small_file
from trispike.models.data import datasets, digits, fashion, mnist
from trispike.models.errors import BadInput

_COUNT = 3

NEEDS_MNIST = pytest.mark.skipif(
    not os.environ.get("TRISPIKE_DATA"),
    reason="MNIST is not part of the repository: set TRISPIKE_DATA",
)
NEEDS_FASHION = pytest.mark.skipif(
    not os.environ.get("TRISPIKE_FASHION"),
    reason="Fashion-MNIST is not part of the repository: set TRISPIKE_FASHION",
)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Four small files in place of MNIST's: {field: (file, bytes)}, all of them in tmp_path."""
    files = {}
    for field, shape in {
        "TRAIN_IMAGES": (_COUNT, 28, 28),
        "TRAIN_LABELS": (_COUNT,),
        "TEST_IMAGES": (2, 28, 28),
        "TEST_LABELS": (2,),
    }.items():
        files[field] = small_file(getattr(mnist, field).name, shape)
        monkeypatch.setattr(mnist, field, files[field][0])
        (tmp_path / files[field][0].name).write_bytes(files[field][1])
    return files


@pytest.fixture
def clothes(small, tmp_path):
    """A folder of small files like Fashion-MNIST's, with the names of ``small``'s: (it, bytes)."""
    folder = tmp_path / "clothes"
    folder.mkdir()
    rng = np.random.default_rng(11)
    made = {}
    for field, (file, _) in small.items():
        limit = 10 if len(file.shape) == 1 else 256
        made[field] = idx(rng.integers(0, limit, file.shape, dtype=np.uint8))
        (folder / file.name).write_bytes(made[field])
    return folder, made


# digits


def test_digits_are_pinned():
    data = datasets.load("digits")
    assert data.train_images.shape == (1438, 784)
    assert data.test_images.shape == (359, 784)
    assert data.train_images.dtype == data.test_labels.dtype == np.uint8
    assert sorted(set(data.test_labels.tolist())) == list(range(10))
    pixels = hashlib.sha256(data.train_images.tobytes() + data.test_images.tobytes()).hexdigest()
    assert pixels == "fe44b8e3df61cd253647e687642aa4ab0ce31fa36e4c7adcd3f03af1dcddc588"
    labels = hashlib.sha256(data.train_labels.tobytes() + data.test_labels.tobytes()).hexdigest()
    assert labels == "61f4552d4587e5d21f2255518a183b555cb7555af69df048b1bf2a6058a5fbee"
    whole = "efae52ffd670f7d1aa85d40127d365cf0e8ab7b077d69d2892406af7ca4440a7"
    assert data.digests == {"scikit-learn load_digits": whole}


def test_digits_split_takes_every_fifth():
    from sklearn.datasets import load_digits

    labels = load_digits().target
    _, found = datasets.load_test("digits")
    assert found.tolist() == labels[4::5].tolist()


def test_frame_by_hand():
    """Against bilinear interpolation in floats; a border of 4 stays black."""
    image = np.random.default_rng(0).integers(0, 17, (1, 8, 8))
    framed = digits.frame(image).reshape(28, 28)
    inner = framed[4:24, 4:24]
    assert framed.sum(dtype=int) == inner.sum(dtype=int)
    at = np.clip((np.arange(20) + 0.5) * 0.4 - 0.5, 0, 7)
    rows = np.array([np.interp(at, range(8), row) for row in image[0]])
    wanted = np.array([np.interp(at, range(8), column) for column in rows.T]).T
    assert np.abs(inner - wanted * 255 / 16).max() <= 0.5 + 1e-9


def test_frame_keeps_the_range():
    assert digits.frame(np.full((1, 8, 8), 16)).max() == 255
    assert digits.frame(np.zeros((1, 8, 8), int)).max() == 0


# names and folders


def test_unknown_name():
    for function in (datasets.load, datasets.load_test):
        with pytest.raises(
            BadInput,
            match="one of digits, mnist, saccade, nmnist, fashion, emnist, cifar10, not 'cifar'",
        ):
            function("cifar")


def test_find_folder(monkeypatch):
    monkeypatch.delenv("TRISPIKE_DATA", raising=False)
    assert datasets.find_folder() is None
    monkeypatch.setenv("TRISPIKE_DATA", "/named")
    assert datasets.find_folder() == Path("/named")
    assert datasets.find_folder(Path("/option")) == Path("/option")
    monkeypatch.setenv("TRISPIKE_DATA", "")
    assert datasets.find_folder() is None


def test_find_folder_of_each(monkeypatch):
    """A folder named for one data set is never taken for the other."""
    monkeypatch.setenv("TRISPIKE_DATA", "/digits")
    monkeypatch.delenv("TRISPIKE_FASHION", raising=False)
    assert datasets.find_folder(name="mnist") == Path("/digits")
    assert datasets.find_folder(name="fashion") is None
    monkeypatch.delenv("TRISPIKE_DATA")
    monkeypatch.setenv("TRISPIKE_FASHION", "/clothes")
    assert datasets.find_folder(name="mnist") is None
    assert datasets.find_folder(name="fashion") == Path("/clothes")
    assert datasets.find_folder(Path("/option"), "fashion") == Path("/option")


def test_names_with_a_dot(small, tmp_path):
    """As the publisher's own archives unpack: t10k-images.idx3-ubyte."""
    for file, _ in small.values():
        (tmp_path / file.name).rename(tmp_path / file.name.replace("-idx", ".idx"))
    assert datasets.load("mnist", tmp_path).train_images.shape == (_COUNT, 784)


@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)]
)
def test_mnist_from_a_folder(small, tmp_path, suffix, pack):
    for file, data in small.values():
        (tmp_path / file.name).unlink()
        (tmp_path / f"{file.name}{suffix}").write_bytes(pack(data))
    found = datasets.load("mnist", tmp_path)
    assert found.name == "mnist"
    assert found.train_images.shape == (_COUNT, 784)
    assert found.train_images.tobytes() == small["TRAIN_IMAGES"][1][16:]
    assert found.train_labels.tobytes() == small["TRAIN_LABELS"][1][8:]
    assert found.test_images.tobytes() == small["TEST_IMAGES"][1][16:]
    assert found.test_labels.tobytes() == small["TEST_LABELS"][1][8:]
    assert found.digests == {file.name: sha256(data) for file, data in small.values()}


def test_testing_needs_no_training_files(small, tmp_path):
    (tmp_path / small["TRAIN_IMAGES"][0].name).unlink()
    images, labels = datasets.load_test("mnist", tmp_path)
    assert images.shape == (2, 784)
    assert labels.shape == (2,)
    with pytest.raises(BadInput, match=r"has no train-images-idx3-ubyte, .*\.xz; name a folder"):
        datasets.load("mnist", tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(BadInput, match=r"data folder .*absent does not exist; name a folder"):
        datasets.load_test("mnist", tmp_path / "absent")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: b"", "must start with 00000803, as an IDX file does, not ''"),
        (lambda data: flipped(data, 3), "must start with 00000803"),
        (lambda data: data[:9], "is cut short"),
        (lambda data: flipped(data, 7), "must hold 2x28x28 values, not 3x28x28"),
        (lambda data: data[:-1], "must have 1568 bytes after its header, not 1567"),
        (lambda data: data + b"x", "must have 1568 bytes after its header, not 1569"),
        (lambda data: flipped(data, 500), "must have sha256"),
        (lambda data: gzip.compress(data)[:-9], "is cut short"),
        (lambda data: gzip.compress(data)[:40], "is cut short"),
        (lambda data: flipped(gzip.compress(data), -6 % len(gzip.compress(data))), "is damaged"),
        (lambda data: b"\x1f\x8bnot gzip", "is damaged"),
        (lambda data: gzip.compress(data + bytes(10**7)), "after its header, not 1569"),
    ],
)
def test_spoilt_file(small, tmp_path, spoil, message):
    file, data = small["TEST_IMAGES"]
    (tmp_path / file.name).write_bytes(spoil(data))
    with pytest.raises(BadInput) as caught:
        datasets.load_test("mnist", tmp_path)
    line = one_line(caught)
    assert message in line
    assert str(tmp_path / file.name) in line


def test_unreadable_file(small, tmp_path, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(BadInput, match=r"cannot read .*t10k-images-idx3-ubyte: Permission denied"):
        datasets.load_test("mnist", tmp_path)


# Fashion-MNIST


@pytest.mark.parametrize("packed", [False, True])
def test_fashion_from_a_folder(small, clothes, packed):
    folder, made = clothes
    if packed:
        for field, (file, _) in small.items():
            (folder / file.name).unlink()
            (folder / f"{file.name}.gz").write_bytes(gzip.compress(made[field]))
    found = datasets.load("fashion", folder)
    assert found.name == "fashion"
    assert found.train_images.shape == (_COUNT, 784)
    assert found.train_images.tobytes() == made["TRAIN_IMAGES"][16:]
    assert found.train_labels.tobytes() == made["TRAIN_LABELS"][8:]
    assert found.test_images.tobytes() == made["TEST_IMAGES"][16:]
    assert found.test_labels.tobytes() == made["TEST_LABELS"][8:]
    assert found.digests == {file.name: sha256(made[f]) for f, (file, _) in small.items()}
    images, labels = datasets.load_test("fashion", folder)
    assert np.array_equal(images, found.test_images)
    assert np.array_equal(labels, found.test_labels)


@pytest.mark.parametrize("field", ["TRAIN_IMAGES", "TRAIN_LABELS", "TEST_IMAGES", "TEST_LABELS"])
@pytest.mark.parametrize("packed", [False, True])
def test_one_file_of_mnist_among_fashions(small, clothes, field, packed):
    """Known by their digests, MNIST's files are not taken for Fashion-MNIST's."""
    folder, _ = clothes
    file, data = small[field]
    path = folder / file.name
    path.unlink()
    if packed:
        path = folder / f"{file.name}.gz"
        data = gzip.compress(data)
    path.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        datasets.load("fashion", folder)
    line = one_line(caught)
    assert f"{path} is MNIST's, not Fashion-MNIST's; get Fashion-MNIST's four" in line
    assert line.endswith("name their folder with DATA_FOLDER= or TRISPIKE_FASHION")


def test_fashions_folder_for_mnist(clothes):
    folder, _ = clothes
    for function in (datasets.load, datasets.load_test):
        with pytest.raises(BadInput) as caught:
            function("mnist", folder)
        assert "to be MNIST's; fetch it again (other data sets' files have the same names)" in (
            one_line(caught)
        )


def test_fashion_of_debian(clothes, monkeypatch):
    """Without a folder; one that is named goes before it."""
    folder, made = clothes
    monkeypatch.setattr(fashion, "DEBIAN", folder)
    assert datasets.load_test("fashion")[0].tobytes() == made["TEST_IMAGES"][16:]
    with pytest.raises(BadInput, match="absent does not exist"):
        datasets.load_test("fashion", folder / "absent")


def test_fashion_without_a_folder(monkeypatch, tmp_path):
    """It is never downloaded; the message says where the files are and how to name them."""
    monkeypatch.setattr(mnist, "download", None)
    monkeypatch.setattr(fashion, "DEBIAN", tmp_path / "absent")
    for function in (datasets.load, datasets.load_test):
        with pytest.raises(BadInput) as caught:
            function("fashion")
        line = one_line(caught)
        assert line.startswith("no data folder for Fashion-MNIST; get ")
        assert fashion.HOME in line
        assert "DATA_FOLDER= or TRISPIKE_FASHION" in line


def test_missing_fashion_folder(clothes, tmp_path):
    with pytest.raises(BadInput, match=r"absent does not exist; get .* or TRISPIKE_FASHION$"):
        datasets.load("fashion", tmp_path / "absent")
    folder, _ = clothes
    (folder / mnist.TRAIN_LABELS.name).unlink()
    with pytest.raises(BadInput, match=r"has no train-labels-idx1-ubyte, .*; get .*_FASHION$"):
        datasets.load("fashion", folder)
    assert len(datasets.load_test("fashion", folder)[0]) == 2


@pytest.mark.parametrize(
    ("field", "spoil", "message"),
    [
        ("TEST_IMAGES", lambda data: flipped(data, 2), "must start with 00000803"),
        ("TEST_IMAGES", lambda data: flipped(data, 7), "must hold 2x28x28 values, not 3x28x28"),
        ("TEST_IMAGES", lambda data: data[:-1], "must have 1568 bytes after its header, not 1567"),
        ("TEST_IMAGES", lambda data: gzip.compress(data)[:-9], "is cut short"),
        ("TEST_LABELS", lambda data: data + b"x", "must have 2 bytes after its header, not 3"),
        ("TEST_LABELS", lambda data: data[:-1] + b"\n", "must hold labels from 0 to 9, not 10"),
        ("TEST_LABELS", lambda data: gzip.compress(data)[:-4] + bytes(4), "is damaged"),
    ],
)
def test_spoilt_fashion_file(clothes, field, spoil, message):
    folder, made = clothes
    path = folder / getattr(mnist, field).name
    path.write_bytes(spoil(made[field]))
    with pytest.raises(BadInput) as caught:
        datasets.load_test("fashion", folder)
    line = one_line(caught)
    assert line.startswith(f"{path} {message}")


def test_labels_up_to_9_are_taken(clothes):
    folder, made = clothes
    path = folder / mnist.TEST_LABELS.name
    path.write_bytes(made["TEST_LABELS"][:-2] + b"\0\t")
    assert datasets.load_test("fashion", folder)[1].tolist() == [0, 9]


def _full_size(file: mnist.MnistFile) -> bytes:
    """A file of MNIST's true size: an image's first four pixels hold its number."""
    numbers = np.arange(file.shape[0], dtype="<u4")
    if len(file.shape) == 1:
        return idx((numbers % 7).astype(np.uint8))
    images = np.zeros(file.shape, np.uint8)
    images[:, 0, :4] = numbers.view(np.uint8).reshape(-1, 4)
    return idx(images)


def _numbers(images: np.ndarray) -> list[int]:
    return images[:, :4].copy().view("<u4").ravel().tolist()


def test_fashion_of_full_size(tmp_path):
    digests = {}
    for file in (mnist.TRAIN_IMAGES, mnist.TRAIN_LABELS, mnist.TEST_IMAGES, mnist.TEST_LABELS):
        made = _full_size(file)
        digests[file.name] = sha256(made)
        (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(made, compresslevel=1))
    data = datasets.load("fashion", tmp_path)
    assert data.train_images.shape == (60000, 784)
    assert data.test_images.shape == (10000, 784)
    assert _numbers(data.fit_images) == list(range(50000))
    assert _numbers(data.held_out_images) == list(range(50000, 60000))
    assert data.fit_labels.tolist() == [n % 7 for n in range(50000)]
    assert data.held_out_labels.tolist() == [n % 7 for n in range(50000, 60000)]
    assert data.digests == digests


def test_without_a_folder_the_cache_is_used(small, monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(mnist, "download", None)  # not called: all is there
    assert datasets.load("mnist").test_labels.shape == (2,)


# the real thing


@NEEDS_MNIST
def test_real_mnist():
    data = datasets.load("mnist", datasets.find_folder())
    assert data.train_images.shape == (60000, 784)
    assert data.test_images.shape == (10000, 784)
    assert np.bincount(data.test_labels)[:2].tolist() == [980, 1135]
    assert data.test_images.mean() * 784 / 255 == pytest.approx(103.89, abs=0.01)
    assert len(data.fit_images) == len(data.fit_labels) == 50000
    assert len(data.held_out_images) == len(data.held_out_labels) == 10000
    assert data.digests["t10k-labels-idx1-ubyte"] == mnist.TEST_LABELS.sha256


@NEEDS_MNIST
def test_real_mnist_is_not_fashion():
    folder = datasets.find_folder()
    for function in (datasets.load, datasets.load_test):
        with pytest.raises(BadInput, match="is MNIST's, not Fashion-MNIST's"):
            function("fashion", folder)


@NEEDS_FASHION
def test_real_fashion():
    """Its classes are of one size, as MNIST's are not."""
    data = datasets.load("fashion", datasets.find_folder(name="fashion"))
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert data.train_images.shape == (60000, 784)
    assert data.test_images.shape == (10000, 784)
