"""A prediction's energy from TW-SNN's silicon figures.

TW-SNN sec. 5.2.3 takes the energy of an input spike as that of the logic plus that of the weights
read (eq. 14-16), and of a layer as leakage plus so much for each of its spikes (eq. 17), but prints
no value of these terms. Its chip's power and clock give their sum: with one spike a cycle, the
energy of a cycle is that of an input spike of the layer that sets the pace.
"""

from trispike.sim.cost.constants import TW_SNN_POWER
from trispike.sim.report.published import SILICON


def energy_of_cycle() -> float:
    """Energy in nJ that TW-SNN's chip takes in a clock cycle."""
    return TW_SNN_POWER.value / SILICON.megahertz


def prediction(cycles: float) -> float:
    """Energy in nJ of a prediction of ``cycles`` in TW-SNN's chip."""
    return energy_of_cycle() * cycles
