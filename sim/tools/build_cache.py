"""Builds that are kept, each for its content."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import cocotb
import filelock

from trispike.sim.tools.paths import ROOT, build_folder
from trispike.sim.tools.simulator import breakdown
from trispike.sim.tools.toolchain import find

WAIVERS = ROOT / "rtl" / "lint.vlt"
"""Warnings of Verilator that are waived for generated Verilog, each with its reason."""

_PARTIAL, _DIGEST = ".partial", "product.sha256"

KEEP = 200
"""Builds that the cache keeps; the ones used longest ago go first."""


def built(
    setting: list[str],
    sources: dict[str, str],
    product: str,
    build: Callable[[Path, Path], None],
    *,
    kept: tuple[str, ...] = (".v", ".sv"),
) -> Path:
    """Folder with the file ``product`` that ``build(folder, log)`` makes, unless it is there.

    The key is a digest of ``setting``, of ``sources`` and of what else goes into any build;
    ``build`` finds the sources in its folder. What has none of the suffixes ``kept`` is removed.
    """
    key = digest(
        [
            *setting,
            cocotb.__file__,  # the executable holds the path of a library beside it
            WAIVERS.read_text(),
            *(f"{name}\n{text}" for name, text in sorted(sources.items())),
        ]
    )
    cache = build_folder() / "models"
    folder = cache / key
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / f"{key}.lock"):
        if _is_whole(folder / product):
            os.utime(folder)
            return folder
        # Not of one name: children of a run that was killed may still write to theirs.
        partial = Path(tempfile.mkdtemp(prefix=f"{key}.", suffix=_PARTIAL, dir=cache))
        partial.chmod(0o755)
        log = build_folder() / "logs" / f"{Path(product).stem}-{key}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        for name, text in sources.items():
            (partial / name).write_text(text)
        build(partial, log)
        if not (partial / product).exists():
            raise breakdown(f"{find().cxx} made no {product}", log)
        for litter in partial.iterdir():
            if litter.suffix not in kept and litter.name != product:
                litter.unlink()
        (partial / _DIGEST).write_text(_digest_of(partial / product))
        shutil.rmtree(folder, ignore_errors=True)  # what is left of a removal cut short
        os.replace(partial, folder)
    _forget_old(cache, folder)
    return folder


def _is_whole(product: Path) -> bool:
    """``product`` is there as it was built, or of a version that kept no digest of it."""
    try:
        return product.with_name(_DIGEST).read_text() == _digest_of(product)
    except FileNotFoundError:
        return product.exists()
    except (OSError, ValueError):
        return False


def _digest_of(product: Path) -> str:
    with product.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(parts: list[str]) -> str:
    """A name for ``parts``, the same for the same ones."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _forget_old(cache: Path, new: Path) -> None:
    """Remove the builds beyond `KEEP`, but not the ``new`` one, whatever times the files have.

    And what interrupted builds have left.
    """
    ages = {f: f.stat().st_mtime for f in cache.iterdir() if f.is_dir() and f != new}
    whole = sorted((f for f in ages if f.suffix != _PARTIAL), key=ages.get, reverse=True)
    for folder in (*whole[KEEP - 1 :], *(f for f in ages if f.suffix == _PARTIAL)):
        lock = filelock.FileLock(cache / f"{folder.name.split('.')[0]}.lock", timeout=0)
        with contextlib.suppress(filelock.Timeout), lock:  # somebody is at work on it
            shutil.rmtree(folder, ignore_errors=True)
