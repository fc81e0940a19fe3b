"""Judges mutants by tests in stages, two at a time."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tb.kit.command import ROOT
from tb.mutate.digest import digest_of, sources
from tb.mutate.imports import benches, module_of, sources_of, untouched
from tb.mutate.outcome import GAP, Outcome
from tb.mutate.python.mutants import SourceMutant
from tb.mutate.python.server import Job, Verdict
from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.sim.tools import paths
from trispike.sim.tools.simulator import SimulationError

_AT_ONCE = 2
_TRACING = 6
"""How much longer tests may take while their lines are noted."""

_HANGS = 8
"""Seconds of the processor that tests may take that were traced, beside four times their own."""

_BUILDS = """

_BUILDS = Path({folder!r})
build_folder = lambda: _BUILDS
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """Tests that mutants go through, one after the other until one fails.

    - ``killer``: what notices a mutant if one does, of `tb.mutate.outcome.KILLERS`.
    - ``tests``: arguments of pytest.
    - ``traced``: only tests that execute the mutant's lines run, the quickest first. That is not
      known of tests that start other processes.
    - ``seconds``: of the processor, after which they count as hung; fewer if they are ``traced``.
    """

    killer: str
    tests: tuple[str, ...]
    traced: bool = True
    seconds: int = 60


Coverage = dict[str, tuple[dict[str, list[int]], float]]
"""By test: the lines of each file that it executes, and its seconds."""


def _folder() -> Path:
    return paths.build_folder() / "mutate"


class _Server:
    """A `tb.mutate.python.server` and its folder."""

    def __init__(self, modules: Sequence[str], *, anew: bool):
        self._anew = anew
        _folder().mkdir(parents=True, exist_ok=True)
        self._folder = folder = Path(tempfile.mkdtemp(prefix="server-", dir=_folder()))
        texts, builds = folder / "overlay", folder / "build"
        texts.mkdir(parents=True)
        text = (ROOT / "sim/tools/paths.py").read_text() + _BUILDS.format(folder=str(builds))
        (texts / "trispike.sim.tools.paths.py").write_text(text)
        if not anew:
            _share_caches(builds)
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPYCACHEPREFIX": str(paths.build_folder() / "bytecode"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tb.mutate.python.server", str(folder)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._send(modules)

    def judge(self, job: Job) -> Verdict:
        """What the tests of ``job`` say."""
        fields = dataclasses.asdict(dataclasses.replace(job, anew=self._anew))
        self._send(fields)
        if not (answer := self._process.stdout.readline()):
            raise SimulationError("a process that judges mutants was ended; run the command again")
        return Verdict(**json.loads(answer))

    def _send(self, what: object) -> None:
        self._process.stdin.write(f"{json.dumps(what)}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it, and what it started."""
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _share_caches(builds: Path) -> None:
    """Have ``builds`` keep models and exports where all others do."""
    builds.mkdir(parents=True)
    for name in ("models", "exports"):
        (paths.build_folder() / name).mkdir(parents=True, exist_ok=True)
        (builds / name).symlink_to(paths.build_folder() / name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Court:
    """What judges the mutants of some files.

    - ``paths``: the files.
    - ``stages``: the tests.
    - ``anew``: what is built of a mutant is thrown away, as its hardware is another.
    """

    paths: tuple[str, ...]
    stages: tuple[Stage, ...]
    anew: bool = False

    @property
    def _tests(self) -> set[str]:
        """Modules of the tests."""
        words = [word for stage in self.stages for word in stage.tests if word[:1] != "-"]
        paths = [ROOT / word.partition("::")[0] for word in words]
        found = [each for path in paths for each in ([path] if path.is_file() else path.rglob("*"))]
        return {module_of(str(p.relative_to(ROOT))) for p in found if p.suffix == ".py"}

    def key(self) -> str:
        """A name for all that decides what becomes of a mutant, and what tests execute."""
        modules = [*self._tests, "tb.conftest", *benches()]
        mine = [*sources_of(modules), *map(ROOT.joinpath, self.paths)]
        others = [path for path in sources() if path.suffix != ".py"]
        whole = f"{self!r} {digest_of({*mine, *others})}"
        return hashlib.sha256(whole.encode()).hexdigest()[:20]

    def judged(self, mutants: Sequence[SourceMutant]) -> Iterator[Outcome]:
        """What becomes of ``mutants``, in their order.

        `BadInput` if a test fails, or all are skipped, without a mutant.
        """
        modules = untouched(self._tests, map(module_of, self.paths))
        with contextlib.ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE))
            free = []
            for _ in range(_AT_ONCE):
                free.append(_Server(modules, anew=self.anew))
                stack.callback(free[-1].close)
            covered = self._coverage(free[0], _folder() / f"coverage-{self.key()}.json")
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)

            def judge(mutant: SourceMutant) -> Outcome:
                server = free.pop()
                try:
                    return self._judge(server, mutant, covered)
                finally:
                    free.append(server)

            yield from pool.map(judge, mutants)

    def _coverage(self, server: _Server, kept: Path) -> list[Coverage]:
        """What the tests of each stage execute, as the file ``kept`` says or as is found now."""
        if kept.exists():
            return json.loads(kept.read_text())
        found = []
        for stage in self.stages:
            job = Job(
                module="",
                text="",
                tests=stage.tests,
                seconds=stage.seconds * _TRACING,
                traced=self.paths if stage.traced else (),
            )
            verdict = server.judge(job)
            if verdict.failed or not verdict.passed:
                what = verdict.failed or "skip all that they test"
                raise BadInput(f"tests must pass without a mutant, and not {what}; mend that first")
            found.append(verdict.covered)
        write_atomically(kept, json.dumps(found).encode())
        return found

    def _judge(self, server: _Server, mutant: SourceMutant, covered: list[Coverage]) -> Outcome:
        for stage, those in zip(self.stages, covered, strict=True):
            job = Job(
                module=mutant.module, text=mutant.text, tests=stage.tests, seconds=stage.seconds
            )
            if stage.traced:
                if not (only := _those_of(mutant, those)):
                    continue
                job = _narrowed(job, only, sum(those[name][1] for name in only))
            verdict = server.judge(job)
            if verdict.failed is not None:
                return Outcome(mutant=mutant, fate=stage.killer, why=verdict.failed)
        return Outcome(mutant=mutant, fate=GAP, why="all tests pass")


def _narrowed(job: Job, only: tuple[str, ...], seconds: float) -> Job:
    """``job`` with ``only`` some of its tests, which take ``seconds``."""
    options = [word for word in job.tests if word.startswith("-")]
    files = sorted({name.partition("::")[0] for name in only})
    limit = min(job.seconds, round(_HANGS + 4 * seconds))
    return dataclasses.replace(job, tests=(*options, *files), seconds=limit, only=only)


def _those_of(mutant: SourceMutant, covered: Coverage) -> tuple[str, ...]:
    """Tests that execute a line of ``mutant``, the quickest first.

    If imports execute it, those that execute anything of its file.
    """

    def lines(name: str) -> set[int]:
        return set(covered.get(name, ({}, 0))[0].get(mutant.path, ()))

    imports = lines("")
    wanted = None if imports & mutant.lines else mutant.lines

    def has(name: str) -> bool:
        mine = lines(name)
        return not mine.isdisjoint(mine - imports if wanted is None else wanted)

    tests = [name for name in covered if "::" in name]
    tests = [name for name in tests if has(name) or has(name.partition("::")[0])]
    return tuple(sorted(tests, key=lambda name: covered[name][1]))
