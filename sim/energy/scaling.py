"""Energy from one technology node and voltage to another.

Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance from
180 nm to 7 nm", Integration 58 (2017), table 5: an energy is in proportion to a quadratic in the
supply voltage, with coefficients for each node, fitted to circuit simulations with predictive
transistor models (coefficient of determination above 0.95; how far off a single figure may be it
does not say). It speaks of switching logic: neither of leakage nor of memory macros.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Technology:
    """A node in nm and its supply in volts."""

    node: int
    volts: float

    def __str__(self):
        return f"{self.node} nm, {self.volts:g} V"


ENERGY_COEFFICIENTS = {
    180: (0.0, 24.64, -17.98),
    130: (7.171, -6.709, 2.904),
    90: (4.762, -4.781, 2.092),
    65: (3.755, -4.398, 1.975),
    45: (1.018, -0.3107, 0.1539),
}
"""Of volts squared, volts and 1; 45 nm is the paper's high-performance process."""


def energy_factor(technology: Technology) -> float:
    """What energies are in proportion to."""
    square, linear, constant = ENERGY_COEFFICIENTS[technology.node]
    return square * technology.volts**2 + linear * technology.volts + constant


def scaled(energy: float, source: Technology, target: Technology) -> float:
    """``energy`` of logic in ``source``, as it would be in ``target``."""
    return energy * energy_factor(target) / energy_factor(source)
