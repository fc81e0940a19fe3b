"""Modules that need an extra. They are imported only when used, as extras take their time."""

import importlib
from types import ModuleType

from trispike.models.errors import BadInput


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
        raise BadInput("the figures need matplotlib; install it with pip install '.[plots]'")
    return found
