"""What a neuron does with a timestep's sum."""

import dataclasses
import enum

from trispike.models.errors import BadInput
from trispike.models.network.numbers import POTENTIAL_BITS


class Reset(enum.Enum):
    """What a spike does to a potential that is carried on."""

    SUBTRACT = "subtract"
    ZERO = "zero"


class Order(enum.Enum):
    """Whether a carried potential leaks before a spike resets it, or after."""

    LEAK_FIRST = "leak first"
    RESET_FIRST = "reset first"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Neuron:
    """A neuron model; every field is hardware.

    - ``carries``: the potential goes on to the next timestep of the image; otherwise each timestep
      starts from zero (TW-SNN eq. 1, Yin 2017's SNN-DC).
    - ``leak``: a carried potential v becomes v - (v >> k) - ... for each k of ``leak``, from 1 to
      17 and ascending, by arithmetic shifts.
    - ``reset``, ``order``: what a spike does to a carried potential, and when.
    - ``synapse``: decay of an exponential synaptic current, as ``leak``; empty: no such current.
    - ``once``: a neuron spikes at most once an image.
    - ``phases``: phases K of weighted spikes, 1 to 8; 1: spikes have no weight (Kim 2018).

    With S(t) the sum of the weights of inputs that spike in timestep t, and decay and leak as told,
    a neuron computes, in 18 bits that saturate after each addition::

        current(t) = decay(current(t-1)) + a * S(t)   or a * S(t), without a synapse
        u(t) = carried(t-1) + current(t) + bias       carried is 0 in an image's first timestep
        spike(t) = u(t) > threshold                   and, if ``once``, no spike before
        carried(t) = leak(u) - step * spike           SUBTRACT, LEAK_FIRST
                   = leak(u - step * spike)           SUBTRACT, RESET_FIRST
                   = 0 if spike else leak(u)          ZERO

    In phase p = t mod K, t from 0, a, bias, threshold and step are shifted left by K - 1 - p.
    """

    carries: bool = False
    leak: tuple[int, ...] = ()
    reset: Reset = Reset.SUBTRACT
    order: Order = Order.LEAK_FIRST
    synapse: tuple[int, ...] = ()
    once: bool = False
    phases: int = 1

    def __post_init__(self):
        for what in ("leak", "synapse"):
            shifts = getattr(self, what)
            if not all(
                type(k) is int and before < k < POTENTIAL_BITS
                for before, k in zip((0, *shifts), shifts, strict=False)
            ):
                raise BadInput(
                    f"a neuron's {what} must be ascending shifts from 1 to {POTENTIAL_BITS - 1}, "
                    f"not {shifts!r:.80}"
                )
        usual = Reset.SUBTRACT, Order.LEAK_FIRST
        if not self.carries and (self.leak or (self.reset, self.order) != usual):
            raise BadInput(
                "a neuron that starts each timestep from zero must not have a leak, or a reset"
            )
        if type(self.phases) is not int or not 1 <= self.phases <= 8:
            raise BadInput(f"a neuron's phases must be from 1 to 8, not {self.phases!r}")

    @property
    def has_state(self) -> bool:
        """Something of one timestep reaches the next, so that it matters where an image begins."""
        return self.carries or bool(self.synapse) or self.once or self.phases > 1

    @property
    def suffix(self) -> str:
        """How a name spells the neuron out, as ``_carries_leak_4``: not at all the seed's."""
        parts = [
            "carries" * self.carries,
            "_".join(map(str, ("leak", *self.leak))) * bool(self.leak),
            "zero" * (self.reset is Reset.ZERO),
            "reset_first" * (self.order is Order.RESET_FIRST),
            "_".join(map(str, ("synapse", *self.synapse))) * bool(self.synapse),
            "once" * self.once,
            f"{self.phases}_phases" * (self.phases > 1),
        ]
        return "".join(f"_{part}" for part in parts if part)

    @property
    def memoryless(self) -> "Neuron":
        """The neuron of as many phases that starts each timestep from zero."""
        return Neuron(phases=self.phases)


INTEGRATE_AND_FIRE = Neuron()
"""TW-SNN's neuron: from zero at each timestep (sec. 3.1)."""

CONTINUOUS = Neuron(carries=True)
"""Yin 2017's SNN-CT: the potential is carried, a spike subtracts the threshold (eq. 5-7)."""

LEAKY = Neuron(carries=True, leak=(4,))
"""Rathi 2021's leaky neuron, whose reset is not leaked, with a leak of 1/16."""

WEIGHTED = Neuron(carries=True, phases=4)
"""Kim 2018's weighted spikes, four phases."""

FIRST_SPIKE = Neuron(carries=True, synapse=(3,), once=True)
"""Zhou 2021's neuron: an exponential synaptic current, at most one spike an image."""
