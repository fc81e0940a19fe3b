"""Judges mutants in forked processes: ``python -m tb.mutate.python.server FOLDER``.

The first line of its standard input names modules that no mutant changes; each line after it is a
`Job`, which it answers with a line that is a `Verdict`. Those modules are imported once, here; a
fork imports the rest, mutants from ``FOLDER/overlay``.
"""

import contextlib
import ctypes
import dataclasses
import importlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from tb.mutate.python import overlay

_MEMORY = 4 << 30
_PATIENCE = 6
"""Seconds on the clock for each of the processor: others may be at work, children too."""

_OPTIONS = "-x -q -p no:cacheprovider -W ignore::pytest.PytestAssertRewriteWarning"
"""Of pytest: what was imported before it may be one of its plugins."""

_SUBREAPER = 36  # of prctl: grandchildren whose parent ended become children of this process


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A module's ``text``, and the tests that may notice it.

    - ``tests``: arguments of pytest.
    - ``seconds``: of the processor, until the tests count as hung.
    - ``only``: names of the tests that run, in this order; None: all.
    - ``traced``: files whose lines are noted that each test executes.
    - ``anew``: builds are thrown away afterwards, as the mutant changes them.
    """

    module: str
    text: str
    tests: tuple[str, ...]
    seconds: int
    only: tuple[str, ...] | None = None
    traced: tuple[str, ...] = ()
    anew: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether tests noticed a mutant.

    - ``failed``: which did, or None.
    - ``passed``: tests that passed.
    - ``covered``: of traced files, the lines that each test executes and its seconds; those of
      imports have no name, and those of fixtures have that of the file.
    """

    failed: str | None
    passed: int
    covered: dict[str, tuple[dict[str, list[int]], float]] = dataclasses.field(default_factory=dict)


class _Watch:
    """Tells a pipe what a run of pytest does, an event a line."""

    def __init__(self, pipe: int, only: Sequence[str] | None):
        self._pipe = os.fdopen(pipe, "w", buffering=1)
        self._rank = only and {name: k for k, name in enumerate(only)}

    def tell(self, what: str, value: object) -> None:
        self._pipe.write(f"{json.dumps([what, value])}\n")

    def pytest_collection_modifyitems(self, items):
        if self._rank:
            items[:] = [each for each in items if each.nodeid in self._rank]
            items.sort(key=lambda each: self._rank[each.nodeid])

    def pytest_runtest_logstart(self, nodeid):
        self.tell("begun", nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.tell("failed", report.nodeid)
        elif report.when == "call" and report.passed:
            self.tell("passed", report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.tell("failed", report.nodeid)


class _Trace:
    """Notes the lines of ``files`` that each test executes.

    Those of a fixture may serve other tests of the same file.
    """

    def __init__(self, files: Sequence[str]):
        self._names = {os.path.abspath(name): name for name in files}
        self.covered: dict[str, tuple[dict[str, list[int]], float]] = {}
        self._begin("")
        threading.settrace(self._call)
        sys.settrace(self._call)

    def _begin(self, test: str) -> None:
        self._test, self._since = test, time.monotonic()
        self._lines = {name: set() for name in self._names.values()}

    def _call(self, frame, event, argument):
        return self._line if frame.f_code.co_filename in self._names else None

    def _line(self, frame, event, argument):
        self._lines[self._names[frame.f_code.co_filename]].add(frame.f_lineno)
        return self._line

    def _end(self) -> None:
        lines = {name: sorted(some) for name, some in self._lines.items() if some}
        self.covered[self._test] = lines, time.monotonic() - self._since

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        self._end()
        file = item.nodeid.partition("::")[0]
        self._begin(file)
        try:
            return (yield)
        finally:
            for name, some in self.covered.get(file, ({}, 0))[0].items():
                self._lines[name].update(some)
            self._end()
            self._begin(item.nodeid)

    def pytest_sessionfinish(self):
        self._end()


def _fork(job: Job, log: Path) -> tuple[int, int]:
    """Start the tests, which print to ``log``.

    Returns the process and the pipe that `_Watch` writes to.
    """
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        return child, reader
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard in (1, 2):
        os.dup2(output, standard)
    resource.setrlimit(resource.RLIMIT_CPU, (job.seconds, job.seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    watch, trace = _Watch(writer, job.only), job.traced and _Trace(job.traced)
    status = 3
    try:
        plugins = [each for each in (watch, trace) if each]
        status = pytest.main([*_OPTIONS.split(), *job.tests], plugins=plugins)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.settrace(None)
        if trace:
            watch.tell("covered", trace.covered)
        watch.tell("ended", int(status))
        os._exit(0)


def judge(job: Job, log: Path) -> Verdict:
    """Run the tests of ``job`` on the mutant that it holds; what they print goes to ``log``."""
    child, reader = _fork(job, log)
    try:
        said = _said(reader, _PATIENCE * job.seconds)
    finally:
        _end(child)
    lines = [json.loads(line) for line in said.splitlines(keepends=True) if line[-1:] == b"\n"]
    events = dict(lines)
    verdict = Verdict(
        failed=events.get("failed"),
        passed=sum(what == "passed" for what, _ in lines),
        covered=events.get("covered", {}),
    )
    status = events.get("ended")
    if verdict.failed is None and status is None:
        failed = f"no end of {events.get('begun', 'its imports')}"
        return dataclasses.replace(verdict, failed=failed)
    if verdict.failed is None and status not in (0, 1):  # 1 with no failed test is not its doing
        return dataclasses.replace(verdict, failed=f"its imports (pytest's status {status})")
    return verdict


def _said(pipe: int, seconds: float) -> bytes:
    """What comes through ``pipe`` until it is closed, or for so long."""
    end, said = time.monotonic() + seconds, b""
    with open(pipe, "rb", buffering=0) as reader:
        while select.select([reader], [], [], max(0, end - time.monotonic()))[0]:
            if not (more := reader.read(1 << 16)):
                break
            said += more
            if b'["ended", ' in more:  # whoever else may hold the pipe
                break
    return said


def _end(child: int) -> None:
    """End ``child`` and all that it started."""
    os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            for task in Path("/proc/self/task").glob("*/children"):
                for number in task.read_text().split():
                    os.kill(int(number), signal.SIGKILL)  # it is there until it is waited for
            os.waitpid(-1, 0)


def main(folder: Path) -> None:
    """Judge the mutants that come on standard input until it ends."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    sys.dont_write_bytecode = False
    texts = folder / "overlay"
    overlay.install(texts)
    for module in json.loads(sys.stdin.readline()):
        with contextlib.suppress(ImportError):  # of an extra
            importlib.import_module(module)
    for line in sys.stdin:
        job = Job(**json.loads(line))
        text = texts / f"{job.module}.py"
        if job.text:
            assert job.module not in sys.modules
            text.write_text(job.text)
        verdict = judge(job, folder / "log")
        text.unlink(missing_ok=True)
        if job.anew:
            shutil.rmtree(folder / "build", ignore_errors=True)
        print(json.dumps(dataclasses.asdict(verdict)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
