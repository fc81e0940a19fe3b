"""What a run of the suite did not test."""

from collections import Counter
from collections.abc import Iterable

import pytest

THOROUGH = "thorough, left out for its time: make test PYTEST=--all"
"""Why a test is skipped that takes long, or longer than another like it."""

BEYOND = (
    "more random networks: make test PYTEST='tb/sim/cosim/test_random.py --all --seeds 200'",
    "more than a few images of each network: make sim LAYER=... DATA=... IMAGES=...",
    "every case of every proof: make formal",
    "training from the first to the last epoch: make train LAYER=... DATA=...",
)
"""Besides what was skipped, and how to test it."""


def untested(skipped: Iterable[pytest.TestReport], whole: bool) -> list[str]:
    """Lines for the ``skipped`` tests, with the reason, which says the remedy, and what is beyond.

    The last are only for the ``whole`` suite.
    """
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    lines = [f"{count} test{'s' * (count > 1)}: {why}" for why, count in reasons.most_common()]
    return lines + list(BEYOND) * whole
