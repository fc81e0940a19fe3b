"""The output unit of a router's port: allocator, and multiplexer to the link."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.rtl.hierarchy import Block
from trispike.rtl.noc.arbiter import RoundRobinArbiter
from trispike.rtl.noc.flit import FlitStream, ends_packet
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import one_hot_select


class SwitchAllocator(wiring.Component):
    """Gives one output to one input at a time.

    An input keeps the output while its flit waits for the link, and until the last flit of its
    packet has left; then the others have priority.

    ``inputs``: number of inputs.

    Members
    -------
    requests : In(inputs)
        Who has a flit for this output.
    grant : Out(inputs)
        Input whose flit may leave, one-hot; 0 without one.
    sent : In(1)
        The flit leaves in this cycle.
    ends : In(1)
        The flit ends its packet.
    """

    inputs = Parameter(int, least=1)

    def __init__(self, *, inputs: int):
        self.inputs = inputs
        super().__init__(
            {"requests": In(inputs), "grant": Out(inputs), "sent": In(1), "ends": In(1)}
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.arbiter = arbiter = RoundRobinArbiter(width=self.inputs)
        owner = Signal(self.inputs)
        owned = Signal()
        m.d.comb += [
            arbiter.requests.eq(self.requests),
            self.grant.eq(Mux(owned, owner & self.requests, arbiter.grant)),
            arbiter.next.eq(~owned & self.grant.any()),
        ]
        with m.If(self.sent & self.ends):
            m.d.sync += owned.eq(0)
        with m.Elif(self.requests.any() & ~owned):
            m.d.sync += [owned.eq(1), owner.eq(arbiter.grant)]
        return m


class OutputUnit(Block):
    """One output of a router.

    ``inputs``: number of inputs.

    Members
    -------
    requests : In(inputs)
        Who has a flit for this output.
    flits : In(32) array
        The oldest flit of each input.
    taken : Out(inputs)
        Input whose flit leaves in this cycle, one-hot.
    o : Out(FlitStream)
        To the link. Combinational from ``requests`` and ``flits``.
    """

    inputs = Parameter(int, least=1)

    def __init__(self, *, inputs: int):
        self.inputs = inputs
        super().__init__(
            {
                "requests": In(inputs),
                "flits": In(data.ArrayLayout(FLIT_BITS, inputs)),
                "taken": Out(inputs),
                "o": Out(FlitStream),
            }
        )

    @property
    def module_name(self) -> str:
        return f"output_unit_{self.inputs}"

    def elaborate(self, platform):
        m = Module()
        m.submodules.allocator = allocator = SwitchAllocator(inputs=self.inputs)
        m.d.comb += [
            allocator.requests.eq(self.requests),
            self.o.valid.eq(allocator.grant.any()),
            self.o.payload.eq(one_hot_select(allocator.grant, list(self.flits))),
            allocator.sent.eq(self.o.valid & self.o.ready),
            allocator.ends.eq(ends_packet(self.o.payload)),
            self.taken.eq(allocator.grant & self.o.ready.replicate(self.inputs)),
        ]
        return m
