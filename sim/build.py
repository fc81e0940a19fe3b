"""Verilated models, built once for each content."""

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import cocotb
import filelock

from models.errors import BadInput
from sim.paths import ROOT, build_folder
from sim.simulator import Simulator, breakdown, build_program
from sim.toolchain import Toolchain, find

WAIVERS = ROOT / "rtl" / "lint.vlt"
"""Warnings of Verilator that are waived for generated Verilog, each with its reason."""

KEEP = 60
"""Builds that the cache keeps; the ones used longest ago go first."""

# Files half as large, Verilator's default, come with headers compiled in advance: for a chip of the
# size of fc256 that takes twice as long as all in one file, on two cores too.
_COMMON_ARGS = ["--timescale", "1ns/1ps", "--output-split", "40000"]
_JOBS = f"-j{os.cpu_count() or 1}"


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
    optimise: bool = True,
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
    optimise
        Compile for long runs; without it a large model is ready sooner and runs slower.

    A build appears whole or not at all; two runs that want the same one build it once.
    """
    tools = _tools()
    args = ["--timing"] if timing else ["--no-timing"]
    if waves:
        args += ["--trace-fst" if can_write_fst(tools.cxx) else "--trace-vcd", "--trace-structs"]
    make_args = _make_args(tools, optimise=optimise)
    setting = [tools.version, tools.cxx_version, *args, *_COMMON_ARGS, *make_args]
    runtime = _runtime(tools)

    def build(partial: Path, log: Path) -> None:
        simulator = Simulator(
            log=log,
            tools=tools,
            runtime=runtime,
            public=public,
            toplevel=top,
            module="unused",
            verilog_sources=[str(partial / name) for name in sources],
            sim_build=str(partial),
            compile_args=[*args, *_COMMON_ARGS, str(WAIVERS)],
            make_args=[*make_args, _JOBS],
            compile_only=True,
            waves=False,
        )
        with _runtime_made_once(runtime):
            simulator.run()

    key = [*setting, cocotb.__version__, top, str(public)]
    return _built(key, sources, top, build)


def program(
    sources: dict[str, str],
    top: str,
    main: Path,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    args: tuple[str, ...] = (),
    optimise: bool = True,
) -> Path:
    """Executable of the C++ program ``main`` round the Verilated ``top``, without cocotb.

    ``sources`` are as for `model`, and Verilator's and the compiler's flags are those of a model
    without timing, with ``args`` more for Verilator; ``main`` includes ``Vtop.h``, and ``headers``
    if there are any; ``optimise`` as for `model`. Built unless it is there already.
    """
    tools = _tools()
    make_args = _make_args(tools, optimise=optimise)
    flags = ["--no-timing", *_COMMON_ARGS, *args]
    setting = ["program", tools.version, tools.cxx_version, *flags, *make_args]
    runtime = _runtime(tools)

    def build(partial: Path, log: Path) -> None:
        for name, text in headers.items():
            (partial / name).write_text(text)
        build_program(
            main,
            [partial / name for name in sources],
            top,
            folder=partial,
            args=[*flags, str(WAIVERS)],
            make_args=[*make_args, _JOBS],
            tools=tools,
            runtime=runtime,
            log=log,
        )

    key = [*setting, main.read_text(), top, *headers, *headers.values()]
    return _built(key, sources, top, build) / top


def _tools() -> Toolchain:
    tools = find()
    if " " in str(ROOT):
        raise BadInput(
            f"Verilator's makefiles cannot work below a folder with a space: move {ROOT} elsewhere"
        )
    return tools


def _make_args(tools: Toolchain, *, optimise: bool = True) -> list[str]:
    if not optimise:  # reading the headers again for each of several files would take the longest
        return [*tools.make_args, "OPT_FAST=-O0", "VM_PARALLEL_BUILDS=0"]
    # -O2 compiles half as long again and runs no faster than -O1.
    return [*tools.make_args, "OPT_FAST=-O1"]


def _runtime(tools: Toolchain) -> Path:
    """Where Verilator's own runtime is kept that was compiled with ``tools``.

    It is the same for all models: no option above reaches it but by the choice of its files.
    """
    setting = [tools.version, tools.cxx_version, *tools.make_args]
    runtime = build_folder() / "runtime" / _digest(setting)
    runtime.parent.mkdir(parents=True, exist_ok=True)
    return runtime


def _built(
    setting: list[str], sources: dict[str, str], top: str, build: Callable[[Path, Path], None]
) -> Path:
    """Folder with the executable ``top`` that ``build(folder, log)`` makes, unless it is there.

    The key is a digest of ``setting``, of ``sources`` and of what else goes into any build;
    ``build`` finds the sources in its folder.
    """
    key = _digest(
        [
            *setting,
            cocotb.__file__,  # the executable holds the path of a library beside it
            WAIVERS.read_text(),
            *(f"{name}\n{text}" for name, text in sorted(sources.items())),
        ]
    )
    cache = build_folder() / "models"
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
        build(partial, log)
        if not (partial / top).exists():
            raise breakdown(f"{find().cxx} made no executable", log)
        for litter in partial.iterdir():
            if litter.suffix not in (".v", ".sv") and litter.name != top:
                litter.unlink()
        shutil.rmtree(folder, ignore_errors=True)  # what is left of a removal cut short
        os.replace(partial, folder)
    _forget_old(cache)
    return folder


@contextlib.contextmanager
def _runtime_made_once(runtime: Path) -> Iterator[None]:
    """Let the first of several builds compile Verilator's runtime, and the others wait for it."""
    with filelock.FileLock(f"{runtime}.lock"):
        if not runtime.is_dir():
            yield
            return
    yield


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
