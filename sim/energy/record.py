"""The record of what was measured, docs/energy.json: the newest figures of each kind of run."""

import dataclasses

from trispike.models.network.presets import PRESETS
from trispike.sim.energy.switching import Switching
from trispike.sim.report.records import Records


@dataclasses.dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy of a prediction in nJ, told in three ways.

    network, data, timesteps, lanes: What ran. The committed weights did.
    accuracy, images: Fraction of labels that are right, of how many test images: those of
        ``events``.
    cycles: Between two predictions, mean of these images.
    events: By kind of event, see `sim.cost.events`: of all these images, at 65 nm.
    traced_images, traced_cycles: Images that the netlist's switching was counted on, and their
        cycles between predictions.
    traced_events: As ``events``, of those images.
    switching: Of the netlist, for a clock cycle, in the cells' technology.
    """

    network: str
    data: str
    timesteps: int
    lanes: int
    accuracy: float
    images: int
    cycles: float
    events: dict[str, float]
    traced_images: int
    traced_cycles: float
    traced_events: dict[str, float]
    switching: Switching
    library: str


def _key(entry: Energy) -> tuple:
    return list(PRESETS).index(entry.network), entry.data, entry.timesteps, entry.lanes


ENERGIES = Records(format="trispike-energy-1", entry=Energy, what="energies", key=_key)
