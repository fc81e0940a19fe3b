"""Pooling of spikes: the OR of squares of positions."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Convolution
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.parameters import Parameter


class SpikePool(Block):
    """Joins squares of positions into one each, whose channels spike where any of theirs do.

    The OR of a square's rows so far is in a memory, a word for each square of a row.

    ``shape``: the layer, with a pool of 2 or more.

    Members
    -------
    i : In(stream.Signature(channels))
        Spikes of one position after the other, row by row. ``ready`` depends on registers only; a
        position that completes a square waits until the square before is taken.
    o : Out(stream.Signature(channels))
        Spikes of a square.

    Latency: one cycle from a square's last position.
    """

    shape = Parameter(Convolution)

    def __init__(self, *, shape: Convolution):
        self.shape = shape
        spikes = stream.Signature(shape.channels)
        super().__init__({"i": In(spikes), "o": Out(spikes)})

    @property
    def module_name(self) -> str:
        maps = self.shape.maps
        return f"spike_pool_{maps.pool}_of_{self.shape.channels}x{maps.rows}x{maps.columns}"

    def elaborate(self, platform):
        m = Module()
        side, channels = self.shape.maps.pool, self.shape.channels
        x = Signal(range(side))  # within a square
        y = Signal(range(side))
        square = Signal(range(max(2, self.shape.output.width)))
        taken, ends = self.i.valid & self.i.ready, x == side - 1
        with m.If(taken):
            m.d.sync += x.eq(Mux(ends, 0, x + 1))
        with m.If(taken & ends):
            last = square == self.shape.output.width - 1
            m.d.sync += square.eq(Mux(last, 0, square + 1))
            with m.If(last):
                m.d.sync += y.eq(Mux(y == side - 1, 0, y + 1))

        line, whole, seen = (Signal(channels, name=n) for n in ("line", "whole", "seen"))
        above = Signal(channels)  # the square's rows before this one
        words = []
        for k, bank_shape in enumerate(self.shape.pool_banks):
            bank = SRAMBank(shape=bank_shape)
            m.submodules[f"bank_{k}"] = place(bank, platform)
            m.d.comb += [
                bank.address.eq(square),
                bank.read.eq(taken & (x == 0)),
                bank.write.eq(taken & ends),
                bank.write_data.eq(whole[k * BANK_BITS :]),
            ]
            words.append(bank.read_data)
        m.d.comb += [
            above.eq(Cat(words)),
            seen.eq(self.i.payload | Mux(x == 0, 0, line)),
            whole.eq(seen | Mux(y == 0, 0, above)),
            self.i.ready.eq(~(ends & (y == side - 1) & self.o.valid)),
        ]
        with m.If(taken):
            m.d.sync += line.eq(seen)
        with m.If(taken & ends & (y == side - 1)):
            m.d.sync += [self.o.payload.eq(whole), self.o.valid.eq(1)]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return m
