"""Starts Verilator's builds and simulations through cocotb-test, and reads how they ended."""

import contextlib
import hashlib
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import filelock
from cocotb_test.simulator import Verilator

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.sim.tools import processes
from trispike.sim.tools.paths import for_make
from trispike.sim.tools.toolchain import Toolchain

_SCARCE_BYTES = 1 << 20
"""With less free space, a failure is put down to a full disk: nothing can be logged there."""

NO_MEMORY = "there is not enough memory; free some, or ask for fewer JOBS=, IMAGES= or T="

_NO_MEMORY_WORDS = (b"Cannot allocate memory", b"std::bad_alloc", b"MemoryError", b"out of memory")
"""Of compilers, of C++ programs and of cocotb's tests."""

_RUNTIME_HEADERS = """\
#include "verilated.h"
#include "verilated_dpi.h"
#include "verilated_syms.h"
#include "verilated_vpi.h"
#if VM_TIMING
#include "verilated_timing.h"
#endif
#if VM_TRACE_FST
#include "verilated_fst_c.h"
#endif
#if VM_TRACE_VCD
#include "verilated_vcd_c.h"
#endif
#include <memory>
#include <string>
"""

_TELLING_ASSERTIONS = "tb/**/*.py *_cocotb.py"
"""Files whose failed assertions show their operands. For that each is compiled anew by pytest;
cocotb's own choice is every file that is imported, NumPy's too, which takes a second or more."""


_path_lock = threading.Lock()
"""PATH belongs to the whole process, and several threads may build at the same time."""


class SimulationError(RuntimeError):
    """A build or a simulation that broke down; the message names its log."""


class Simulator(Verilator):
    """cocotb-test's Verilator, with supervised processes and a log file in place of a logger.

    - ``log``: file for what the children print.
    - ``tools``: to build the model with; None runs the one in ``sim_build``.
    - ``runtime``: folder that keeps Verilator's compiled runtime, see ``_compile``.
    - ``public``: make every signal visible to cocotb, not only those marked in the sources.

    The other parameters are cocotb-test's own.
    """

    def __init__(
        self,
        *,
        log: Path,
        tools: Toolchain | None = None,
        runtime: Path | None = None,
        public: bool = True,
        **kwargs,
    ):
        self._log, self._tools, self._runtime, self._public = log, tools, runtime, public
        handlers = [(s, signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM)]
        super().__init__(**kwargs)
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers:  # interrupts are for the command line to handle
                signal.signal(number, handler)
        self.logger.setLevel(logging.WARNING)

    def set_env(self):
        """The environment of the children."""
        super().set_env()
        self.env = _environment(self.env, self._tools)

    def build_command(self):
        """The commands that build the model, or the one that runs it."""
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
        """Run the commands one after the other."""
        folder = Path(self.sim_dir)
        for command in cmds:
            if command[0] == "make":
                _compile("Vtop", folder, self.make_args, self._runtime, env=self.env, log=self._log)
            else:
                run_tool(command, folder=Path(self.work_dir), env=self.env, log=self._log)


def build_program(
    main: Path,
    sources: list[Path],
    top: str,
    *,
    folder: Path,
    libraries: Sequence[Path],
    args: list[str],
    make_args: list[str],
    tools: Toolchain,
    runtime: Path,
    log: Path,
) -> None:
    """Build the executable ``folder/top`` of the C++ program ``main`` and the Verilated ``top``.

    ``main`` includes ``Vtop.h`` and the headers that stand beside the archives ``libraries``.
    ``args`` go to Verilator, ``make_args`` to make; ``runtime`` as for `Simulator`.
    """
    env = _environment(os.environ, tools)
    # In the environment, so that the flags are those of every program.
    folders = [*(str(library.parent) for library in libraries), env.get("CPLUS_INCLUDE_PATH")]
    env["CPLUS_INCLUDE_PATH"] = os.pathsep.join(filter(None, folders))
    verilate = [*_verilate(tools, top, "Vtop", folder), "--exe", "-o", top, *args]
    run_tool([*verilate, *map(str, (main, *sources, *libraries))], folder=folder, env=env, log=log)
    _compile("Vtop", folder, make_args, runtime, env=env, log=log)


def build_library(
    sources: list[Path],
    top: str,
    prefix: str,
    *,
    folder: Path,
    args: list[str],
    make_args: list[str],
    tools: Toolchain,
    runtime: Path,
    log: Path,
) -> None:
    """Build the archive of the Verilated ``top`` in ``folder`` as C++ class ``prefix``.

    The other parameters are as for `build_program`.
    """
    env = _environment(os.environ, tools)
    verilate = [*_verilate(tools, top, prefix, folder), *args, *map(str, sources)]
    run_tool(verilate, folder=folder, env=env, log=log)
    _compile(prefix, folder, make_args, runtime, env=env, log=log, target=f"{prefix}__ALL.a")


def _verilate(tools: Toolchain, top: str, prefix: str, folder: Path) -> list[str]:
    verilate = ["perl", str(tools.verilator), "-cc", "-Mdir", str(folder)]
    return [*verilate, "--top-module", top, "--prefix", prefix]


def run_tool(
    command: list[str], *, folder: Path, env: Mapping[str, str], log: Path, grace: float = 0
) -> None:
    """Run ``command`` in ``folder``, its output to ``log``; `breakdown` if its status is not 0.

    ``grace``: as of `processes.run_logged`.
    """
    command = [for_make(argument) for argument in command]
    status = processes.run_logged(command, folder=folder, env=dict(env), log=log, grace=grace)
    if status:
        name = Path(command[1] if command[0] == "perl" else command[0]).name
        raise breakdown(f"{name} ended with status {status}", log)


def _environment(inherited: Mapping[str, str], tools: Toolchain | None) -> dict[str, str]:
    """The environment of a child that Trispike starts."""
    env = dict(inherited)
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # `make sim` is not this make's parent
        env.pop(name, None)
    if tools is not None and tools.root:
        env["VERILATOR_ROOT"] = root = for_make(str(tools.root))
        env["VERILATOR_BIN"] = f"{root}/bin/verilator_bin"  # the script would follow the link
    return env


def is_full(folder: Path) -> bool:
    """There is so little space that what fails in ``folder`` fails for that."""
    return shutil.disk_usage(folder).free < _SCARCE_BYTES


def no_space(folder: Path) -> str:
    """What to say of a ``folder`` on a full disk."""
    return f"no space left for {folder}; free some and try again"


def breakdown(what: str, log: Path) -> Exception:
    """The exception for a child that failed: the user's to mend if disk or memory is full."""
    text = log.read_bytes()
    if any(words in text for words in _NO_MEMORY_WORDS):
        return BadInput(f"{what}: {NO_MEMORY}")
    if b"No space left on device" in text or is_full(log.parent):
        return BadInput(f"{what}: {no_space(log.parent)}")
    return SimulationError(f"{what}; see {log}")


def _compile(
    prefix: str,
    folder: Path,
    make_args: list[str],
    runtime: Path,
    *,
    env: Mapping[str, str],
    log: Path,
    target: str = "default",
) -> None:
    """Make ``target`` of what Verilator wrote in ``folder``.

    ``runtime`` spares it most of the work: it keeps Verilator's runtime, compiled, and its headers,
    compiled in advance for each set of flags, both alike for every model.
    """
    make = ["make", "-C", str(folder), "-f", f"{prefix}.mk"]
    classes = (folder / f"{prefix}_classes.mk").read_text()
    if "VM_PARALLEL_BUILDS=0" in make_args or "VM_PARALLEL_BUILDS = 0" in classes:
        headers = _headers([*make, *make_args], folder, runtime, env=env, log=log)
        make_args = [
            f"{arg} -include {headers}" if arg.startswith("OPT_FAST=") else arg for arg in make_args
        ]
    objects = [f"{name}.o" for name in re.findall(r"^  (verilated\w*) \\$", classes, re.MULTILINE)]
    runtime.mkdir(exist_ok=True)
    with filelock.FileLock(f"{runtime}.lock"):
        missing = [name for name in objects if not (runtime / name).exists()]
        if missing:
            run_tool([*make, *make_args, *missing], folder=folder, env=env, log=log)
        for name in missing:
            write_atomically(runtime / name, (folder / name).read_bytes())
    for name in objects:
        shutil.copyfile(runtime / name, folder / name)  # now newer than its source
    run_tool([*make, *make_args, target], folder=folder, env=env, log=log)


def _headers(
    make: list[str], folder: Path, runtime: Path, *, env: Mapping[str, str], log: Path
) -> Path:
    """The headers of Verilator's runtime, beside them what ``make`` compiles of them in advance."""
    text = folder / "runtime.h"
    text.write_text(_RUNTIME_HEADERS)
    product = f"{text.name}.fast.gch"
    flags = subprocess.run([*make, "-s", "-n", product], env=env, capture_output=True).stdout
    headers = runtime / f"{hashlib.sha256(flags).hexdigest()[:20]}.h"
    runtime.mkdir(exist_ok=True)
    with filelock.FileLock(f"{headers}.lock"):
        if not headers.exists():
            run_tool([*make, product], folder=folder, env=env, log=log)
            (folder / product).replace(f"{headers}.gch")
            text.replace(headers)
    text.unlink(missing_ok=True)
    return headers


@contextlib.contextmanager
def _path_to(tools: Toolchain) -> Iterator[None]:
    """Have cocotb-test find an executable called ``verilator``, which it insists on, on PATH."""
    with _path_lock, tempfile.TemporaryDirectory() as folder:
        before = os.environ["PATH"]
        (Path(folder) / "verilator").symlink_to(tools.verilator)
        os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before


def simulate(
    folder: Path,
    top: str,
    module: str,
    *,
    run_folder: Path,
    plus_args: tuple[str, ...] = (),
    seed: int = 1,
    most_failures: int = 0,
) -> Path:
    """Run the cocotb tests in ``module`` on the model in ``folder``, inside ``run_folder``.

    Returns the log. `SimulationError` names the tests that failed, and why; after
    ``most_failures`` of them no other test runs, unless that is 0.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    log = run_folder / "simulation.log"
    log.unlink(missing_ok=True)
    results = run_folder / "results.xml"
    results.unlink(missing_ok=True)
    simulator = Simulator(
        log=log,
        toplevel=top,
        module=module,
        work_dir=str(run_folder),
        sim_build=str(folder),
        plus_args=list(plus_args),
        seed=seed,
        waves=False,
    )
    simulator.set_env()
    simulator.env["COCOTB_RESULTS_FILE"] = str(results)
    simulator.env["COCOTB_MAX_FAILURES"] = str(most_failures)
    simulator.env["COCOTB_REWRITE_ASSERTION_FILES"] = _TELLING_ASSERTIONS
    # Verilator delays what is written as cocotb wants it; cocotb's own queue takes a callback more
    # a cycle, and the clock then is a coroutine.
    simulator.env["COCOTB_TRUST_INERTIAL_WRITES"] = "1"
    simulator.execute(simulator.build_command())
    if not results.exists():
        raise breakdown("the simulation ended early", log)
    try:
        cases = list(ElementTree.parse(results).iter("testcase"))
    except ElementTree.ParseError:
        raise breakdown("the simulation's results were cut short", log) from None
    failed = [case for case in cases if _reason(case) is not None]
    if failed or not cases:
        what = ", ".join(map(_failure, failed)) if failed else "no test ran"
        raise breakdown(f"{module}: {what}", log)
    return log


def _reason(case: ElementTree.Element) -> ElementTree.Element | None:
    """Why a test did not pass; None if it did."""
    failure = case.find("failure")
    return case.find("error") if failure is None else failure


def _failure(case: ElementTree.Element) -> str:
    """Name of a failed test and the first line of why."""
    reason = _reason(case).get("message", "").strip().splitlines()
    return f"{case.get('name')} ({reason[0]})" if reason else case.get("name")
