"""Runs the command line as a user does, in a process of its own."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from trispike.sim import cli

ROOT = Path(__file__).resolve().parents[2]


def copy_of_checkout(folder: Path, *, builds: bool = False) -> Path:
    """A copy ``folder/trispike`` of what `trispike` needs, with a build folder of its own.

    With ``builds`` that one has the checkout's models and exports: they are kept by content.
    """
    folder = folder / "trispike"
    for room in ("models", "golden", "rtl", "sim"):
        ignored = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(ROOT / room, folder / room, ignore=ignored)
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    runtime = ROOT / "build" / "runtime"
    if runtime.is_dir():  # Verilator's own runtime, whose compilation would only cost time
        shutil.copytree(runtime, folder / "build" / "runtime")
    if builds:
        (folder / "build").mkdir(exist_ok=True)
        for cache in ("models", "exports"):
            (ROOT / "build" / cache).mkdir(parents=True, exist_ok=True)
            (folder / "build" / cache).symlink_to(ROOT / "build" / cache)
    return folder


def trispike(
    *arguments: str | Path, root: Path = ROOT, timeout: float = 280, **environment: str
) -> subprocess.CompletedProcess:
    """``trispike ARGUMENTS`` in the checkout ``root``, with ``environment`` added."""
    environment = {"PYTHONPATH": str(root if root == ROOT else root.parent), **environment}
    return subprocess.run(
        [sys.executable, "-m", "trispike.sim", *map(str, arguments)],
        cwd=root,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def refused(done: subprocess.CompletedProcess) -> str:
    """The message of a refusal: status 2, and one line on standard error, nothing else there."""
    return _refusal(done.returncode, done.stderr)


def refused_here(*arguments: str | Path) -> str:
    """The message of `refused` for ``trispike ARGUMENTS``, run in this process.

    For tables of bad input: a process of its own takes a second to import everything.
    """
    handlers = [(number, signal.getsignal(number)) for number in cli.SIGNALS]
    said = io.StringIO()
    try:
        with (
            mock.patch.object(sys, "argv", ["sim", *map(str, arguments)]),
            contextlib.redirect_stderr(said),
            pytest.raises(SystemExit) as ended,
        ):
            cli.main()
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
    return _refusal(ended.value.code, said.getvalue())


def _refusal(status: int, errors: str) -> str:
    assert status == 2, errors
    assert "Traceback" not in errors
    lines = errors.splitlines()
    assert len(lines) == 1, errors
    assert lines[0].startswith("error: ")
    return lines[0]
