"""Modules that need an extra. They are imported only when used, as extras take their time."""

import importlib
import sys
from types import ModuleType

from trispike.models.errors import BadInput


def install(extra: str) -> str:
    """The command that installs one of Trispike's extras."""
    return f"{sys.executable} -m pip install 'trispike[{extra}]'"


def find(module: str, *packages: str) -> ModuleType | None:
    """The ``module`` of Trispike, which imports ``packages``; None if these are not installed."""
    try:
        return importlib.import_module(f"trispike.sim.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in packages:
            raise
        return None


def plots(module: str) -> ModuleType:
    """The ``module`` that draws; `BadInput` without matplotlib."""
    found = find(module, "matplotlib")
    if found is None:
        raise BadInput(f"the figures need matplotlib: {install('plots')}")
    return found
