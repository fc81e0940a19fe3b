"""The input buffer of a router's port."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.parameters import Parameter


class FlitBuffer(wiring.Component):
    """A first-in first-out buffer of flits, in registers.

    ``depth``: capacity in flits, 2 or more.

    Members
    -------
    i : In(FlitStream)
        ``ready`` comes from a register: the buffer is not full.
    o : Out(FlitStream)
        The oldest flit. One flit can pass in each cycle.

    Latency: one cycle.
    """

    depth = Parameter(int, least=2)

    i: In(FlitStream)
    o: Out(FlitStream)

    def __init__(self, *, depth: int):
        self.depth = depth
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        depth = self.depth
        m.submodules.slots = slots = Memory(shape=FLIT_BITS, depth=depth, init=[])
        write, read = slots.write_port(), slots.read_port(domain="comb")
        first = Signal(range(depth))  # the oldest slot
        free = Signal(range(depth))  # the next free one
        empty = Signal(init=1)
        full = Signal()
        put = Signal()
        take = Signal()
        m.d.comb += [
            self.i.ready.eq(~full),
            self.o.valid.eq(~empty),
            self.o.payload.eq(read.data),
            read.addr.eq(first),
            write.addr.eq(free),
            write.data.eq(self.i.payload),
            write.en.eq(put),
            put.eq(self.i.valid & ~full),
            take.eq(self.o.ready & ~empty),
        ]
        m.d.sync += [
            first.eq(self._after(first, take)),
            free.eq(self._after(free, put)),
            full.eq(~take & (full | (put & (self._after(free, 1) == first)))),
            empty.eq(~put & (empty | (take & (self._after(first, 1) == free)))),
        ]
        return m

    def _after(self, pointer: Signal, moved: Value | int) -> Value:
        """``pointer``, advanced by one slot if ``moved``."""
        after = (pointer + moved)[: len(pointer)]
        if self.depth & (self.depth - 1) == 0:
            return after
        return Mux(moved & (pointer == self.depth - 1), 0, after)
