"""Has the readers of what people bring read what nobody should: ``python -m tb.fuzz``."""

import dataclasses
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.table import Table

from tb.fuzz import worker
from tb.fuzz.formats import FORMATS, SHARES
from tb.fuzz.trial import FAULTS, Trial, numbered
from trispike.models.errors import BadInput
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import Seeded
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.terminal.status import MISMATCH
from trispike.sim.tools.paths import build_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fuzz(Seeded):
    """Inputs to make."""

    format: str | None = option(f"Only this format: {', '.join(FORMATS)}.  [default: all]")
    count: int = option("Inputs of each format.", 10_000, check=at_least_1("COUNT"), short="-n")
    first: int = option("Number of the first input.", 0)

    def __post_init__(self):
        super().__post_init__()
        if self.format not in (None, *FORMATS):
            raise BadInput(f"FORMAT must be one of {', '.join(FORMATS)}, not {self.format!r:.80}")
        if self.first < 0:
            raise BadInput(f"FIRST must be 0 or more, not {self.first}")


@dataclasses.dataclass
class Row:
    """What became of a format's inputs."""

    inputs: int = 0
    outcomes: Counter = dataclasses.field(default_factory=Counter)
    seconds: float = 0.0
    peak: int = 0

    def add(self, trial: Trial) -> None:
        """Count ``trial``."""
        self.inputs += 1
        self.outcomes[trial.outcome] += 1
        self.seconds, self.peak = max(self.seconds, trial.seconds), max(self.peak, trial.peak)


def table(rows: dict[str, Row]) -> Table:
    """A line for each format: its inputs, how they ended, the slowest, and most memory."""
    shown = Table(title="damaged inputs")
    for column in ("format", "inputs", "taken", "refused", *FAULTS, "slowest s", "peak MB"):
        shown.add_column(column, justify="left" if column == "format" else "right")
    for name, row in rows.items():
        counts = (row.inputs, *(row.outcomes[each] for each in ("accepted", "refused", *FAULTS)))
        figures = *(f"{n:,}" for n in counts), f"{row.seconds:.2f}", f"{row.peak / 1e6:.0f}"
        shown.add_row(name, *figures)
    return shown


@command("fuzz", Fuzz)
def fuzz(asked: Fuzz) -> None:
    """Give commands damaged files and odd options, many of each format.

    Each must be taken, or be refused by status 2 and one line: without a traceback, within 10 s of
    a processor's time and 2 GB, and with no file left that was not there, nor an old result that
    looks new. The first input of a format that is not, and the command that makes it again, are
    kept in build/fuzz. Status 1 if there is any.
    """
    rows, first = {}, {}
    with progress_bar("inputs") as progress, tempfile.TemporaryDirectory() as place:
        for name in [asked.format] if asked.format else FORMATS:
            share = SHARES.get(name, 1) if asked.format is None else 1
            numbers = range(asked.first, asked.first + -(-asked.count // share))
            task = progress.add_task(name, total=len(numbers))
            rows[name] = row = Row()
            for trial in worker.trials(
                name, FORMATS[name], asked.seed, numbers, Path(place) / "fuzz"
            ):
                row.add(trial)
                if trial.outcome in FAULTS:
                    first.setdefault(name, trial)
                progress.update(task, advance=1)
    table_console().print(table(rows))
    for name, trial in first.items():
        print(f"{name}: {trial.outcome}: {trial.what}\n  {_kept(name, asked.seed, trial)}")
    if first:
        sys.exit(MISMATCH)


def _kept(name: str, seed: int, trial: Trial) -> str:
    """Keep the input of ``trial``; returns where it is, and the command that tries it again."""
    folder = build_folder() / "fuzz" / f"{name}-{seed}-{trial.number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    FORMATS[name]().write(numbered(seed, name, trial.number), folder)
    again = f"make fuzz FORMAT={name} SEED={seed} FIRST={trial.number} COUNT=1"
    return f"input {trial.number}, kept in {relative(folder)}; again by {again}"
