"""Energy and delay from one technology node and voltage to another.

Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance from
180 nm to 7 nm", Integration 58 (2017): an energy is in proportion to a quadratic in the supply
voltage, a delay to a cubic, with coefficients for each node, fitted to circuit simulations with
predictive transistor models (for energies a coefficient of determination above 0.95; how far off a
single figure may be it does not say). It speaks of switching logic: neither of leakage nor of
memory macros, nor of wires.

The coefficients are from a public transcription of the paper. Those of energy in 65 nm agree with
the paper's own erratum, those of delay in 45 nm with a second transcription; the others were
compared with nothing.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Technology:
    """A node in nm and its supply in volts."""

    node: int
    volts: float

    def __str__(self):
        return f"{self.node} nm, {self.volts:g} V"


OSU_180 = Technology(180, 1.8)
"""Of the default cell library."""

TW_SNN_65 = Technology(65, 1.2)
"""Of TW-SNN's chip."""

ENERGY_COEFFICIENTS = {
    180: (0.0, 24.64, -17.98),
    130: (7.171, -6.709, 2.904),
    90: (4.762, -4.781, 2.092),
    65: (3.755, -4.398, 1.975),
    45: (1.018, -0.3107, 0.1539),
}
"""Of volts squared, volts and 1; 45 nm is the paper's high-performance process."""

DELAY_COEFFICIENTS = {
    180: (0.0, 97.09, -356.7, 406.5),
    130: (-76.65, 334.9, -493.4, 275.8),
    90: (-60.34, 262.5, -384.2, 210.9),
    65: (-53.3, 230.4, -333.9, 178.6),
    45: (-501.6, 1567.0, -1619.0, 566.1),
}
"""Of volts cubed, volts squared, volts and 1; 45 nm is the paper's high-performance process."""


def energy_factor(technology: Technology) -> float:
    """What energies are in proportion to."""
    square, linear, constant = ENERGY_COEFFICIENTS[technology.node]
    return square * technology.volts**2 + linear * technology.volts + constant


def scaled(energy: float, source: Technology, target: Technology) -> float:
    """``energy`` of logic in ``source``, as it would be in ``target``."""
    return energy * energy_factor(target) / energy_factor(source)


def delay_factor(technology: Technology) -> float:
    """What delays are in proportion to."""
    cube, square, linear, constant = DELAY_COEFFICIENTS[technology.node]
    volts = technology.volts
    return cube * volts**3 + square * volts**2 + linear * volts + constant


def scaled_delay(delay: float, source: Technology, target: Technology) -> float:
    """``delay`` of logic in ``source``, as it would be in ``target``."""
    return delay * delay_factor(target) / delay_factor(source)


def shrunk(area: float, source: Technology, target: Technology) -> float:
    """``area`` in ``source``, as it would be in ``target`` if all drawings shrank with the node."""
    return area * (target.node / source.node) ** 2
