"""Settings of a training: TW-SNN's algorithm 3 and the named places where ours departs from it."""

import dataclasses
import math
from typing import Any

from models.errors import BadInput

V_TH = 1.0
"""Firing threshold of every neuron during training."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a training, all of which a weight file's card repeats.

    Parameters
    ----------
    beta
        Weights below this fraction of their layer's largest become 0 (TW-SNN eq. 11), 0 to 1.
    batch
        Images a step, 1 or more.
    first_rate, last_rate
        Adam's step size in the first and in the last epoch, above 0; it falls exponentially.
    decay
        Adam's decoupled weight decay: each step, full-precision weights shrink by this times the
        step size. 0 or more; 0 is TW-SNN's own.
    dropout
        Probability that a hidden spike is withheld from the next layer, 0 to below 1.
    window
        Half width of the spike's gradient in units of the threshold: a neuron passes half the
        error on if its potential is within ``window`` of the threshold (Yin 2017, eq. 4). None is
        TW-SNN eq. 12, where every neuron above the threshold does, and no other.
    activity_limit, activity_price
        A hidden layer's spikes beyond the limit in one timestep are added to the loss at this
        price. The hardware takes one cycle a spike; a price of 0 is TW-SNN's own loss.
    """

    beta: float = 0.1
    batch: int = 100
    first_rate: float = 5e-3
    last_rate: float = 1e-5
    decay: float = 0.0
    dropout: float = 0.1
    window: float | None = 1.0
    activity_limit: float = 60.0
    activity_price: float = 0.005

    def __post_init__(self):
        allowed = {
            "beta": ("from 0 to 1", lambda x: 0 <= x <= 1),
            "batch": ("an integer, 1 or more", lambda x: type(x) is int and x >= 1),
            "first_rate": ("above 0", lambda x: 0 < x < math.inf),
            "last_rate": ("above 0", lambda x: 0 < x < math.inf),
            "decay": ("0 or more", lambda x: 0 <= x < math.inf),
            "dropout": ("from 0 to below 1", lambda x: 0 <= x < 1),
            "window": ("above 0, or None", lambda x: x is None or 0 < x < math.inf),
            "activity_limit": ("0 or more", lambda x: 0 <= x < math.inf),
            "activity_price": ("0 or more", lambda x: 0 <= x < math.inf),
        }
        for what, (wanted, holds) in allowed.items():
            value = getattr(self, what)
            if not holds(value):
                raise BadInput(f"{what} must be {wanted}, not {value!r}")

    def fields(self) -> dict[str, Any]:
        """Name and settings, as a card has them."""
        return {"name": "tw-snn", **dataclasses.asdict(self)}


PAPER = Recipe(
    beta=0.01, first_rate=1e-3, last_rate=1e-5, dropout=0.2, window=None, activity_price=0.0
)
"""TW-SNN's algorithm 3 to the letter."""
