"""The entrance of a chip whose images may end early."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Layer
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.configuration import TIMESTEPS_SHAPE
from trispike.rtl.layers.layer import input_layout
from trispike.rtl.parameters import Parameter


class ImageGate(Block):
    """Lets the vectors of one image pass, until it ends; takes the rest of them, a cycle each.

    ``layer``: shape of the layer behind it.

    Members
    -------
    i, o : In and Out(stream.Signature(input_layout(layer)))
        Vectors of a timestep, the same number of them for each image. A vector passes in the cycle
        in which it is taken.
    timesteps : In(8)
        How many vectors an image has; changes only between images.
    stop : In(1)
        The image ends with this cycle. A vector that passes in it is the image's still.

    Latency: the next image's first vector can pass in the cycle after ``stop``, later by a cycle
    for each vector that had not passed.
    """

    layer = Parameter(Layer)

    def __init__(self, *, layer: Layer):
        self.layer = layer
        vectors = stream.Signature(input_layout(layer))
        super().__init__(
            {"i": In(vectors), "o": Out(vectors), "timesteps": In(TIMESTEPS_SHAPE), "stop": In(1)}
        )

    @property
    def module_name(self) -> str:
        return f"image_gate_{self.layer.inputs}{'_pixels' * self.layer.pixels}"

    def elaborate(self, platform):
        m = Module()
        passed = Signal(TIMESTEPS_SHAPE)  # or taken, of the image's vectors
        last = passed + 1 == self.timesteps
        taken = self.i.valid & self.i.ready
        m.d.comb += self.o.payload.eq(self.i.payload)
        with m.If(taken):
            m.d.sync += passed.eq(Mux(last, 0, passed + 1))
        with m.FSM():
            with m.State("PASS"):
                m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
                with m.If(taken & last & ~self.stop):
                    m.next = "WAIT"
                with m.If(self.stop & ~(taken & last)):
                    m.next = "TAKE"
            with m.State("WAIT"):
                with m.If(self.stop):
                    m.next = "PASS"
            with m.State("TAKE"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(taken & last):
                    m.next = "PASS"
        return m
