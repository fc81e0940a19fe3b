"""``make mutate``."""

import dataclasses

from tb.mutate.block import Block
from tb.mutate.blocks import BLOCKS
from tb.mutate.outcome import Outcome
from tb.mutate.record import SCORES, gaps, markdown, score, table
from tb.mutate.store import Store
from trispike.models.errors import BadInput
from trispike.sim.report.place import Place
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import Record, Seeded
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.tools import paths

_ALL = "all"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MutateRequest(Record, Seeded):
    """Which mutants."""

    block: str = option(f"What is mutated: {', '.join(BLOCKS)}, or {_ALL}.", _ALL)
    count: int | None = option(
        "Mutants of a block.  [default: as many as take ten minutes on two cores]",
        check=at_least_1("COUNT"),
    )

    def __post_init__(self):
        super().__post_init__()
        if self.block not in (*BLOCKS, _ALL):
            raise BadInput(f"BLOCK must be one of {', '.join((*BLOCKS, _ALL))}, not {self.block!r}")

    @property
    def blocks(self) -> list[Block]:
        """Those that are asked for."""
        return [block for name, block in BLOCKS.items() if self.block in (name, _ALL)]


@command("mutate", MutateRequest)
def mutate(request: MutateRequest) -> None:
    """Change the sources in small ways, one at a time, and see which changes the tests notice.

    Prints how many of each block's mutants were noticed first by what, how many are equivalent to
    the sources, and the gaps. An interrupted run goes on where it was.
    """
    place = Place(
        paths.docs(record=request.record),
        SCORES,
        "mutation.json",
        "mutation",
        record=request.record,
    )
    entries, recorded = [], place.kept
    for block in request.blocks:
        entries.append(
            score(block.name, request.seed, outcomes(block, request.count, request.seed))
        )
        recorded = SCORES.renewed(recorded, entries[-1])
    table_console().print(table(entries))
    for line in gaps(entries):
        print(line)
    for path in place.store(recorded, markdown(recorded)):
        print(f"wrote {relative(path)}")


def outcomes(block: Block, count: int | None, seed: int) -> list[Outcome]:
    """What becomes of the mutants of ``block``, those that are known already among them."""
    mutants = block.mutants(count, seed)
    store = Store(block, seed)
    left = [each for each in mutants if store.get(each) is None]
    with progress_bar("mutants") as progress:
        done = len(mutants) - len(left)
        task = progress.add_task(block.name, total=len(mutants), completed=done)
        for outcome in block.judged(left, seed) if left else ():
            store.put(outcome)
            progress.advance(task)
    return [block.settled(store.get(each)) for each in mutants]
