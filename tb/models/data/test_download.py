"""Downloads end whole or not at all."""

import functools
import gzip
import http.server
import threading

import numpy as np
import pytest

from tb.kit.idx_files import flipped, one_line, small_file
from trispike.models.data import mnist
from trispike.models.errors import BadInput


class _Mirror(http.server.BaseHTTPRequestHandler):
    """/good/, /absent/, /short/, /flipped/ and /long/ serve one file as their names say."""

    def __init__(self, data, asked, *args):
        self.data, self.asked = data, asked
        super().__init__(*args)

    def do_GET(self):
        self.asked.append(self.path)
        way = self.path.split("/")[1]
        body = {
            "flipped": flipped(self.data, len(self.data) // 2),
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
    file, data = small_file("t10k-labels-idx1-ubyte", (5000,))
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
    line = one_line(caught)
    assert f"cannot download {file.name}.gz, tried {address}/{bad}/{file.name}.gz (" in line
    assert reason in line
    assert "name a folder with MNIST's four IDX files" in line
    assert list(tmp_path.iterdir()) == []


def test_no_mirror_within_reach(mirror, tmp_path):
    file, address, _ = mirror
    closed = "http://127.0.0.1:1/"  # nobody listens on port 1
    with pytest.raises(BadInput) as caught:
        mnist.from_cache(file, [closed, f"{address}/absent/"], tmp_path)
    line = one_line(caught)
    assert f"{closed}{file.name}.gz (" in line
    assert "refused" in line
    assert f"{address}/absent/{file.name}.gz (" in line


def test_slow_download_shows_progress(mirror, tmp_path, monkeypatch, capsys):
    file, address, _ = mirror
    monkeypatch.setattr("trispike.models.data.download._PATIENCE", -1.0)
    mnist.from_cache(file, [f"{address}/good/"], tmp_path)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert file.name in printed.err


def test_cache_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    assert mnist.cache_folder() == tmp_path / "mnist"
