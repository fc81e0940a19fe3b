"""N-MNIST's recordings: made-up ones, broken ones, and those that are at hand."""

import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tb.kit.archives import archive
from tb.kit.idx_files import one_line
from trispike.models.data import datasets, nmnist
from trispike.models.errors import BadInput

NEEDS_NMNIST = pytest.mark.skipif(
    not os.environ.get("TRISPIKE_NMNIST"),
    reason="N-MNIST is not part of the repository: set TRISPIKE_NMNIST",
)


def _event(x: int, y: int, on: int, us: int) -> bytes:
    return bytes([x, y, on << 7 | us >> 16, us >> 8 & 255, us & 255])


_ONE = _event(3, 2, 1, 0) + _event(33, 33, 1, 99_999)
_OTHER = _event(0, 1, 1, 6_250) + _event(4, 4, 0, 50_000) + _event(5, 5, 1, 100_000)
_RECORDINGS = {
    "Train/7/00002.bin": _ONE,
    "Train/1/00010.bin": _OTHER,
    "Test/0/00001.bin": _ONE + _ONE,
}


@pytest.fixture(params=["folders", "archives"])
def folder(request, tmp_path):
    """`_RECORDINGS` as files, or in the archives of their parts."""
    if request.param == "folders":
        for name, recording in _RECORDINGS.items():
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).write_bytes(recording)
        return tmp_path
    for part in ("Train", "Test"):
        members = {name: _RECORDINGS[name] for name in sorted(_RECORDINGS) if part in name}
        archive(tmp_path / f"{part}.tar.xz", members)
    return tmp_path


def _spikes(sample: np.ndarray) -> list[tuple[int, int, int]]:
    """Timestep, y and x of each spike of a packed sample."""
    found = np.unpackbits(sample, axis=-1, count=1156).reshape(16, 34, 34)
    return list(zip(*(axis.tolist() for axis in found.nonzero()), strict=True))


def test_each_recording_goes_both_ways(folder):
    """In the order of MNIST's indices; first backwards, which is up."""
    data = datasets.load("nmnist", folder)
    assert data.train_images.shape == (4, 16, 145)
    assert data.train_images.dtype == data.train_labels.dtype == np.uint8
    assert data.train_labels.tolist() == [14, 15, 2, 3]
    assert _spikes(data.train_images[1]) == [(0, 2, 3), (15, 33, 33)]
    assert _spikes(data.train_images[0]) == [(0, 33, 33), (15, 2, 3)]
    assert _spikes(data.train_images[3]) == [(1, 1, 0)]
    assert _spikes(data.train_images[2]) == [(14, 1, 0)]
    assert data.test_labels.tolist() == [0, 1]
    assert data.samples.groups == (10, 2)


def test_digests_are_of_the_recordings(folder, monkeypatch):
    before = datasets.load("nmnist", folder).digests
    assert set(before) == {"train", "test"}
    assert datasets.load("nmnist", folder).digests == before
    recordings = [("Train/7/00002.bin", _OTHER), ("Train/1/00010.bin", _ONE)]
    monkeypatch.setattr(nmnist, "_recordings", lambda *_: recordings)
    assert datasets.load("nmnist", folder).digests["train"] != before["train"]


def test_bins_are_a_sixteenth_of_the_saccade():
    for step in range(16):
        begin = -(-step * 100_000 // 16)
        assert nmnist.on_events(_event(0, 0, 1, begin), "it")[step, 0]
        if step:
            assert nmnist.on_events(_event(0, 0, 1, begin - 1), "it")[step - 1, 0]


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (b"", "must hold events of 5 bytes, not 0 bytes; fetch it again"),
        (_ONE[:-1], "must hold events of 5 bytes, not 9 bytes"),
        (_event(34, 0, 1, 0), "must hold events on 34 x 34 pixels, not at 34"),
        pytest.param(
            _ONE * (1 << 17) + _ONE, "must have at most 1,310,720 bytes; fetch it again", id="long"
        ),
        (_event(0, 240, 1, 0), "must hold events on 34 x 34 pixels, not at 240"),
    ],
)
def test_broken_recording(tmp_path, recording, message):
    path = tmp_path / "Test" / "3" / "00001.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(recording)
    with pytest.raises(BadInput) as caught:
        datasets.load_test("nmnist", tmp_path)
    assert one_line(caught).startswith(f"{path} {message}")


@pytest.mark.parametrize("folder", ["archives"], indirect=True)
def test_broken_archive(folder):
    path = folder / "Test.tar.xz"
    packed = path.read_bytes()
    middle = len(packed) // 2
    for broken in (packed[:middle], b"no archive", packed[:middle] + bytes(99), b""):
        path.write_bytes(broken)
        with pytest.raises(BadInput, match=r"Test\.tar\.xz is damaged; fetch it again$") as caught:
            datasets.load_test("nmnist", folder)
        one_line(caught)


_ENDLESS = {
    "zeros": {"Test/0/00001.bin": bytes(1 << 20)},
    "members": {f"Test/0/{number:05}.bin": _ONE for number in range(64)},
}


@pytest.mark.parametrize("case", _ENDLESS)
def test_an_archive_of_too_much(tmp_path, case, monkeypatch):
    """It is not unpacked to its end: a few bytes can hold any number of zeros, or of members."""
    monkeypatch.setattr(nmnist, "_MOST_ARCHIVE_BYTES", 1 << 20)
    archive(tmp_path / "Test.tar.xz", _ENDLESS[case])
    with pytest.raises(BadInput, match=r"Test.tar.xz must have at most 1,048,576 bytes; fetch"):
        datasets.load_test("nmnist", tmp_path)


@pytest.mark.parametrize(("count", "size"), [(1, 1 << 30), (3000, 1)])
def test_names_without_an_end(tmp_path, count, size):
    """One that fills the memory, and one that is again named by another."""
    name = tarfile.TarInfo("././@LongLink")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, size
    header = name.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "Test.tar.xz").write_bytes((header + bytes(512)) * count)
    with pytest.raises(BadInput, match=r"Test.tar.xz is damaged; fetch it again"):
        datasets.load_test("nmnist", tmp_path)


def test_unreadable_recording(folder, monkeypatch):
    def fail(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    monkeypatch.setattr(tarfile, "open", fail)
    with pytest.raises(BadInput, match=r"^cannot read .*: Permission denied$"):
        datasets.load_test("nmnist", folder)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (None, r"^no data folder for N-MNIST; get N-MNIST from https.* or TRISPIKE_NMNIST$"),
        ("absent", r"absent does not exist; get N-MNIST from"),
        (".", r"has no recordings test; get N-MNIST from"),
    ],
)
def test_missing(tmp_path, place, message):
    with pytest.raises(BadInput, match=message) as caught:
        datasets.load_test("nmnist", place and tmp_path / place)
    one_line(caught)


@NEEDS_NMNIST
def test_recordings_at_hand():
    """As active as Yin 2017 shows, and digits that move down."""
    images, labels = datasets.load_test("nmnist", datasets.find_folder(name="nmnist"))
    assert len(images) == len(labels)
    down = np.unpackbits(images[1::2], axis=-1, count=1156).reshape(-1, 16, 34, 34)
    assert 400 < down.sum(axis=(1, 2, 3)).mean() < 800
    rows = [down[:, t].nonzero()[1].mean() for t in (3, 8, 12)]
    assert rows[0] + 2 < rows[1] < rows[2] - 2
