"""Data sets: pinned pixels, honest errors, and downloads that end whole or not at all."""

import functools
import gzip
import hashlib
import http.server
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from models import datasets, digits, mnist
from models.errors import BadInput

_COUNT = 3


def _idx(array: np.ndarray) -> bytes:
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def _small(name: str, shape: tuple[int, ...]) -> tuple[mnist.MnistFile, bytes]:
    """A stand-in for one of MNIST's files, small enough for a test, and its unpacked bytes."""
    rng = np.random.default_rng(len(shape))
    data = _idx(rng.integers(0, 10, shape, dtype=np.uint8))
    sha256 = hashlib.sha256(data).hexdigest()
    return mnist.MnistFile(name=name, shape=shape, sha256=sha256), data


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
        files[field] = _small(getattr(mnist, field).name, shape)
        monkeypatch.setattr(mnist, field, files[field][0])
        (tmp_path / files[field][0].name).write_bytes(files[field][1])
    return files


def _one_line(caught) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


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
        with pytest.raises(BadInput, match="data set must be one of digits, mnist, not 'cifar'"):
            function("cifar")


def test_find_folder(monkeypatch):
    monkeypatch.delenv("TRISPIKE_DATA", raising=False)
    assert datasets.find_folder() is None
    monkeypatch.setenv("TRISPIKE_DATA", "/named")
    assert datasets.find_folder() == Path("/named")
    assert datasets.find_folder(Path("/option")) == Path("/option")
    monkeypatch.setenv("TRISPIKE_DATA", "")
    assert datasets.find_folder() is None


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_from_a_folder(small, tmp_path, packed):
    if packed:
        for file, data in small.values():
            (tmp_path / file.name).unlink()
            (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(data))
    found = datasets.load("mnist", tmp_path)
    assert found.name == "mnist"
    assert found.train_images.shape == (_COUNT, 784)
    assert found.train_images.tobytes() == small["TRAIN_IMAGES"][1][16:]
    assert found.train_labels.tobytes() == small["TRAIN_LABELS"][1][8:]
    assert found.test_images.tobytes() == small["TEST_IMAGES"][1][16:]
    assert found.test_labels.tobytes() == small["TEST_LABELS"][1][8:]


def test_testing_needs_no_training_files(small, tmp_path):
    (tmp_path / small["TRAIN_IMAGES"][0].name).unlink()
    images, labels = datasets.load_test("mnist", tmp_path)
    assert images.shape == (2, 784)
    assert labels.shape == (2,)
    with pytest.raises(BadInput, match=r"has no train-images-idx3-ubyte nor .*\.gz; name a folder"):
        datasets.load("mnist", tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(BadInput, match=r"data folder .*absent does not exist; name a folder"):
        datasets.load_test("mnist", tmp_path / "absent")


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: b"", "must start with 00000803, as an IDX file does, not ''"),
        (lambda data: _flip(data, 3), "must start with 00000803"),
        (lambda data: data[:9], "is cut short"),
        (lambda data: _flip(data, 7), "must hold 2x28x28 values, not 3x28x28"),
        (lambda data: data[:-1], "must have 1568 bytes after its header, not 1567"),
        (lambda data: data + b"x", "must have 1568 bytes after its header, not 1569"),
        (lambda data: _flip(data, 500), "must have sha256"),
        (lambda data: gzip.compress(data)[:-9], "is cut short"),
        (lambda data: gzip.compress(data)[:40], "is cut short"),
        (lambda data: _flip(gzip.compress(data), -6 % len(gzip.compress(data))), "is damaged"),
        (lambda data: b"\x1f\x8bnot gzip", "is damaged"),
        (lambda data: gzip.compress(data + bytes(10**7)), "after its header, not 1569"),
    ],
)
def test_spoilt_file(small, tmp_path, spoil, message):
    file, data = small["TEST_IMAGES"]
    (tmp_path / file.name).write_bytes(spoil(data))
    with pytest.raises(BadInput) as caught:
        datasets.load_test("mnist", tmp_path)
    line = _one_line(caught)
    assert message in line
    assert str(tmp_path / file.name) in line


def test_unreadable_file(small, tmp_path, monkeypatch):
    def fail(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(BadInput, match=r"cannot read .*t10k-images-idx3-ubyte: Permission denied"):
        datasets.load_test("mnist", tmp_path)


# downloads


class _Mirror(http.server.BaseHTTPRequestHandler):
    """/good/, /absent/, /short/, /flipped/ and /long/ serve one file as their names say."""

    def __init__(self, data, asked, *args):
        self.data, self.asked = data, asked
        super().__init__(*args)

    def do_GET(self):
        self.asked.append(self.path)
        way = self.path.split("/")[1]
        body = {
            "flipped": _flip(self.data, len(self.data) // 2),
            "long": self.data + bytes(100_000),
        }.get(way, self.data)
        if way == "absent":
            self.send_error(404)
            return
        self.send_response(200)
        if way != "unsized":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if way in ("short", "unsized") else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(monkeypatch):
    """A mirror on the loopback interface: (file, address, paths asked for)."""
    monkeypatch.setenv("no_proxy", "*")
    file, data = _small("t10k-labels-idx1-ubyte", (5000,))
    asked = []
    handler = functools.partial(_Mirror, gzip.compress(data, mtime=0), asked)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield file, f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_download_and_cache(mirror, tmp_path):
    file, address, asked = mirror
    cache = tmp_path / "made" / "mnist"
    array = mnist.from_cache(file, [f"{address}/good/"], cache)
    assert array.shape == (5000,)
    assert [path.name for path in cache.iterdir()] == [f"{file.name}.gz"]
    assert np.array_equal(mnist.from_cache(file, [], cache), array)
    assert len(asked) == 1


def test_damaged_cache_is_fetched_again(mirror, tmp_path):
    file, address, asked = mirror
    (tmp_path / f"{file.name}.gz").write_bytes(b"\x1f\x8bspoilt")
    mnist.from_cache(file, [f"{address}/good/"], tmp_path)
    assert len(asked) == 1
    mnist.from_cache(file, [], tmp_path)


@pytest.mark.parametrize("bad", ["absent", "short", "unsized", "flipped", "long"])
def test_next_mirror_helps(mirror, tmp_path, bad):
    file, address, asked = mirror
    mnist.from_cache(file, [f"{address}/{bad}/", f"{address}/good/"], tmp_path)
    assert asked == [f"/{way}/{file.name}.gz" for way in (bad, "good")]
    mnist.from_cache(file, [], tmp_path)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("absent", "HTTP Error 404: Not Found"),
        ("short", "ended after"),
        ("unsized", "is cut short"),
        ("flipped", "is damaged"),
        ("long", "longer than"),
    ],
)
def test_bad_mirror_leaves_nothing(mirror, tmp_path, bad, reason):
    file, address, _ = mirror
    with pytest.raises(BadInput) as caught:
        mnist.from_cache(file, [f"{address}/{bad}/"], tmp_path)
    line = _one_line(caught)
    assert f"cannot download {file.name}.gz, tried {address}/{bad}/{file.name}.gz (" in line
    assert reason in line
    assert "name a folder with MNIST's four IDX files" in line
    assert list(tmp_path.iterdir()) == []


def test_no_mirror_within_reach(mirror, tmp_path):
    file, address, _ = mirror
    closed = "http://127.0.0.1:1/"  # nobody listens on port 1
    with pytest.raises(BadInput) as caught:
        mnist.from_cache(file, [closed, f"{address}/absent/"], tmp_path)
    line = _one_line(caught)
    assert f"{closed}{file.name}.gz (" in line
    assert "refused" in line
    assert f"{address}/absent/{file.name}.gz (" in line


def test_slow_download_shows_progress(mirror, tmp_path, monkeypatch, capsys):
    file, address, _ = mirror
    monkeypatch.setattr("models.download._PATIENCE", -1.0)
    mnist.from_cache(file, [f"{address}/good/"], tmp_path)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert file.name in printed.err


def test_cache_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    assert mnist.cache_folder() == tmp_path / "mnist"


def test_without_a_folder_the_cache_is_used(small, monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(mnist, "download", None)  # not called: all is there
    assert datasets.load("mnist").test_labels.shape == (2,)


# the real thing


@pytest.mark.skipif(
    "TRISPIKE_DATA" not in os.environ,
    reason="MNIST is not part of the repository: set TRISPIKE_DATA",
)
def test_real_mnist():
    data = datasets.load("mnist", datasets.find_folder())
    assert data.train_images.shape == (60000, 784)
    assert data.test_images.shape == (10000, 784)
    assert np.bincount(data.test_labels)[:2].tolist() == [980, 1135]
    assert data.test_images.mean() * 784 / 255 == pytest.approx(103.89, abs=0.01)
