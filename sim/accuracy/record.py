"""The record of what was measured: it keeps the curves whose weights are not on this machine."""

import dataclasses
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.models.network.description import Network
from trispike.models.network.presets import PRESETS
from trispike.models.network.real_network import RealNetwork
from trispike.sim.accuracy.source import DRAWN, Source
from trispike.sim.training.tally import Measurement, Spread

_FORMAT = "trispike-accuracy-1"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What was measured of one network.

    Parameters
    ----------
    source
        Which network.
    digest
        Its weights' digest, as its card has it.
    images
        Number of test images.
    zeros
        Fraction of weights that are zero, each layer.
    spread
        The measurements, one for each seed.
    """

    source: Source
    digest: str
    images: int
    zeros: tuple[float, ...]
    spread: Spread

    @property
    def timesteps(self) -> int:
        """The longest run that was measured."""
        return len(self.spread.measurements[0].accuracy)

    @property
    def zero_fraction(self) -> float:
        """Fraction of weights that are zero, over all layers."""
        sizes = [layer.inputs * layer.neurons for layer in PRESETS[self.source.layer].layers]
        pairs = zip(sizes, self.zeros, strict=True)
        return sum(size * zeros for size, zeros in pairs) / sum(sizes)


def zeros_of(network: Network | RealNetwork) -> tuple[float, ...]:
    """Fraction of weights that are zero, each layer."""
    return tuple(float((layer.weights == 0).mean()) for layer in network.layers)


def _fields(entry: Entry) -> dict[str, Any]:
    measurements = entry.spread.measurements
    return {
        "layer": entry.source.layer,
        "data": entry.source.data,
        "recipe": entry.source.recipe,
        "weight_bits": entry.source.bits,
        "digest": entry.digest,
        "images": entry.images,
        "zeros": entry.zeros,
        "seeds": entry.spread.seeds,
        "spikes": [one.spikes for one in measurements],
        "operations": [one.operations for one in measurements],
        "accuracy": [one.accuracy for one in measurements],
    }


def _entry(fields: Any) -> Entry:
    """The entry that `_fields` made ``fields`` of; any mistake in them is a ValueError."""
    try:
        layer, recipe = fields["layer"], fields["recipe"]
        source = Source(layer=layer, data=str(fields["data"]), recipe=recipe)
        if layer not in PRESETS or recipe not in DRAWN or fields["weight_bits"] != source.bits:
            raise ValueError("an unknown network or recipe")
        layers = len(PRESETS[layer].layers)
        seeds = tuple(int(seed) for seed in fields["seeds"])
        rows = zip(seeds, fields["accuracy"], fields["spikes"], fields["operations"], strict=True)
        measurements = tuple(
            Measurement(
                accuracy=_numbers(accuracy, len(fields["accuracy"][0]), 1),
                spikes=_numbers(spikes, layers + 1),
                operations=_numbers([operations], 1)[0],
            )
            for _, accuracy, spikes, operations in rows
        )
        if not measurements or not measurements[0].accuracy or len(set(seeds)) < len(seeds):
            raise ValueError("no measurements, or one seed twice")
        return Entry(
            source=source,
            digest=str(fields["digest"]),
            images=int(fields["images"]),
            zeros=_numbers(fields["zeros"], layers, 1),
            spread=Spread(seeds=seeds, measurements=measurements),
        )
    except (KeyError, IndexError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def _numbers(values: Any, count: int, most: float = math.inf) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not all(0 <= x <= most and x < math.inf for x in numbers):
        raise ValueError(f"not {count} numbers from 0 to {most}")
    return numbers


def read(path: Path) -> dict[Source, Entry]:
    """The entries of the record ``path``, none if there is no such file.

    `BadInput`, naming the file, if it cannot be read or is not such a record.
    """
    try:
        whole = json.loads(path.read_bytes())
        if whole["format"] != _FORMAT:
            raise ValueError("another format")
        entries = [_entry(fields) for fields in whole["entries"]]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; restore it") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f"{path} is not a record of accuracies; restore it or remove it") from None
    return {entry.source: entry for entry in entries}


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write ``entries`` to ``path``, whole or not at all; the same entries give the same bytes."""
    order = sorted(entries, key=_place)
    texts = []
    for entry in order:
        lines = [f"   {json.dumps(key)}: {_text(value)}" for key, value in _fields(entry).items()]
        texts.append("  {\n" + ",\n".join(lines) + "\n  }")
    body = ",\n".join(texts)
    text = f'{{\n "format": "{_FORMAT}",\n "entries": [\n{body}\n ]\n}}\n'
    write_atomically(path, text.encode())


def _place(entry: Entry) -> tuple[str, int, int]:
    source = entry.source
    return source.data, list(PRESETS).index(source.layer), DRAWN.index(source.recipe)


def _text(value: Any) -> str:
    """``value`` as JSON, one row of a table a line."""
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n   ]"
    return json.dumps(value)
