"""CIFAR-10's records in made-up files, broken ones, and the published ones."""

import gzip
import lzma
import os

import numpy as np
import pytest

from tb.kit.archives import archive
from tb.kit.command import refused_here
from tb.kit.idx_files import flipped, one_line, sha256
from tb.kit.networks import random_network, save
from trispike.models.data import cifar10, datasets
from trispike.models.data.samples import Part
from trispike.models.errors import BadInput

NEEDS_CIFAR10 = pytest.mark.skipif(
    not os.environ.get("TRISPIKE_CIFAR10"),
    reason="CIFAR-10 is not part of the repository: set TRISPIKE_CIFAR10",
)
_TEST = "test_batch.bin"


@pytest.fixture
def made(monkeypatch):
    """Files of two records each in place of CIFAR-10's: bytes by name."""
    rng = np.random.default_rng(6)
    files, digests = {}, {}
    for part, names in cifar10.FILES.items():
        for name in names:
            records = rng.integers(0, 256, (2, 3073), np.uint8)
            records[:, 0] = rng.integers(0, 10, 2)
            files[name] = records.tobytes()
            digests.setdefault(part, {})[name] = sha256(files[name])
    monkeypatch.setattr(cifar10, "FILES", digests)
    monkeypatch.setattr(cifar10, "_RECORDS", 2)
    monkeypatch.setattr(cifar10, "_LIMIT", 2 * 3073 + 1)
    return files


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


_PACKINGS = {"": bytes, ".gz": _gzip, ".xz": lzma.compress}


@pytest.fixture(params=["", ".gz", ".xz", "folder", "archive"])
def folder(request, made, tmp_path):
    """``made`` as files, in the folder that the archive unpacks to, or in the archive."""
    if request.param == "archive":
        unsorted = dict(reversed(made.items()))
        members = {"": b"", "readme.html": bytes(10**5), **unsorted}
        inside = {f"cifar-10-batches-bin/{name}": data for name, data in members.items()}
        archive(tmp_path / cifar10.ARCHIVE, inside)
        return tmp_path
    place, suffix = tmp_path, request.param
    if suffix == "folder":
        place, suffix = tmp_path / "cifar-10-batches-bin", ""
        place.mkdir()
        (tmp_path / cifar10.ARCHIVE).write_bytes(b"what it was unpacked from")
    for name, data in made.items():
        (place / f"{name}{suffix}").write_bytes(_PACKINGS[suffix](data))
    return tmp_path


def test_from_a_folder(made, folder):
    """Batches in order; a record is a label, then red, green and blue, each row by row."""
    data = datasets.load("cifar10", folder)
    whole = b"".join(made[f"data_batch_{k}.bin"] for k in range(1, 6))
    assert data.train_labels.tolist() == [whole[3073 * n] for n in range(10)]
    assert data.test_labels.tolist() == [made[_TEST][0], made[_TEST][3073]]
    assert data.train_images.shape == (10, 3072)
    assert data.test_images.shape == (2, 3072)
    assert data.train_images.dtype == data.test_labels.dtype == np.uint8
    volume = data.samples.volume
    assert (volume.channels, volume.height, volume.width) == (3, 32, 32)
    for (n, channel, row, column), pixel in np.ndenumerate(
        data.train_images.reshape(-1, volume.channels, volume.height, volume.width)[7:]
    ):
        assert pixel == whole[3073 * (7 + n) + 1 + 1024 * channel + 32 * row + column]
    assert data.digests == {name: sha256(file) for name, file in made.items()}
    assert (data.samples.inputs, data.samples.classes, data.samples.outputs) == (3072, 10, 10)
    assert len(data.held_out_images) == 2


def test_testing_needs_no_training_files(made, tmp_path):
    (tmp_path / _TEST).write_bytes(made[_TEST])
    assert len(datasets.load_test("cifar10", tmp_path)[0]) == 2
    with pytest.raises(BadInput, match=r"has no data_batch_1.bin, plain, \.gz or \.xz; get CIFAR"):
        datasets.load("cifar10", tmp_path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: data[:-1], "must hold 2 records of 3073 bytes, not 6145 bytes; fetch it"),
        (lambda data: data + b"\0", "must hold 2 records of 3073 bytes, not 6147 bytes"),
        (lambda data: b"", "must hold 2 records of 3073 bytes, not 0 bytes"),
        (lambda data: flipped(data, 5000), "must have sha256 "),
        (lambda data: _gzip(flipped(data, 0)), "must have sha256 "),
        (lambda data: _gzip(data + bytes(10**7)), "must hold 2 records of 3073 bytes, not 6147"),
        (lambda data: _gzip(data)[:-9], "is cut short; fetch it again"),
        (lambda data: _gzip(data)[:-4] + bytes(4), "is damaged; fetch it again"),
        (lambda data: lzma.compress(data + bytes(10**7)), "must hold 2 records of 3073 bytes, not"),
        (lambda data: lzma.compress(data)[:-1], "is cut short; fetch it again"),
        (lambda data: lzma.compress(data)[:99], "is cut short; fetch it again"),
        (lambda data: flipped(lzma.compress(data), 3000), "is damaged; fetch it again"),
        (lambda data: lzma.compress(data)[:9] + bytes(99), "is damaged; fetch it again"),
    ],
)
def test_spoilt_file(made, tmp_path, spoil, message):
    path = tmp_path / _TEST
    path.write_bytes(spoil(made[_TEST]))
    with pytest.raises(BadInput) as caught:
        datasets.load_test("cifar10", tmp_path)
    assert one_line(caught).startswith(f"{path} {message}")


def test_batches_in_each_others_place(made, tmp_path):
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "data_batch_4.bin").write_bytes(made["data_batch_3.bin"])
    with pytest.raises(BadInput, match=r"4\.bin must have sha256 .*, to be CIFAR-10's; fetch it"):
        datasets.load("cifar10", tmp_path)


def test_broken_archive(made, tmp_path):
    """Wherever it is cut, and whatever stands in it."""
    path = tmp_path / cifar10.ARCHIVE
    archive(path, made)
    whole = path.read_bytes()
    middle = len(whole) // 2
    cuts = [whole[:size] for size in (*range(20), *range(0, len(whole) - 100, len(whole) // 50))]
    for broken in [*cuts, b"no archive", whole[:middle] + bytes(99)]:
        path.write_bytes(broken)
        with pytest.raises(BadInput) as caught:
            datasets.load("cifar10", tmp_path)
        assert one_line(caught) == f"{path} is damaged; fetch it again"


def test_members(made, tmp_path):
    path = tmp_path / cifar10.ARCHIVE
    archive(path, {_TEST: made[_TEST]})
    assert len(datasets.load_test("cifar10", tmp_path)[0]) == 2
    with pytest.raises(BadInput, match=r"tar\.gz has no data_batch_1\.bin; fetch it again$"):
        datasets.load("cifar10", tmp_path)
    for spoilt, message in {
        made[_TEST][:-1]: "must hold 2 records of 3073 bytes, not 6145 bytes",
        made[_TEST] + bytes(10**7): "must hold 2 records of 3073 bytes, not 6147 bytes",
        flipped(made[_TEST], 9): "must have sha256",
    }.items():
        archive(path, {_TEST: spoilt})
        with pytest.raises(BadInput) as caught:
            datasets.load_test("cifar10", tmp_path)
        assert one_line(caught).startswith(f"{_TEST} of {path} {message}")


def test_refused_by_the_command_line(made, tmp_path):
    """With status 2: without a folder, a file cut short, and images of another size."""
    weight_file = save(random_network((784, 2, 10), 0), tmp_path)
    options = ["sim", "--data", "cifar10", "--weights", weight_file]
    assert "no data folder for CIFAR-10; get" in refused_here(*options, TRISPIKE_CIFAR10="")
    options += ["--data-folder", tmp_path]
    assert f"data folder {tmp_path} has no test_batch.bin" in refused_here(*options)
    (tmp_path / _TEST).write_bytes(made[_TEST][:-1])
    assert "must hold 2 records of 3073 bytes, not 6145" in refused_here(*options)
    (tmp_path / _TEST).write_bytes(made[_TEST])
    assert "takes 784 pixels, but cifar10 gives 3072 pixels" in refused_here(*options)


def test_missing(tmp_path):
    with pytest.raises(BadInput, match=r"^no data folder for CIFAR-10; get .* or TRISPIKE_CIFAR10"):
        datasets.load("cifar10")
    (tmp_path / "file").write_bytes(b"")
    for name, message in {
        "absent": "does not exist; get CIFAR-10's binary version from",
        "file": "is not a folder; get CIFAR-10's",
        ".": "has no test_batch.bin, plain, .gz or .xz; get CIFAR-10's",
    }.items():
        with pytest.raises(BadInput) as caught:
            datasets.load_test("cifar10", tmp_path / name)
        assert one_line(caught).startswith(f"data folder {tmp_path / name} {message}")
        assert "DATA_FOLDER= or TRISPIKE_CIFAR10" in one_line(caught)


@NEEDS_CIFAR10
@pytest.mark.parametrize("part", [Part.TEST, pytest.param(Part.TRAIN, marks=pytest.mark.thorough)])
def test_published(part):
    """Classes are of one size, and the channels' means those that are known."""
    folder = datasets.find_folder(name="cifar10")
    images, labels, digests = cifar10.read(part, folder)
    count = {Part.TEST: 1000, Part.TRAIN: 5000}[part]
    assert images.shape == (10 * count, 3072)
    assert np.bincount(labels).tolist() == [count] * 10
    means = images.reshape(-1, 3, 1024).mean((0, 2)) / 255
    wanted = {Part.TEST: [0.4942, 0.4851, 0.4504], Part.TRAIN: [0.4914, 0.4822, 0.4465]}
    assert means == pytest.approx(wanted[part], abs=1e-4)
    assert digests == cifar10.FILES[part]
