"""A training's state on disk, from which an interrupted training continues."""

import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

import torch

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically

INTERVAL = 5.0
"""Seconds between two states that are written."""


def identity(**settings: Any) -> str:
    """A short digest of ``settings``, which must hold everything that a training's result depends
    on.
    """
    text = json.dumps({"torch": torch.__version__, **settings}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Checkpoint:
    """State of one training, in a file of ``folder`` whose name contains its `identity`."""

    def __init__(self, folder: Path, name: str, settings: dict[str, Any]):
        self.path = folder / f"{name}-{identity(**settings)}.pt"
        self._last = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """The last written state, or None. `BadInput` if it cannot be read."""
        if not self.path.exists():
            return None
        try:
            return torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch.load promises no kind
            raise BadInput(
                f"cannot go on from {self.path}: {type(error).__name__}; remove it"
            ) from None

    def save(self, state: dict[str, Any]) -> None:
        """Write ``state`` whole or not at all."""
        data = io.BytesIO()
        torch.save(state, data)
        write_atomically(self.path, data.getvalue())
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether `INTERVAL` has passed since the last state was written."""
        return time.monotonic() - self._last >= INTERVAL

    def remove(self) -> None:
        """Delete the state, if there is one."""
        self.path.unlink(missing_ok=True)
