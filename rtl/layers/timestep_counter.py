"""Where an image begins and ends: what layers know whose neurons carry anything on."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.numbers import COUNT_BITS


class TimestepCounter(wiring.Component):
    """Counts the timesteps of an image.

    Members
    -------
    timesteps : In(8)
        Timesteps of an image, 1 to 255; changes only between images.
    advance : In(1)
        The timestep at work ends with this cycle.
    first, last : Out(1)
        The timestep at work is the image's first, its last.
    """

    timesteps: In(COUNT_BITS)
    advance: In(1)
    first: Out(1)
    last: Out(1)

    def elaborate(self, platform):
        m = Module()
        timestep = Signal(COUNT_BITS)
        m.d.comb += [self.first.eq(timestep == 0), self.last.eq(timestep + 1 == self.timesteps)]
        with m.If(self.advance):
            m.d.sync += timestep.eq(Mux(self.last, 0, timestep + 1))
        return m
