"""What has mutants: a block of the hardware or a part of the models, and how they are judged."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from tb.mutate.outcome import Mutant, Outcome


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """Something to be mutated.

    - ``name``: as BLOCK= has it.
    - ``mutants``: ``mutants(count, seed)`` are ``count`` of its mutants, or as many as are judged
      within ten minutes on two cores if None; the same for the same ``seed``.
    - ``judged``: ``judged(mutants, seed)`` yields what becomes of each, in their order.
    - ``key``: a name for all that outcomes depend on: others are kept for another.
    - ``settled``: what a gap is after all, if there is a reason why nothing shows it.
    """

    name: str
    mutants: Callable[[int | None, int], Sequence[Mutant]]
    judged: Callable[[Sequence[Mutant], int], Iterator[Outcome]]
    key: Callable[[], str]
    settled: Callable[[Outcome], Outcome] = lambda outcome: outcome
