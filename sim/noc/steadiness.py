"""Whether a run was in a steady state, so that its means are those of longer runs, too."""

import dataclasses

import numpy as np

MOST_UNDELIVERED = 0.05
"""Part of the offered flits by which those delivered may differ, one flit aside."""

MOST_GROWTH = 1.0
"""Flits of a node by which the backlogs of the two halves of the window may differ."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Steadiness:
    """Whether a mesh delivered in the window of a run what it was offered, and its queues stood.

    - ``offered``, ``delivered``: flits in the window.
    - ``backlogs``: flits of a node that wait to enter, the mean over the nodes and over the first
      and the second half of the window.
    """

    offered: int
    delivered: int
    backlogs: tuple[float, float]
    steady: bool

    @classmethod
    def of(
        cls,
        offered: int,
        delivered: int,
        waits: tuple[np.ndarray, np.ndarray],
        window: range,
        nodes: int,
    ) -> "Steadiness":
        """Of a run of ``nodes`` nodes.

        ``waits`` are the cycles in which each flit begins to wait, and in which it waits no more,
        int64 of shape (n,).
        """
        middle = (window.start + window.stop) // 2
        halves = range(window.start, middle), range(middle, window.stop)
        first, second = (_mean_number(*waits, half) / nodes for half in halves)
        served = abs(offered - delivered) <= max(1, MOST_UNDELIVERED * offered)
        return cls(
            offered=offered,
            delivered=delivered,
            backlogs=(first, second),
            steady=served and abs(second - first) <= MOST_GROWTH,
        )


def _mean_number(begins: np.ndarray, ends: np.ndarray, cycles: range) -> float:
    """Mean number of the intervals from ``begins`` to ``ends`` that a cycle of ``cycles`` is in."""
    spent = np.clip(ends, cycles.start, cycles.stop) - np.clip(begins, cycles.start, cycles.stop)
    return float(spent.sum() / max(1, len(cycles)))
