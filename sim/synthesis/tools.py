"""Finds and runs the tools of synthesis."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.tools import processes
from trispike.sim.tools.simulator import breakdown

PACKAGES = {"yosys": "yosys", "sta": "opensta"}
"""Executable to its Debian package."""

LIBERTY = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
"""The default cells: Oklahoma State University's for 180 nm, where Debian puts them."""

LIBERTY_PACKAGE = "qflow-tech-osu018"


def find(tool: str) -> str:
    """Path of ``tool``, one of `PACKAGES`. `BadInput` names the package if it is missing."""
    path = shutil.which(tool)
    if path is None:
        raise BadInput(
            f"no {tool} on PATH, which synthesis needs: sudo apt install {PACKAGES[tool]}"
        )
    return path


def find_liberty(named: Path | None) -> Path:
    """The Liberty file ``named``, or the default one. `BadInput` says how to get it."""
    path = LIBERTY if named is None else named
    if path.is_file():
        return path
    if named is None:
        raise BadInput(
            f"no {LIBERTY}, the default cells: sudo apt install {LIBERTY_PACKAGE}, or name a "
            "Liberty file with LIBERTY="
        )
    raise BadInput(f"LIBERTY must be a Liberty file, and there is no file {named}")


def missing(*, timing: bool = True) -> list[str]:
    """Debian packages whose tools are missing, for `make synth` or only for its mapping."""
    tools = ("yosys", "sta") if timing else ("yosys",)
    packages = [PACKAGES[tool] for tool in tools if shutil.which(tool) is None]
    return packages + ([] if LIBERTY.is_file() else [LIBERTY_PACKAGE])


def version(tool: str) -> str:
    """Version of ``tool``, such as "0.23"; "unknown" if it does not print one."""
    flag = {"yosys": "-V", "sta": "-version"}[tool]
    process = subprocess.run(
        [find(tool), flag], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    match = re.search(r"\d+(\.\d+)+", process.stdout)
    return match[0] if match else "unknown"


def run(tool: str, arguments: list[str], *, folder: Path, log: Path) -> str:
    """Run ``tool`` in ``folder``, its output going to the file ``log``; returns the output.

    `SimulationError` if it ends with a status other than 0; its message names the log.
    """
    command = [find(tool), *arguments]
    log.unlink(missing_ok=True)
    status = processes.run_logged(command, folder=folder, env=dict(os.environ), log=log)
    if status:
        raise breakdown(f"{tool} ended with status {status}", log)
    return log.read_text(errors="replace")


def quoted(path: Path) -> str:
    """``path``, absolute and quoted for a script of Yosys."""
    text = str(path.resolve())
    if any(character in text for character in ' ";#\n'):
        raise BadInput(
            f"Yosys cannot read {text!r}: move it to a path without space, quote, ; or #"
        )
    return text
