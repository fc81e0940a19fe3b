"""Where a network comes from."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trained:
    """`make train` trained it.

    - ``data``: name of the data set.
    - ``data_sha256``: sha256 of each of the data set's files, unpacked.
    - ``recipe``: the training recipe's name and settings.
    - ``seed``: seed of the training, 0 to 2**63 - 1.
    - ``epochs``: epochs trained, 0 or more.
    - ``threads``: threads that PyTorch computed with; the order of sums depends on it.
    - ``device``: what PyTorch computed on, ``cpu`` or ``cuda``.
    """

    data: str
    data_sha256: dict[str, str]
    recipe: dict[str, Any]
    seed: int
    epochs: int
    threads: int
    device: str = "cpu"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Imported:
    """It was trained elsewhere: ``file`` had the digest ``sha256``.

    ``data``, ``timesteps``: name of the data set, and timesteps, that it is said to be for.
    """

    file: str
    sha256: str
    data: str | None = None
    timesteps: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """Nobody trained it; ``how`` says how it was made."""

    how: str


Origin = Trained | Imported | Made

ORIGINS: dict[str, type[Origin]] = {"trained": Trained, "imported": Imported, "made": Made}
"""Each kind of origin by its name in a card."""
