"""Accuracy against energy: the committed networks of a data set, by the models alone."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from trispike.models.network.card import Card
from trispike.models.network.numbers import MAX_TIMESTEPS
from trispike.models.network.parameters import Network
from trispike.sim.cosim.figures import figures
from trispike.sim.cosim.modelled import model_run
from trispike.sim.cosim.stimulus import Encoding
from trispike.sim.cost.registers import registers
from trispike.sim.report.records import Records
from trispike.sim.tools.cached_verilog import chip_verilog

SEED = 0
"""Of the input spikes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """A network at a number of timesteps; means are over images.

    network, recipe, data, digest: Which, as its card has it.
    timesteps, images: Of a prediction, and how many test images ran.
    accuracy: Fraction of labels that are right.
    cycles: Between two predictions, mean.
    spikes: Mean spikes of the input and of each layer.
    operations: Mean synaptic operations whose weight is not 0.
    events: Mean energy in nJ by kind of event, see `sim.cost.events`.
    """

    network: str
    recipe: str
    data: str
    digest: str
    timesteps: int
    images: int
    accuracy: float
    cycles: float
    spikes: tuple[float, ...]
    operations: float
    events: dict[str, float]

    @property
    def nj(self) -> float:
        """Energy of a prediction."""
        return sum(self.events.values())

    @property
    def name(self) -> str:
        """Of the network, for people."""
        return f"{self.network} {self.recipe}"


POINTS = Records(
    format="trispike-accuracy-energy-1",
    entry=Point,
    what="accuracies and energies",
    key=lambda point: (point.data, point.network, point.recipe, point.timesteps),
)


def points(
    network: Network,
    card: Card,
    pixels: np.ndarray,
    labels: np.ndarray,
    *,
    most: float,
    folder: Path,
) -> Iterator[Point]:
    """Points of a trained ``network`` at 1, 2, ... timesteps, as long as ``most`` nJ suffice.

    Of one that was trained for a number of timesteps, the point at that. ``pixels`` and ``labels``
    are the test images; ``folder`` is for files of the run.
    """
    top, texts = chip_verilog(network.shape)
    clocked = registers(texts, top)
    for timesteps in [card.timesteps] if card.timesteps else range(1, MAX_TIMESTEPS + 1):
        stimulus = Encoding.of(network.shape, pixels, timesteps, SEED, folder)
        found = figures(
            network.shape,
            [model_run(network, network.shape, stimulus, range(len(pixels)))],
            labels,
            images=range(len(pixels)),
            data=card.data,
            timesteps=timesteps,
            seed=SEED,
            registers=clocked,
            wall_seconds=0.0,
        )
        point = Point(
            network=network.name,
            recipe=card.recipe,
            data=card.data,
            digest=card.digest,
            timesteps=timesteps,
            images=len(pixels),
            accuracy=found.accuracy,
            cycles=found.cycles_per_image_mean,
            spikes=found.spikes,
            operations=found.effective_operations,
            events=found.energy_nj,
        )
        if point.nj > most:
            return
        yield point


def pareto(points: Sequence[Point]) -> list[Point]:
    """Those that are more accurate than all that take as much energy or less, cheapest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.nj, -point.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best
