"""What the bench ran on, so far as speed depends on it: no host name, no user, no path."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

from trispike.sim.tools.paths import ROOT, in_checkout
from trispike.sim.tools.processes import cores
from trispike.sim.tools.toolchain import Toolchain


def facts(tools: Toolchain) -> dict[str, str | int | float | None]:
    """Facts by name; None where the machine does not tell."""
    return {
        "processor": _processor(),
        "architecture": platform.machine() or None,
        "cores": cores(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "verilator": tools.version,
        "compiler": tools.cxx_version,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
    }


def _processor() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None) or platform.processor() or None


def _commit() -> str | None:
    """The checkout's commit, a ``+`` behind it if files were changed; None outside git."""
    if not in_checkout():
        return None
    try:
        commit, status = (
            subprocess.run(
                ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "-uno"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}+" if status else commit
