"""Where things are."""

import contextlib
import functools
import hashlib
import re
from pathlib import Path

import platformdirs

from trispike.models.errors import BadInput
from trispike.sim.terminal.console import warn

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
    """Folder of all that Trispike builds: ``build/`` in a checkout, else in the user's cache.

    The latter too, and it is told, if make could not work in the checkout.
    """
    cache = platformdirs.user_cache_path("trispike") / "build"
    if not in_checkout():
        return cache
    if not suits_make(ROOT):
        _tell(ROOT, cache)
        return cache
    return ROOT / "build"


def suits_make(path: Path | str) -> bool:
    """Whether makefiles, such as Verilator writes, can have ``path``: they take no spaces."""
    return re.fullmatch(r"[\w@+,./-]*", str(path)) is not None


@functools.cache
def _tell(root: Path, cache: Path) -> None:
    """Say once where builds are."""
    warn(f"make cannot work in {root}: builds go to {cache}")


def for_make(argument: str) -> str:
    """``argument`` with a link to `ROOT` in place of its path, if make could not take that."""
    if str(ROOT) not in argument or suits_make(ROOT):
        return argument
    link = build_folder() / f"checkout-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:20]}"
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(ROOT)
    return argument.replace(str(ROOT), str(link))
