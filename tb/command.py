"""Runs the command line as a user does, in a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_of_checkout(folder: Path) -> Path:
    """A copy in ``folder`` of the rooms that `trispike` needs, with a build folder of its own."""
    for room in ("models", "golden", "rtl", "sim"):
        ignored = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(ROOT / room, folder / room, ignore=ignored)
    runtime = ROOT / "build" / "runtime"
    if runtime.is_dir():  # Verilator's own runtime, whose compilation would only cost time
        shutil.copytree(runtime, folder / "build" / "runtime")
    return folder


def trispike(
    *arguments: str | Path, root: Path = ROOT, timeout: float = 280, **environment: str
) -> subprocess.CompletedProcess:
    """``python -m sim ARGUMENTS`` in the checkout ``root``, with ``environment`` added."""
    environment = {"PYTHONPATH": str(root), **environment}
    return subprocess.run(
        [sys.executable, "-m", "sim", *map(str, arguments)],
        cwd=root,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def refused(done: subprocess.CompletedProcess) -> str:
    """The message of a refusal: status 2, and one line on standard error, nothing else there."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]
