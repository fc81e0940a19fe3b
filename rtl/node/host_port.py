"""Where the host joins the mesh: it shares the local port of a router with the node there."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.flits import FlitType
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.flit import FlitStream, MemoryFlit, SpikeFlit, is_multicast
from trispike.rtl.noc.output_unit import OutputUnit

_DEPTH = 2


class HostPort(Block):
    """Merges the flits of host and node on their way in, and sorts those on their way out.

    Members
    -------
    host_i, node_i : In(FlitStream)
        From the host and from the node; ``ready`` comes from registers.
    to_router : Out(FlitStream), from_router : In(FlitStream)
        The router's local port.
    host_o, node_o : Out(FlitStream)
        To the host: spike flits to 0.0.0 with ``to_host``, and answers of memory slaves. To the
        node: all others, copies of multicasts among them.

    Host and node send in turn, a packet each.

    Latency: one cycle on the way in, none on the way out.
    """

    def __init__(self):
        super().__init__(
            {
                "host_i": In(FlitStream),
                "node_i": In(FlitStream),
                "to_router": Out(FlitStream),
                "from_router": In(FlitStream),
                "host_o": Out(FlitStream),
                "node_o": Out(FlitStream),
            }
        )

    @property
    def module_name(self) -> str:
        return "host_port"

    def elaborate(self, platform):
        m = Module()
        output = OutputUnit(inputs=2)
        m.submodules.output = place(output, platform)
        connect(m, output.o, flipped(self.to_router))
        for k, (name, link) in enumerate({"host": self.host_i, "node": self.node_i}.items()):
            buffer = FlitBuffer(depth=_DEPTH)
            m.submodules[name] = buffer
            connect(m, flipped(link), buffer.i)
            m.d.comb += [
                output.requests[k].eq(buffer.o.valid),
                output.flits[k].eq(buffer.o.payload),
                buffer.o.ready.eq(output.taken[k]),
            ]

        spike = data.View(SpikeFlit, self.from_router.payload)
        memory = data.View(MemoryFlit, self.from_router.payload)
        for_host = spike.to_host & ~is_multicast(self.from_router.payload)
        to_host = Mux(spike.type == FlitType.SPIKE, for_host, memory.answer)
        m.d.comb += [
            self.host_o.payload.eq(self.from_router.payload),
            self.node_o.payload.eq(self.from_router.payload),
            self.host_o.valid.eq(self.from_router.valid & to_host),
            self.node_o.valid.eq(self.from_router.valid & ~to_host),
            self.from_router.ready.eq(Mux(to_host, self.host_o.ready, self.node_o.ready)),
        ]
        return m
