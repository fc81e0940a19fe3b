"""Spikes that have come and wait for their timestep."""

from amaranth import *
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.node_shape import BLOCK_ROWS
from trispike.rtl.hierarchy import Block
from trispike.rtl.parameters import Parameter


class PendingSpikes(Block):
    """A bitmap of a node's inputs for each of two timesteps.

    ``inputs``: weight rows of the node, a multiple of 32.

    Members
    -------
    put : In(1), parity : In(1), row : In(log2(inputs))
        Set the bit of ``row`` in the bitmap ``parity``.
    due : In(1)
        The bitmap that is shown.
    spikes : Out(inputs)
        That bitmap, bits put in this cycle not yet in it.
    take : In(1)
        Clear that bitmap. In the same cycle only the other one may be put into.

    Latency: one cycle from ``put`` to ``spikes``.
    """

    inputs = Parameter(int, least=1)

    def __init__(self, *, inputs: int):
        self.inputs = inputs
        super().__init__(
            {
                "put": In(1),
                "parity": In(1),
                "row": In(range(inputs)),
                "due": In(1),
                "spikes": Out(inputs),
                "take": In(1),
            }
        )

    @property
    def module_name(self) -> str:
        return f"pending_spikes_{self.inputs}"

    def elaborate(self, platform):
        m = Module()
        bits = (BLOCK_ROWS - 1).bit_length()
        bit, block = self.row[:bits], self.row[bits:]
        one = Signal(BLOCK_ROWS)
        m.d.comb += one.eq(1 << bit)
        shown = []
        for k in range(self.inputs // BLOCK_ROWS):
            both = []
            for p in range(2):
                word = Signal(BLOCK_ROWS, name=f"word_{p}_{k}")
                both.append(word)
                with m.If(self.take & (self.due == p)):
                    m.d.sync += word.eq(0)
                with m.Elif(self.put & (self.parity == p) & (block == k)):
                    m.d.sync += word.eq(word | one)
            shown.append(Mux(self.due, both[1], both[0]))
        m.d.comb += self.spikes.eq(Cat(shown))
        return m
