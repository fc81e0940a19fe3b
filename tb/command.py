"""Runs the command line as a user does, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def trispike(
    *arguments: str | Path, root: Path = ROOT, timeout: float = 280, **environment: str
) -> subprocess.CompletedProcess:
    """``python -m sim ARGUMENTS`` in the checkout ``root``, with ``environment`` added."""
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
