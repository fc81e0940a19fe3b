"""What each spike and each synaptic operation of a layer adds to the energy, for training."""

import functools
from typing import NamedTuple

from trispike.models.network.layers import Dense
from trispike.models.network.numbers import POTENTIAL_BITS
from trispike.models.network.shape import NetworkShape
from trispike.sim.cost.events import Counts, energies
from trispike.sim.cost.registers import Registers


class Prices(NamedTuple):
    """Energies in nJ, see `sim.cost.events`.

    spike: Of an input spike, without what its weights set going.
    operation: Of an input spike that meets a weight other than 0, among many that are 0.
    """

    spike: float
    operation: float


@functools.cache
def prices(layer: Dense) -> Prices:
    """Those of a ``layer`` of one lane, whose neurons keep a potential and a spike."""

    def nj(operations: float) -> float:
        counts = Counts(
            shape=NetworkShape.of("layer", (layer,)),
            timesteps=0.0,  # spikes alone
            cycles=0.0,
            reads=(1.0,),
            operations=(operations,),
            spiking_cycles=(1.0,),
            tap_reads=(0.0,),
            registers=Registers(0, 0, 0, (POTENTIAL_BITS + 1,)),
        )
        return sum(energies(counts, 1.0).values())

    return Prices(spike=nj(0.0), operation=nj(1.0) - nj(0.0))
