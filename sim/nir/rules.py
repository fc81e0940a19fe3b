"""What a NIR file does not say of its neurons, and what frameworks take for it."""

import dataclasses
import enum
import math

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.numbers import POTENTIAL_BITS
from trispike.sim.nir.chain import Node

_GRID = float(1 << POTENTIAL_BITS)

_FLOAT32 = 4 * float(np.finfo(np.float32).eps)
"""Relative error of a few operations in float32, which files are written in."""


def _said(values: np.ndarray) -> np.ndarray:
    """``values``, those that float32 cannot tell from a multiple of 2**-18 as this multiple.

    0.125 comes back from a file as 0.12500001, and a potential at the threshold would miss it.
    """
    near = np.rint(values * _GRID) / _GRID
    return np.where(np.abs(values - near) <= _FLOAT32 * np.abs(values), near, values)


class Decay(enum.Enum):
    """How a timestep's decay follows from a time constant tau."""

    EULER = "euler"
    """1 - dt / tau: forward Euler."""
    EXPONENTIAL = "exponential"
    """exp(-dt / tau): the exact solution without input."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """How the neurons of a chain are stepped.

    - ``reset``, ``order``: what a spike does to the potential, and whether before or after it
      leaks, as in `models.network.neuron.Neuron`.
    - ``reaches``: a potential equal to the threshold spikes.
    - ``dt``: length of a timestep in the file's unit of time.
    - ``decay``: of potentials and currents.
    - ``full_gain``: what comes in reaches a decaying potential whole, times r, and not only the
      part r * dt / tau, or its like, that NIR's equation says.
    - ``full_current``: the same of a synaptic current, times w_in.
    - ``integrator_dt``: ``dt`` of neurons that have no tau; None: the same.
    """

    reset: Reset = Reset.ZERO
    order: Order = Order.RESET_FIRST
    reaches: bool = False
    dt: float = 1e-4
    decay: Decay = Decay.EULER
    full_gain: bool = False
    full_current: bool = False
    integrator_dt: float | None = None

    def rates(self, node: Node) -> "Rates":
        """What a timestep does to the neurons of ``node``, each value of the shape of its fields.

        NIR's equations, stepped: tau dv/dt = v_leak - v + r I, or dv/dt = r I without a tau;
        tau_syn dI/dt = w_in S - I. `BadInput` for a timestep longer than a tau.
        """
        fields, one = node.fields, np.ones(node.outputs)
        tau = "tau_mem" if "tau_mem" in fields else "tau"
        if tau in fields:
            kept = self._kept(node, tau)
            gain, drive = fields["r"] * one, (1 - kept) * fields["v_leak"]
            if not self.full_gain:
                gain = gain * (1 - kept)
        else:
            dt = self.dt if self.integrator_dt is None else self.integrator_dt
            kept, gain, drive = one, dt * fields["r"], 0 * one
        current = None
        if "tau_syn" in fields:
            current = self._kept(node, "tau_syn")
            gain = gain * fields["w_in"]
            if not self.full_current:
                gain = gain * (1 - current)
        return Rates(kept=kept, gain=_said(gain), drive=drive, current=current)

    def _kept(self, node: Node, tau: str) -> np.ndarray:
        """Fraction that a timestep leaves of what decays with the constants ``tau``."""
        values = node.fields[tau]
        if (values < self.dt * (1 - _FLOAT32)).any():
            raise BadInput(
                f"{tau} of {node.name} must be at least a timestep of {self.dt:g}, "
                f"not {values.min():g}: name the timestep that the network was trained with by DT="
            )
        if self.decay is Decay.EXPONENTIAL:
            return np.exp(-self.dt / values)
        return 1 - _said(self.dt / values)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Rates:
    """What a timestep does to neurons.

    - ``kept``, ``current``: fractions of a potential and of a synaptic current that are left; no
      such current: None.
    - ``gain``: factor of what comes in, in the end.
    - ``drive``: what a potential grows by besides.
    """

    kept: np.ndarray
    gain: np.ndarray
    drive: np.ndarray
    current: np.ndarray | None


FRAMEWORKS = {
    "nir": Rules(),
    "snntorch": Rules(reset=Reset.SUBTRACT, order=Order.LEAK_FIRST),
    "norse": Rules(dt=1e-3, full_current=True, integrator_dt=1.0),
    "sinabs": Rules(reset=Reset.SUBTRACT, reaches=True, dt=1.0, decay=Decay.EXPONENTIAL),
    "spikingjelly": Rules(reaches=True),
}
"""The rules of the frameworks that write NIR files, as they are unless one asks for others."""


TOLD = ("reset", "order", "compare", "dt", "decay", "gain")
"""What `rules` can be told in place of a framework's own."""


def rules(framework: str, **told: str | float | None) -> Rules:
    """The rules of ``framework`` with what is `TOLD`, and is not None, in their place.

    `BadInput` names what there is to choose from.
    """
    if framework not in FRAMEWORKS:
        raise BadInput(f"RULES must be one of {', '.join(FRAMEWORKS)}, not {framework!r:.80}")
    given = {name: value for name, value in told.items() if value is not None}
    changes = {}
    for name, value in given.items():
        if name == "dt":
            if not (math.isfinite(value) and value > 0):
                raise BadInput(f"DT must be above 0, not {value:g}")
            changes[name] = value
            continue
        field, choices = _CHOICES[name]
        if value not in choices:
            raise BadInput(f"{name.upper()} must be one of {', '.join(choices)}, not {value!r:.80}")
        changes[field] = choices[value]
    return dataclasses.replace(FRAMEWORKS[framework], **changes)


_CHOICES = {
    "reset": ("reset", {each.value: each for each in Reset}),
    "order": ("order", {each.value.replace(" ", "-"): each for each in Order}),
    "compare": ("reaches", {">": False, ">=": True}),
    "decay": ("decay", {each.value: each for each in Decay}),
    "gain": ("full_gain", {"nir": False, "full": True}),
}
"""The field and the values of what `rules` is told."""
