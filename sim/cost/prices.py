"""What each spike and each synaptic operation of a layer costs, for training."""

import dataclasses
from typing import Self

from trispike.models.network.layers import Layer
from trispike.models.network.numbers import POTENTIAL_BITS
from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.events import addition, sram_read
from trispike.sim.cost.scaling import scaled

_NJ_OF_PJ = 1e-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prices:
    """Energies in nJ at `sim.cost.constants.TARGET`.

    spike: Of an input spike: each bank is read, the encoder steps, and the register of its inputs
        is clocked.
    operation: Of an input spike that meets a weight other than 0: a potential is added to and
        clocked.
    """

    spike: float
    operation: float

    @classmethod
    def of(cls, layer: Layer) -> Self:
        """Those of ``layer``, at each window that a spike is in."""
        clock = constants.FLIP_FLOP_CLOCK
        clocked = scaled(clock.value, clock.technology, TARGET)
        read = sum(map(sram_read, layer.banks))
        return cls(
            spike=(read + addition(32) + layer.inputs * clocked) * _NJ_OF_PJ,
            operation=(addition(POTENTIAL_BITS) + POTENTIAL_BITS * clocked) * _NJ_OF_PJ,
        )
