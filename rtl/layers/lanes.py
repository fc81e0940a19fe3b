"""Several AER encoders side by side: up to as many spikes a cycle as there are lanes."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.rtl.hierarchy import Block, lanes_suffix, place
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.parameters import Parameter


def spikes_layout(inputs: int, lanes: int) -> data.StructLayout:
    """Layout of what the lanes of ``inputs`` presynaptic neurons give in one cycle.

    Bit l of ``spikes``: lane l has a spike, of presynaptic neuron ``addresses[l] * lanes + l``; the
    address of a lane without one is 0. No spike in any lane ends the timestep.
    """
    address_bits = max(1, ceil_log2(-(-inputs // lanes)))
    return data.StructLayout({"addresses": data.ArrayLayout(address_bits, lanes), "spikes": lanes})


class LaneEncoder(Block):
    """Encodes a spike vector with one AER encoder for every lane.

    Presynaptic neuron i belongs to lane i mod lanes. The lanes work on the same timestep: one that
    has no spikes left waits for the others, and the timestep ends in all of them at once. With N
    spikes in the busiest lane a timestep occupies N + 1 cycles.

    - ``inputs``: width of the spike vector, ``lanes`` to 1024.
    - ``lanes``: number of encoders.

    Members
    -------
    i : In(stream.Signature(inputs))
        Spike vector of one timestep; bit k is neuron k. ``ready`` depends on registers only.
    o : Out(stream.Signature(spikes_layout(inputs, lanes)))
        Up to ``lanes`` spikes a cycle; a payload without any ends the timestep.
    busy : Out(1)
        A timestep is at work.

    Latency: as `rtl.layers.aer.AEREncoder`'s.
    """

    inputs = Parameter(int, least=1)
    lanes = Parameter(int, least=1)

    def __init__(self, *, inputs: int, lanes: int):
        self.inputs, self.lanes = inputs, lanes
        super().__init__(
            {
                "i": In(stream.Signature(inputs)),
                "o": Out(stream.Signature(spikes_layout(inputs, lanes))),
                "busy": Out(1),
            }
        )

    @property
    def module_name(self) -> str:
        return f"lane_encoder_{self.inputs}{lanes_suffix(self.lanes)}"

    def elaborate(self, platform):
        m = Module()
        encoders = []
        for lane in range(self.lanes):
            bits = [self.i.payload[k] for k in range(lane, self.inputs, self.lanes)]
            encoder = AEREncoder(inputs=len(bits))
            m.submodules[f"lane_{lane}"] = place(encoder, platform)
            m.d.comb += encoder.i.payload.eq(Cat(bits))
            encoders.append(encoder)

        # All encoders take a vector in the same cycle, and its `end` event leaves them in the same
        # cycle, so they are valid and busy together.
        m.d.comb += [
            self.i.ready.eq(Cat(encoder.i.ready for encoder in encoders).all()),
            self.o.valid.eq(encoders[0].o.valid),
            self.busy.eq(encoders[0].busy),
        ]
        for lane, encoder in enumerate(encoders):
            event = encoder.o.payload
            m.d.comb += [
                encoder.i.valid.eq(self.i.valid & self.i.ready),
                encoder.o.ready.eq(self.o.ready & (~event.end | ~self.o.payload.spikes.any())),
                self.o.payload.spikes[lane].eq(~event.end),
                self.o.payload.addresses[lane].eq(event.address),
            ]
        return m
