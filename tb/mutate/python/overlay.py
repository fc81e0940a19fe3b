"""Modules whose text comes from a folder in place of the checkout, here and in all children.

A mutant never touches the checkout. Needs nothing of Trispike, as it comes before all of it.
"""

import importlib.machinery
import os
import sys
from pathlib import Path

VARIABLE = "TRISPIKE_OVERLAY"
"""Environment variable that tells children the folder."""

HOOK = Path(__file__).parent / "hook"
"""Folder on the PYTHONPATH of children, for its ``sitecustomize``."""


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from ``text``, which says that it is the file in the checkout."""

    def __init__(self, name: str, path: str, text: Path):
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname):
        return compile(self._text.read_bytes(), self.path, "exec", dont_inherit=True)


class Finder:
    """Finds the modules that have a file ``NAME.py`` in ``folder``, NAME with its dots."""

    def __init__(self, folder: Path):
        self._folder = folder

    def find_spec(self, fullname, path=None, target=None):
        """The module's spec as others find it, with a loader of the file in its place."""
        text = self._folder / f"{fullname}.py"
        if not fullname.startswith("trispike.") or not text.exists():
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            if spec := finder.find_spec(fullname, path, target):
                spec.loader = _Loader(fullname, spec.origin, text)
                return spec
        return None


def install(folder: Path) -> None:
    """Have this process and its children take modules from ``folder``."""
    sys.meta_path.insert(0, Finder(folder))
    os.environ[VARIABLE] = str(folder)
    sys.path.insert(0, str(HOOK))  # cocotb's simulators have this path, not PYTHONPATH
    paths = [str(HOOK), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
