"""Timing on a machine that may have other things to do."""

import time
from collections.abc import Callable, Sequence

from trispike.sim.bench.sample import Contender, Sample

ROUNDS = 3
"""Times that every contender runs."""

ROUND_SECONDS = 1.0
"""A contender goes on within its round until it has run for so long."""

ENOUGH_SECONDS = 40.0
"""A contender that has run for so long gets no further round."""


def measure(
    contenders: Sequence[Contender], *, progress: Callable[[int, str], object]
) -> dict[str, list[Sample]]:
    """Samples of every row: all contenders take their turn, `ROUNDS` times over.

    What else the machine does then slows all of them, not one of them. Other work can only make a
    run longer: the shortest is nearest to the truth, and is what the table shows.
    ``progress`` is told how many of ``ROUNDS * len(contenders)`` turns are over, and whose is next.
    """
    samples: dict[str, list[Sample]] = {}
    spent = [0.0] * len(contenders)
    for turn in range(ROUNDS * len(contenders)):
        k = turn % len(contenders)
        contender = contenders[k]
        progress(turn, contender.what)
        if spent[k] and (contender.once or spent[k] > ENOUGH_SECONDS):
            continue
        begun = time.perf_counter()
        over = False
        while not over:
            for name, sample in contender.measure().items():
                samples.setdefault(name, []).append(sample)
            over = contender.once or time.perf_counter() - begun >= ROUND_SECONDS
        spent[k] += time.perf_counter() - begun
    return samples
