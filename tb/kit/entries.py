"""Entries of the accuracy record with figures that a test chooses."""

from trispike.models.network.presets import TABLE_1
from trispike.sim.accuracy.record import Entry
from trispike.sim.accuracy.source import Source, sources
from trispike.sim.training.tally import Measurement, Spread


def measurement(accuracy, layers: int) -> Measurement:
    """One seed's, with ``accuracy`` and spikes that halve, third and so on from layer to layer."""
    spikes = tuple(10.0 / (k + 1) for k in range(layers + 1))
    return Measurement(accuracy=tuple(accuracy), spikes=spikes, operations=1234.5)


def entry_of(layer: str, recipe: str, rows: dict[int, list[float]], data: str = "mnist") -> Entry:
    """An entry with accuracies ``rows`` by seed."""
    layers = len(TABLE_1[layer].layers)
    measurements = tuple(measurement(row, layers) for row in rows.values())
    return Entry.of(
        Source(layer=layer, data=data, recipe=recipe),
        Spread(seeds=tuple(rows), measurements=measurements),
        digest=f"{layer}{recipe}",
        images=10000,
        zeros=tuple(0.25 * (k + 1) for k in range(layers)),
    )


def every_entry(data: str = "mnist", timesteps: int = 12) -> list[Entry]:
    """Every network of every recipe, with three seeds."""
    made = []
    for k, source in enumerate(sources(data)):
        start = 0.90 + 0.005 * k  # 2 points from trispike to its 32-bit baseline
        rows = {
            seed: [min(1.0, start + 0.001 * seed + 0.002 * t) for t in range(timesteps)]
            for seed in (0, 1, 2)
        }
        made.append(entry_of(source.layer, source.recipe, rows, data))
    return made
