"""Where things are."""

from pathlib import Path

import platformdirs

from trispike.models.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]
"""The folder of the rooms: the checkout, or an installed ``trispike``."""


def in_checkout() -> bool:
    """Whether this is a checkout, not an installed wheel."""
    return (ROOT / "pyproject.toml").is_file()


def checkout() -> Path:
    """The checkout, for commands that rewrite files in it. `BadInput` in an installed wheel."""
    if not in_checkout():
        raise BadInput(
            "this rewrites files of Trispike's repository, which was installed without it: clone "
            "the repository and run make there"
        )
    return ROOT


def docs(*, record: bool) -> Path:
    """docs/ of the checkout. To ``record`` something there it must be one: `BadInput` if not."""
    return (checkout() if record else ROOT) / "docs"


def build_folder() -> Path:
    """Folder of all that Trispike builds: ``build/`` in a checkout, else in the user's cache."""
    return ROOT / "build" if in_checkout() else platformdirs.user_cache_path("trispike") / "build"
