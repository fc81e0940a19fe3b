"""A prediction's energy from TW-SNN's silicon figures.

TW-SNN sec. 5.2.3 models the energy of an input spike as logic plus the weights read (eq. 14-16),
and the energy of a layer as leakage plus a term for each input spike (eq. 17). It prints no value
of these terms. The chip's power and clock give their sum: with one spike a cycle, the energy of a
cycle is that of an input spike of the slowest layer.
"""

from trispike.sim.cost.constants import TW_SNN_POWER
from trispike.sim.report.published import SILICON


def energy_of_cycle() -> float:
    """Energy in nJ that TW-SNN's chip takes in a clock cycle."""
    return TW_SNN_POWER.value / SILICON.megahertz


def prediction(cycles: float) -> float:
    """Energy in nJ of a prediction of ``cycles`` in TW-SNN's chip."""
    return energy_of_cycle() * cycles
