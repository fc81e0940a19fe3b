"""Verilated models, built once for each content."""

import contextlib
import hashlib
import logging
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import cocotb
import filelock
from cocotb_test.simulator import Verilator

from models.errors import BadInput
from sim import processes
from sim.toolchain import Toolchain, find

ROOT = Path(__file__).resolve().parent.parent
WAIVERS = ROOT / "rtl" / "lint.vlt"
"""Warnings of Verilator that are waived for generated Verilog, each with its reason."""

KEEP = 40
"""Builds that the cache keeps; the ones used longest ago go first."""


_SCARCE_BYTES = 1 << 20
"""With less free space, a failure is put down to a full disk: nothing can be logged there."""


class SimulationError(RuntimeError):
    """A build or a simulation that broke down; the message names its log."""


def build_folder() -> Path:
    """Where everything that Trispike makes goes: ``build/`` in the checkout."""
    return ROOT / "build"


class _Simulator(Verilator):
    """cocotb-test's Verilator, with supervised processes and a log file in place of a logger."""

    def __init__(self, *, log: Path, tools: Toolchain | None = None, runtime=None, **kwargs):
        self._log, self._tools, self._runtime = log, tools, runtime
        self._public = kwargs.pop("public", True)
        handlers = [(s, signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM)]
        super().__init__(**kwargs)
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers:  # interrupts are for the command line to handle
                signal.signal(number, handler)
        self.logger.setLevel(logging.WARNING)

    def set_env(self):
        super().set_env()
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # `make sim` is not this make's parent
            self.env.pop(name, None)
        if self._tools is not None and self._tools.root:
            self.env["VERILATOR_ROOT"] = str(self._tools.root)

    def build_command(self):
        if self._tools is None:  # there is nothing to build
            return [[os.path.join(self.sim_dir, self.toplevel_module), *self.plus_args]]
        with _path_to(self._tools):
            verilate, *rest = super().build_command()
        verilate[verilate.index("perl") + 1] = str(self._tools.verilator)
        if not self._public:
            # Every signal made public costs more than the simulation itself; the harness marks
            # the few that cocotb needs.
            verilate.remove("--public-flat-rw")
        return [verilate, *rest]

    def execute(self, cmds):
        for command in cmds:
            if command[0] == "make":
                _restore_runtime(self._runtime, Path(self.sim_dir))
            status = processes.run_logged(
                command, folder=Path(self.work_dir), env=self.env, log=self._log
            )
            if status:
                name = Path(command[1] if command[0] == "perl" else command[0]).name
                raise _breakdown(f"{name} ended with status {status}", self._log)
            if command[0] == "make":
                _save_runtime(self._runtime, Path(self.sim_dir))


def _breakdown(what: str, log: Path) -> Exception:
    """The exception for a child that failed: the user's to mend if the disk is full."""
    words = b"No space left on device" in log.read_bytes()
    if words or shutil.disk_usage(log.parent).free < _SCARCE_BYTES:
        return BadInput(f"{what}: no space left for {log.parent}; free some and try again")
    return SimulationError(f"{what}; see {log}")


def _restore_runtime(runtime: Path, folder: Path) -> None:
    """Spare make the compilation of Verilator's own runtime, alike for every model."""
    if runtime.is_dir():
        for compiled in runtime.iterdir():
            shutil.copyfile(compiled, folder / compiled.name)  # now newer than its source


def _save_runtime(runtime: Path, folder: Path) -> None:
    if not runtime.is_dir():
        partial = Path(tempfile.mkdtemp(prefix=f"{runtime.name}.", dir=runtime.parent))
        for compiled in folder.glob("verilated*.o"):
            shutil.copyfile(compiled, partial / compiled.name)
        try:
            os.replace(partial, runtime)
        except OSError:  # somebody else was faster
            shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def _path_to(tools: Toolchain) -> Iterator[None]:
    """Have cocotb-test find an executable called ``verilator``, which it insists on, on PATH."""
    before = os.environ["PATH"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "verilator").symlink_to(tools.verilator)
        os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before


def can_write_fst(cxx: str) -> bool:
    """Whether the compiler has the headers of lz4 and zlib, which FST waveforms need."""
    test = subprocess.run(
        [*shlex.split(cxx), "-E", "-x", "c++", "-"],
        input=b"#include <lz4.h>\n#include <zlib.h>\n",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return test.returncode == 0


def model(
    sources: dict[str, str],
    top: str,
    *,
    public: bool,
    timing: bool = False,
    waves: bool = False,
) -> Path:
    """Folder of the Verilated model of ``sources``, built unless it is there already.

    Parameters
    ----------
    sources
        File name to text.
    top
        Top module; also the name of the executable in the folder.
    public
        All signals can be seen and driven from cocotb. Slow; for benches that watch every cycle.
    timing
        The sources have delays of their own.
    waves
        The model can write a waveform.

    The key is a digest of the sources and of everything else that goes into the build. A build
    appears under its key whole or not at all; two runs that want the same one build it once.
    """
    tools = find()
    if " " in str(ROOT):
        raise BadInput(
            f"Verilator's makefiles cannot work below a folder with a space: move {ROOT} elsewhere"
        )
    args = ["--timing"] if timing else ["--no-timing"]
    if waves:
        args += ["--trace-fst" if can_write_fst(tools.cxx) else "--trace-vcd", "--trace-structs"]
    # -O2 compiles half as long again and runs no faster.
    make_args = [*tools.make_args, "OPT_FAST=-O1"]
    setting = [tools.version, tools.cxx_version, *args, *make_args]
    runtime_key = _digest(setting)
    args += ["--timescale", "1ns/1ps", str(WAIVERS)]
    key = _digest(
        [
            *setting,
            *args,
            str(ROOT),  # the executable holds paths into the virtual environment
            cocotb.__version__,
            top,
            str(public),
            WAIVERS.read_text(),
            *(f"{name}\n{text}" for name, text in sorted(sources.items())),
        ]
    )
    cache = build_folder() / "models"
    runtime = build_folder() / "runtime" / runtime_key
    runtime.parent.mkdir(parents=True, exist_ok=True)
    folder = cache / key
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / f"{key}.lock"):
        if (folder / top).exists():
            os.utime(folder)
            return folder
        partial = cache / f"{key}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        log = build_folder() / "logs" / f"{top}-{key}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        for name, text in sources.items():
            (partial / name).write_text(text)
        simulator = _Simulator(
            log=log,
            tools=tools,
            runtime=runtime,
            public=public,
            toplevel=top,
            module="unused",
            verilog_sources=[str(partial / name) for name in sources],
            sim_build=str(partial),
            compile_args=args,
            make_args=[*make_args, f"-j{os.cpu_count() or 1}"],
            compile_only=True,
            waves=False,
        )
        simulator.run()
        if not (partial / top).exists():
            raise _breakdown(f"{tools.cxx} made no executable", log)
        for litter in partial.iterdir():
            if litter.suffix not in (".v", ".sv") and litter.name != top:
                litter.unlink()
        shutil.rmtree(folder, ignore_errors=True)  # what is left of a removal cut short
        os.replace(partial, folder)
    _forget_old(cache)
    return folder


def _reason(case: ElementTree.Element) -> ElementTree.Element | None:
    """Why a test did not pass; None if it did."""
    failure = case.find("failure")
    return case.find("error") if failure is None else failure


def _failure(case: ElementTree.Element) -> str:
    """Name of a failed test and the first line of why."""
    reason = _reason(case).get("message", "").strip().splitlines()
    return f"{case.get('name')} ({reason[0]})" if reason else case.get("name")


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _forget_old(cache: Path) -> None:
    """Remove the builds beyond `KEEP`, and what interrupted builds have left."""
    ages = {f: f.stat().st_mtime for f in cache.iterdir() if f.is_dir()}
    whole = sorted((f for f in ages if f.suffix != ".partial"), key=ages.get, reverse=True)
    for folder in (*whole[KEEP:], *(f for f in ages if f.suffix == ".partial")):
        lock = filelock.FileLock(cache / f"{folder.stem}.lock", timeout=0)
        with contextlib.suppress(filelock.Timeout), lock:  # somebody is at work on it
            shutil.rmtree(folder, ignore_errors=True)


def simulate(
    folder: Path,
    top: str,
    module: str,
    *,
    run_folder: Path,
    plus_args: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    testcase: str | None = None,
    seed: int = 1,
) -> Path:
    """Run the cocotb tests in ``module`` on the model in ``folder``.

    Returns the log, in ``run_folder``. `SimulationError` names the tests that failed.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    log = run_folder / "simulation.log"
    log.unlink(missing_ok=True)
    results = run_folder / "results.xml"
    results.unlink(missing_ok=True)
    simulator = _Simulator(
        log=log,
        toplevel=top,
        module=module,
        work_dir=str(run_folder),
        sim_build=str(folder),
        plus_args=list(plus_args),
        extra_env=env or {},
        python_search=[str(ROOT)],
        testcase=testcase,
        seed=seed,
        waves=False,
    )
    simulator.set_env()
    simulator.env["COCOTB_RESULTS_FILE"] = str(results)
    simulator.execute(simulator.build_command())
    if not results.exists():
        raise _breakdown("the simulation ended early", log)
    try:
        cases = list(ElementTree.parse(results).iter("testcase"))
    except ElementTree.ParseError:
        raise _breakdown("the simulation's results were cut short", log) from None
    failed = [case for case in cases if _reason(case) is not None]
    if failed or not cases:
        what = ", ".join(map(_failure, failed)) if failed else "no test ran"
        raise SimulationError(f"{module}: {what}; see {log}")
    return log
