"""The encoder of a layer of pixels: an image in, one address and its pixel per cycle out."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from trispike.models.network.numbers import PIXEL_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.layers.lanes import spikes_layout
from trispike.rtl.parameters import Parameter


class PixelEncoder(Block):
    """An AER encoder of the pixels that are not 0, which holds them all.

    ``inputs``: pixels of an image, 1 to 8192.

    Members
    -------
    i : In(stream.Signature(ArrayLayout(8, inputs)))
        Pixels of an image, once for each timestep.
    o : Out(stream.Signature(spikes_layout(inputs, 1)))
        As of `rtl.layers.lanes.LaneEncoder`, of one lane.
    busy : Out(1)
        A timestep is at work.
    pixel : Out(8)
        The pixel at the address that was taken last.

    Latency: as `rtl.layers.aer.AEREncoder`'s; a cycle from ``o`` to ``pixel``.

    Source: Rathi 2021 (direct input).
    """

    inputs = Parameter(int, least=1)

    def __init__(self, *, inputs: int):
        self.inputs = inputs
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(PIXEL_BITS, inputs))),
                "o": Out(stream.Signature(spikes_layout(inputs, 1))),
                "busy": Out(1),
                "pixel": Out(PIXEL_BITS),
            }
        )

    @property
    def module_name(self) -> str:
        return f"pixel_encoder_{self.inputs}"

    def elaborate(self, platform):
        m = Module()
        encoder = AEREncoder(inputs=self.inputs)
        m.submodules.encoder = place(encoder, platform)
        pixels = Signal(PIXEL_BITS * self.inputs, reset_less=True)
        event, taken = encoder.o.payload, self.o.valid & self.o.ready
        m.d.comb += [
            encoder.i.payload.eq(Cat(pixel.any() for pixel in self.i.payload)),
            encoder.i.valid.eq(self.i.valid),
            self.i.ready.eq(encoder.i.ready),
            encoder.o.ready.eq(self.o.ready),
            self.o.valid.eq(encoder.o.valid),
            self.o.payload.spikes.eq(~event.end),
            self.o.payload.addresses[0].eq(event.address),
            self.busy.eq(encoder.busy),
        ]
        # The encoder takes the next image only when it has given this one's last address.
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += pixels.eq(self.i.payload)
        with m.If(taken & ~event.end):
            m.d.sync += self.pixel.eq(pixels.word_select(event.address, PIXEL_BITS))
        return m
