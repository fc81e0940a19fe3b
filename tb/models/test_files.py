"""Files that are read, and places that will be written."""

import os
import threading
from pathlib import Path

import pytest

from trispike.models import files
from trispike.models.errors import BadInput


def test_read(tmp_path):
    """A file, empty or not, and what has no length."""
    path = tmp_path / "file"
    for data in (b"", b"abc"):
        path.write_bytes(data)
        assert files.read(path) == data
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"abc",))
    writer.start()
    assert files.read(tmp_path / "pipe") == b"abc"
    writer.join()


def test_read_too_much(tmp_path, monkeypatch):
    """A file that takes no room on the disk, and one without an end."""
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))
    assert len(files.read(path)) == 1000
    path.write_bytes(bytes(1001))
    for large in (path, Path("/dev/zero")):
        with pytest.raises(OSError, match="File too large"):
            files.read(large)


def test_check_writable(tmp_path):
    """It leaves no folder, and finds what would stand in the way."""
    files.check_writable(tmp_path / "new" / "deep" / "x.json")
    files.check_writable(Path("/dev/null"))
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "file"
    file.write_text("")
    for path, message in (
        (file / "x", "Not a directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
        (tmp_path / ("x" * 300) / "y", "File name too long"),
        (Path("/proc/new/x"), "cannot write /proc/new/x: No such file"),
    ):
        with pytest.raises(BadInput, match=message):
            files.check_writable(path)
