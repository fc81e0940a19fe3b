"""How evenly a mesh serves the nodes that send."""

import dataclasses

import numpy as np

from trispike.models.mesh.topology import MeshShape, node_name

STARVED_SHARE = 0.1
"""A source with less than this part of its fair share is starved."""

TELLING_FLITS = 10
"""Smallest fair share, in flits, of which less says anything."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fairness:
    """Flits of each source that were delivered in the window of a run, per cycle.

    - ``delivered``: by the source's name: ``0.1.2``.
    - ``least``, ``mean``, ``most``: of these.
    - ``index``: Jain's index of what was delivered over what was offered, source by source: 1 if
      all get the same part, 1/n if one of n gets all. None if nothing was delivered.
    - ``starved``: sources with less than `STARVED_SHARE` of their fair share, which is what they
      offered, or the mean if that is less. None if no source's is `TELLING_FLITS` or more.
    """

    delivered: dict[str, float]
    least: float
    mean: float
    most: float
    index: float | None
    starved: tuple[str, ...] | None

    @classmethod
    def of(
        cls, mesh: MeshShape, offered: np.ndarray, delivered: np.ndarray, cycles: int
    ) -> "Fairness":
        """Of flits by source in a window of ``cycles``, both int64 of shape (nodes,)."""
        share = np.minimum(offered, delivered.mean())
        telling = share >= TELLING_FLITS
        starved = np.flatnonzero(telling & (delivered < STARVED_SHARE * share)).tolist()
        rates = dict(zip(map(node_name, mesh.every()), (delivered / cycles).tolist(), strict=True))
        return cls(
            delivered=rates,
            least=min(rates.values()),
            mean=float(delivered.mean() / cycles),
            most=max(rates.values()),
            index=_jain(delivered[offered > 0] / offered[offered > 0]),
            starved=tuple(node_name(mesh.node(k)) for k in starved) if telling.any() else None,
        )


def _jain(shares: np.ndarray) -> float | None:
    squares = len(shares) * (shares**2).sum()
    return float(shares.sum() ** 2 / squares) if squares else None
