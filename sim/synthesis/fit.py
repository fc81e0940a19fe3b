"""Figures of one technology as they would be in TW-SNN's."""

import dataclasses

from trispike.sim.cost.scaling import OSU_180, TW_SNN_65, Technology, scaled_delay, shrunk
from trispike.sim.report.published import SILICON
from trispike.sim.synthesis.figures import BlockFigures

TECHNOLOGIES: dict[str, Technology] = {"osu018_stdcells": OSU_180}
"""Cell libraries whose figures can be scaled."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scaled:
    """A block as it would be in TW-SNN's technology.

    Parameters
    ----------
    shrunk
        Its area in um2, if cells shrank with the square of the node.
    gates
        Its area in um2, if its gates were as large as those of TW-SNN's chip.
    fmax
        Its highest clock in MHz, its period being scaled as delays of logic are; 0 without one.
    """

    shrunk: float
    gates: float
    fmax: float


def scaled(library: str, part: BlockFigures, period: float = 0.0) -> Scaled | None:
    """``part``, with a clock of ``period`` ns, in 65 nm; nothing of an unknown technology."""
    source = TECHNOLOGIES.get(library)
    if source is None:
        return None
    return Scaled(
        shrunk=shrunk(part.area, source, TW_SNN_65),
        gates=part.gates * SILICON.gate_area,
        fmax=1000 / scaled_delay(period, source, TW_SNN_65) if period else 0.0,
    )
