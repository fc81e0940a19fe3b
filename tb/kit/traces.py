"""What a run of the suite, and so every goal of make that it tries, left in the repository."""

import hashlib
import subprocess

from tb.kit.command import ROOT


def state() -> dict[str, str] | None:
    """A digest of each file that git sees as changed or new; None without git or a repository."""
    listing = ["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return {name: _digest(name) for name in done.stdout.split("\0") if name}


def traces(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Files that differ between two states."""
    return sorted(name for name in before | after if before.get(name) != after.get(name))


def _digest(name: str) -> str:
    path = ROOT / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "none"
