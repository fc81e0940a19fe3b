"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""


def build_folder() -> Path:
    """Where everything that Trispike makes goes: ``build/`` in the checkout."""
    return ROOT / "build"
