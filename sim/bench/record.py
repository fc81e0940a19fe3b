"""The record of a bench: what JSON= keeps and COMPARE= reads."""

import dataclasses
import math
from pathlib import Path

from trispike.sim.bench.sample import Sample
from trispike.sim.report import records

_FORMAT = "trispike-bench-1"

CEILING = "ceiling"

TITLES = {
    CEILING: "plain C++ (ceiling)",
    "cocotb": "cocotb, simulation",
    "cocotb_whole": "cocotb, judged too",
    "amaranth": "Amaranth's simulator",
    "golden": "golden model",
    "cycle_model": "cycle model",
    "snntorch": "snnTorch",
}
"""Every row of a bench, by its name in the record, as the table calls it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """The best of what one contender did.

    cycles: Clock cycles of the predictions: simulated, or those of the ceiling for the same images.
    simulated: Which of the two.
    seconds: Wall time of each run, in order; the shortest counts.
    note: What a reader must know of it, or nothing.
    """

    images: int
    cycles: int
    simulated: bool
    seconds: tuple[float, ...]
    note: str = ""

    def __post_init__(self):
        if self.images < 0 or self.cycles < 1 or not self.seconds:
            raise ValueError("a row must have cycles and a run")
        if not all(0 < seconds < math.inf for seconds in self.seconds):
            raise ValueError("a run must take time")

    @property
    def best(self) -> float:
        """Seconds of the shortest run."""
        return min(self.seconds)

    @property
    def cycles_per_second(self) -> float:
        """Of the shortest run."""
        return self.cycles / self.best

    @property
    def images_per_second(self) -> float:
        """Of the shortest run."""
        return self.images / self.best


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What was run: the network's name, sizes and digest, the data, images, timesteps, seed."""

    network: str
    sizes: tuple[int, ...]
    digest: str
    data: str
    images: int
    timesteps: int
    seed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One bench.

    machine: From `sim.bench.machine.facts`.
    rows: By name, some of `TITLES`; the ceiling is always there.
    skipped: Why a row is not there, by name.
    """

    machine: dict[str, str | int | float | None]
    run: Run
    rows: dict[str, Row]
    skipped: dict[str, str]

    def __post_init__(self):
        if CEILING not in self.rows:
            raise ValueError("there must be a ceiling")

    def ratio(self, name: str) -> float:
        """Cycles per second of row ``name`` over those of the ceiling."""
        return self.rows[name].cycles_per_second / self.rows[CEILING].cycles_per_second


def rows_of(samples: dict[str, list[Sample]]) -> dict[str, Row]:
    """A row for the samples of each name, those of the ceiling among them."""
    per_image = samples[CEILING][0].cycles / samples[CEILING][0].images
    return {name: _row(samples[name], per_image) for name in TITLES if name in samples}


def _row(samples: list[Sample], cycles_per_image: float) -> Row:
    first = samples[0]
    simulated = first.cycles is not None
    return Row(
        images=first.images,
        cycles=first.cycles if simulated else round(first.images * cycles_per_image),
        simulated=simulated,
        seconds=tuple(sample.seconds for sample in samples),
        note=first.note,
    )


def write(path: Path, record: Record) -> None:
    """Write ``record`` to ``path``, whole or not at all; `BadInput` if that cannot be done."""
    rows = {
        name: {
            **records.plain(row),
            "cycles_per_second": row.cycles_per_second,
            "images_per_second": row.images_per_second,
            "ratio": record.ratio(name),
        }
        for name, row in record.rows.items()
    }
    records.write(path, {"format": _FORMAT, **records.plain(record), "rows": rows})


def read(path: Path) -> Record:
    """The record that `write` made; rates are worked out again.

    `BadInput`, naming the file, if it cannot be read or is not such a record.
    """
    return records.read(
        path,
        lambda fields: records.convert(fields, Record),
        format=_FORMAT,
        refusal="is not a record of make bench",
        remedy="COMPARE must name one that JSON= wrote",
    )
