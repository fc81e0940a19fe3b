"""Runs the command line as a user does, in a process of its own or in this one."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

from trispike.sim import cli

ROOT = Path(__file__).resolve().parents[2]


_WITH_BUILDS_IN = """
import pathlib, sys
from trispike.sim.tools import paths
builds = pathlib.Path(sys.argv.pop(1))
paths.build_folder = lambda: builds
from trispike.sim.__main__ import main
main()
"""


def command_line(*arguments: str | Path, builds: Path | None = None) -> list[str]:
    """Starts ``trispike ARGUMENTS``; with ``builds`` that is its build folder."""
    start = ["-m", "trispike.sim"] if builds is None else ["-c", _WITH_BUILDS_IN, str(builds)]
    return [sys.executable, *start, *map(str, arguments)]


def trispike(
    *arguments: str | Path, timeout: float = 280, **environment: str
) -> subprocess.CompletedProcess:
    """``trispike ARGUMENTS`` in a process of its own, with ``environment`` added."""
    return subprocess.run(
        command_line(*arguments),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def started(command: list[str], folder: Path = ROOT, **environment: str) -> subprocess.Popen:
    """``command``, at work in ``folder`` with ``environment`` added; signals interrupt it."""

    def restore():  # a shell that runs the tests in the background has them ignore SIGINT
        for number in cli.SIGNALS:
            signal.signal(number, signal.SIG_DFL)

    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=restore,
    )


def trispike_here(
    *arguments: str | Path, folder: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess:
    """What `trispike` returns, of ``trispike ARGUMENTS`` run in this process and in ``folder``.

    A process of its own takes more than a second to import everything, and knows nothing of what a
    test has patched.
    """
    handlers = [(number, signal.getsignal(number)) for number in cli.SIGNALS]
    output, errors = io.StringIO(), io.StringIO()
    status = 0
    try:
        with (
            mock.patch.object(sys, "argv", ["trispike", *map(str, arguments)]),
            mock.patch.dict(os.environ, {"COLUMNS": "100", **environment}),
            contextlib.chdir(folder),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            cli.main()
    except SystemExit as ended:
        status = ended.code
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


def refused(done: subprocess.CompletedProcess) -> str:
    """The message of a refusal: status 2, and on standard error one line, after warnings if any."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


def refused_here(*arguments: str | Path, **options) -> str:
    """The message of `refused` for `trispike_here`."""
    return refused(trispike_here(*arguments, **options))
