"""All drawings by name."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from tb.kit.command import ROOT
from tb.kit.drawings.sheet import Sheet

FOLDER = ROOT / "docs" / "figures"


def drawings() -> dict[str, Callable[[], Sheet]]:
    """What draws each drawing: ``draw`` of the modules beside this one that have it."""
    modules = [
        importlib.import_module(f"{__package__}.{each.name}")
        for each in pkgutil.iter_modules([str(Path(__file__).parent)])
        if each.name != "__main__"
    ]
    return {m.__name__.split(".")[-1]: m.draw for m in modules if hasattr(m, "draw")}
