"""The record of what was measured: it keeps the curves whose weights are not on this machine."""

import dataclasses
import json
import math
from collections.abc import Iterable
from pathlib import Path

from trispike.models.network.parameters import Network
from trispike.models.network.presets import TABLE_1
from trispike.models.network.real_network import RealNetwork
from trispike.sim.accuracy.source import DRAWN, Source
from trispike.sim.report.records import Records
from trispike.sim.training.tally import Measurement, Spread

Row = tuple[float, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What was measured of one network.

    digest: Its weights' digest, as its card has it.
    zeros: Fraction of weights that are zero, each layer.
    seeds: Of the input spikes, one or more.
    spikes, operations, accuracy: As in `sim.training.tally.Measurement`, for each seed.
    """

    layer: str
    data: str
    recipe: str
    weight_bits: int
    digest: str
    images: int
    zeros: Row
    seeds: tuple[int, ...]
    spikes: tuple[Row, ...]
    operations: Row
    accuracy: tuple[Row, ...]

    def __post_init__(self):
        if self.layer not in TABLE_1 or self.recipe not in DRAWN:
            raise ValueError("an unknown network or recipe")
        if self.weight_bits != self.source.bits or not self.seeds or not self.timesteps:
            raise ValueError("other weights, or no measurements")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("one seed twice")
        layers, seeds = len(TABLE_1[self.layer].layers), len(self.seeds)
        for rows, count, length, most in (
            ((self.zeros,), 1, layers, 1.0),
            (self.spikes, seeds, layers + 1, math.inf),
            ((self.operations,), 1, seeds, math.inf),
            (self.accuracy, seeds, self.timesteps, 1.0),
        ):
            if len(rows) != count or any(len(row) != length for row in rows):
                raise ValueError("a row is missing or too short")
            if not all(0 <= x <= most and x < math.inf for row in rows for x in row):
                raise ValueError(f"a number is not from 0 to {most}")

    @classmethod
    def of(cls, source: Source, spread: Spread, *, digest: str, images: int, zeros: Row) -> "Entry":
        """What was measured of ``source``."""
        columns = {
            name: tuple(getattr(one, name) for one in spread.measurements)
            for name in ("spikes", "operations", "accuracy")
        }
        return cls(
            **dataclasses.asdict(source),
            weight_bits=source.bits,
            digest=digest,
            images=images,
            zeros=zeros,
            seeds=spread.seeds,
            **columns,
        )

    @property
    def source(self) -> Source:
        """Which network."""
        return Source(layer=self.layer, data=self.data, recipe=self.recipe)

    @property
    def spread(self) -> Spread:
        """The measurements."""
        rows = zip(self.spikes, self.operations, self.accuracy, strict=True)
        measurements = (Measurement(spikes=s, operations=o, accuracy=a) for s, o, a in rows)
        return Spread(seeds=self.seeds, measurements=tuple(measurements))

    @property
    def timesteps(self) -> int:
        """The longest run that was measured."""
        return len(self.accuracy[0]) if self.accuracy else 0

    @property
    def zero_fraction(self) -> float:
        """Fraction of weights that are zero, over all layers."""
        sizes = [layer.inputs * layer.neurons for layer in TABLE_1[self.layer].layers]
        pairs = zip(sizes, self.zeros, strict=True)
        return sum(size * zeros for size, zeros in pairs) / sum(sizes)


def zeros_of(network: Network | RealNetwork) -> Row:
    """Fraction of weights that are zero, each layer."""
    return tuple(float((layer.weights == 0).mean()) for layer in network.layers)


def _key(entry: Entry) -> tuple[str, int, int]:
    return entry.data, list(TABLE_1).index(entry.layer), DRAWN.index(entry.recipe)


def _text(fields: dict) -> str:
    """``fields`` as JSON, one row of a table a line."""
    texts = []
    for entry in fields["entries"]:
        lines = [f"   {json.dumps(key)}: {_value(value)}" for key, value in entry.items()]
        texts.append("  {\n" + ",\n".join(lines) + "\n  }")
    body = ",\n".join(texts)
    return f'{{\n "format": "{fields["format"]}",\n "entries": [\n{body}\n ]\n}}\n'


def _value(value: object) -> str:
    if isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple):
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n   ]"
    return json.dumps(value)


RECORDS = Records(
    format="trispike-accuracy-1", entry=Entry, what="accuracies", key=_key, text=_text
)


def read(path: Path) -> dict[Source, Entry]:
    """The entries of the record ``path``, none if there is no such file; `BadInput` if damaged."""
    return {entry.source: entry for entry in RECORDS.read(path)}


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write ``entries`` to ``path``, whole or not at all; the same entries give the same bytes."""
    RECORDS.write(path, entries)
