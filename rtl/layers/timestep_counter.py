"""Where an image begins and ends: what layers know whose neurons carry anything on."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.numbers import COUNT_BITS
from trispike.rtl.parameters import Parameter


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


class PositionCounter(wiring.Component):
    """Counts from 0 to ``count`` - 1, over and over; ``count`` is 2 or more.

    Members
    -------
    advance : In(1)
        On to the next.
    position, next : Out(range(count))
        Where it stands, and where it goes.
    last : Out(1)
        It stands at ``count`` - 1.
    """

    count = Parameter(int, least=2)

    def __init__(self, *, count: int):
        self.count = count
        super().__init__(
            {
                "advance": In(1),
                "position": Out(range(count)),
                "next": Out(range(count)),
                "last": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            self.last.eq(self.position == self.count - 1),
            self.next.eq(Mux(self.last, 0, self.position + 1)),
        ]
        with m.If(self.advance):
            m.d.sync += self.position.eq(self.next)
        return m


class PhaseCounter(wiring.Component):
    """Counts the phases of weighted spikes, from 0 in each image (Kim 2018).

    ``phases``: how many there are, 2 or more.

    Members
    -------
    advance, last : In(1)
        The timestep at work ends with this cycle; it is its image's last.
    shift : Out(range(phases))
        Places by which what has a weight is shifted left in the timestep at work.
    """

    phases = Parameter(int, least=2)

    def __init__(self, *, phases: int):
        self.phases = phases
        super().__init__({"advance": In(1), "last": In(1), "shift": Out(range(phases))})

    def elaborate(self, platform):
        m = Module()
        shift = Signal(range(self.phases), init=self.phases - 1)
        m.d.comb += self.shift.eq(shift)
        with m.If(self.advance):
            m.d.sync += shift.eq(Mux(self.last | (shift == 0), self.phases - 1, shift - 1))
        return m
