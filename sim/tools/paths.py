"""Where things are."""

from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parents[2]
"""The folder that the rooms stand in: the checkout, or an installed ``trispike``."""


def build_folder() -> Path:
    """Where everything that Trispike makes goes.

    ``build/`` in a checkout; in the user's cache if Trispike was installed from a wheel.
    """
    if (ROOT / "pyproject.toml").is_file():
        return ROOT / "build"
    return platformdirs.user_cache_path("trispike") / "build"
