"""Verilated models, built once for each content."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import cocotb

from trispike.models.errors import BadInput
from trispike.sim.tools.build_cache import WAIVERS, built, digest
from trispike.sim.tools.paths import build_folder, for_make, suits_make
from trispike.sim.tools.simulator import Simulator, build_library, build_program
from trispike.sim.tools.toolchain import Toolchain, find

# Files half as large, Verilator's default, come with headers compiled in advance: for a chip of the
# size of fc256 that takes twice as long as all in one file, on two cores too.
_COMMON_ARGS = ["--timescale", "1ns/1ps", "--output-split", "40000"]
_JOBS = f"-j{os.cpu_count() or 1}"


_FST_HEADERS = {"lz4.h": "liblz4-dev", "zlib.h": "zlib1g-dev"}
"""Headers that FST waveforms need, and Debian's packages with them."""


def missing_for_fst(cxx: str) -> list[str]:
    """Debian's packages that the compiler lacks for FST waveforms; without them they are VCD."""

    def lacks(header: str) -> bool:
        command = [*shlex.split(cxx), "-E", "-x", "c++", "-"]
        text = f"#include <{header}>\n".encode()
        return subprocess.run(command, input=text, capture_output=True).returncode != 0

    return [package for header, package in _FST_HEADERS.items() if lacks(header)]


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

    - ``sources``: file name to text.
    - ``top``: top module; also the name of the executable in the folder.
    - ``public``: all signals can be seen and driven from cocotb. Slow; for benches that watch every
      cycle.
    - ``timing``: the sources have delays of their own.
    - ``waves``: the model can write a waveform.
    - ``optimise``: compile for long runs; without it a large model is ready sooner and runs slower.

    A build appears whole or not at all; two runs that want the same one build it once.
    """
    tools = _tools()
    args = ["--timing" if timing else "--no-timing", *_trace_args(tools, waves)]
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
        simulator.run()

    key = [*setting, cocotb.__version__, top, str(public)]
    return built(key, sources, top, build)


def program(
    sources: dict[str, str],
    top: str,
    main: Path,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    libraries: Sequence[Path] = (),
    args: tuple[str, ...] = (),
    waves: bool = False,
    optimise: bool = True,
) -> Path:
    """Executable of the C++ program ``main`` round the Verilated ``top``, without cocotb.

    ``sources`` are as for `model`, and Verilator's and the compiler's flags are those of a model
    without timing, with ``args`` more for Verilator; ``main`` includes ``Vtop.h``, and ``headers``
    if there are any; ``waves`` and ``optimise`` as for `model`. Built unless it is there already.

    ``libraries`` are more Verilated models, each from `library`, whose headers ``main`` includes.
    """
    tools = _tools()
    make_args = _make_args(tools, optimise=optimise)
    flags = ["--no-timing", *_trace_args(tools, waves), *_COMMON_ARGS, *args]
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
            libraries=libraries,
            args=[*flags, str(WAIVERS)],
            make_args=[*make_args, _JOBS],
            tools=tools,
            runtime=runtime,
            log=log,
        )

    linked = [f"{library.parent.name}/{library.name}" for library in libraries]
    key = [*setting, main.read_text(), top, *headers, *headers.values(), *linked]
    return built(key, sources, top, build) / top


def joined(
    name: str,
    main: Path,
    libraries: Sequence[Path],
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    waves: bool = False,
    optimise: bool = True,
) -> Path:
    """Executable ``name`` of the C++ program ``main`` and of models from `library` alone.

    It is the `program` of an empty module, so that Verilator's makefile compiles and links it.
    """
    empty = {f"{name}.v": f"module {name}; endmodule\n"}
    how = {"waves": waves, "optimise": optimise}
    return program(empty, name, main, headers=headers, libraries=libraries, **how)


def library(
    sources: dict[str, str],
    top: str,
    prefix: str,
    *,
    args: tuple[str, ...] = (),
    level: str = "-O1",
    waves: bool = False,
    optimise: bool = True,
) -> Path:
    """Archive of the Verilated ``top`` as C++ class ``prefix``, with its headers beside it.

    Models that are libraries are compiled once for all programs that they are part of, and a
    program can have many instances of each. ``sources``, ``waves`` and ``optimise`` are as for
    `model`, ``args`` go to Verilator, ``level`` to the compiler if it is to optimise. Built unless
    it is there already.
    """
    tools = _tools()
    make_args = _make_args(tools, level=level, optimise=optimise)
    flags = ["--no-timing", *_trace_args(tools, waves), *_COMMON_ARGS, *args]
    archive = f"{prefix}__ALL.a"
    runtime = _runtime(tools)

    def build(partial: Path, log: Path) -> None:
        build_library(
            [partial / name for name in sources],
            top,
            prefix,
            folder=partial,
            args=[*flags, str(WAIVERS)],
            make_args=[*make_args, _JOBS],
            tools=tools,
            runtime=runtime,
            log=log,
        )

    key = ["library", tools.version, tools.cxx_version, *flags, *make_args, top, prefix]
    return built(key, sources, archive, build, kept=(".v", ".sv", ".h")) / archive


def _trace_args(tools: Toolchain, waves: bool) -> list[str]:
    """Verilator's, of a model that can write a waveform."""
    if not waves:
        return []
    form = "--trace-vcd" if missing_for_fst(tools.cxx) else "--trace-fst"
    # 784 pixels are wider than its limit of 4,096 bits.
    return [form, "--trace-structs", "--trace-max-width", "0"]


def _tools() -> Toolchain:
    tools = find()
    for path in (build_folder(), for_make(cocotb.__file__), for_make(str(tools.verilator))):
        if not suits_make(path):
            raise BadInput(
                f"make cannot work in {path}, for the characters in it: move it elsewhere"
            )
    return tools


def _make_args(tools: Toolchain, *, level: str = "-O1", optimise: bool = True) -> list[str]:
    if not optimise:  # reading the headers again for each of several files would take the longest
        return [*tools.make_args, "OPT_FAST=-O0", "VM_PARALLEL_BUILDS=0"]
    # For a chip -O2 compiles half as long again and runs no faster than -O1.
    return [*tools.make_args, f"OPT_FAST={level}"]


def _runtime(tools: Toolchain) -> Path:
    """Where Verilator's own runtime is kept that was compiled with ``tools``.

    It is the same for all models: no option above reaches it but by the choice of its files.
    """
    setting = [tools.version, tools.cxx_version, *tools.make_args]
    runtime = build_folder() / "runtime" / digest(setting)
    runtime.parent.mkdir(parents=True, exist_ok=True)
    return runtime
