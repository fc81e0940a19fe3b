"""The records docs/energy.json and docs/energy-widths.json: the newest figures of each run."""

import dataclasses

from trispike.models.network.presets import PRESETS
from trispike.sim.energy.switching import Switching
from trispike.sim.energy.widths import Activity
from trispike.sim.report.records import Records


@dataclasses.dataclass(frozen=True, kw_only=True)
class Told:
    """Energy of a prediction in two of the ways.

    events: By kind of event, see `sim.cost.events`: of all images, at 65 nm.
    traced_events: The same, of the traced images.
    switching: Of the netlist, for a clock cycle, in the cells' technology.
    """

    events: dict[str, float]
    traced_events: dict[str, float]
    switching: Switching


@dataclasses.dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy of a prediction in nJ, told in three ways.

    network, recipe, data, timesteps, lanes: What ran. ``recipe`` is the weights', or "".
    accuracy, images: Fraction of labels that are right, None without labels, of how many test
        images.
    cycles: Between two predictions, mean of these images.
    traced_images, traced_cycles: Images that the netlist's switching was counted on, and their
        cycles between predictions.
    gated, ungated: With clock gates, and with clocks that run on.
    """

    network: str
    recipe: str
    data: str
    timesteps: int
    lanes: int
    accuracy: float | None
    images: int
    cycles: float
    traced_images: int
    traced_cycles: float
    gated: Told
    ungated: Told
    library: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Widths:
    """What the layers of a network had to do, by the golden model.

    network, data, timesteps: What ran.
    accuracy, images: Fraction of labels that are right, None without labels, of how many test
        images.
    layers: Input side first.
    """

    network: str
    data: str
    timesteps: int
    accuracy: float | None
    images: int
    layers: tuple[Activity, ...]

    @property
    def figure(self) -> str:
        """Where its figure is, below docs/."""
        return figure(self.network, self.data, self.timesteps)

    def nj(self, bits: int) -> float:
        """Energy of a prediction with weights of ``bits``."""
        return sum(layer.nj(bits) for layer in self.layers)


def figure(network: str, data: str, timesteps: int) -> str:
    """Where the figure of such `Widths` is, below docs/."""
    return f"figures/energy-{network}-{data}-{timesteps}.png"


def _run(entry: Energy | Widths) -> tuple:
    return list(PRESETS).index(entry.network), entry.data, entry.timesteps


def _key(entry: Energy) -> tuple:
    return *_run(entry), entry.lanes, entry.recipe


ENERGIES = Records(format="trispike-energy-3", entry=Energy, what="energies", key=_key)

WIDTHS = Records(
    format="trispike-energy-widths-1", entry=Widths, what="energies of layers", key=_run
)
