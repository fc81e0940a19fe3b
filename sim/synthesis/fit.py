"""Figures scaled to TW-SNN's technology."""

import dataclasses

from trispike.sim.cost.scaling import OSU_180, TW_SNN_65, Technology, scaled_delay, shrunk
from trispike.sim.report.published import SILICON
from trispike.sim.synthesis.figures import BlockFigures

TECHNOLOGIES: dict[str, Technology] = {"osu018_stdcells": OSU_180}
"""Cell libraries whose figures can be scaled."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scaled:
    """Estimates of a block in TW-SNN's technology.

    shrunk: Area in um2, if cells shrank with the square of the node.
    gates: Area in um2, if its gates had the size of those of TW-SNN's chip.
    fmax: Highest clock in MHz, with the period scaled as delays of logic; 0 without a clock.
    """

    shrunk: float
    gates: float
    fmax: float


def scaled(library: str, part: BlockFigures, period: float = 0.0) -> Scaled | None:
    """``part``, with a clock of ``period`` ns, in 65 nm; None for an unknown technology."""
    source = TECHNOLOGIES.get(library)
    if source is None:
        return None
    return Scaled(
        shrunk=shrunk(part.area, source, TW_SNN_65),
        gates=part.gates * SILICON.gate_area,
        fmax=1000 / scaled_delay(period, source, TW_SNN_65) if period else 0.0,
    )
