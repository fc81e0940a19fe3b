"""Claims about `rtl.noc.output_unit`: `SwitchAllocator` and `OutputUnit`."""

from collections.abc import Callable

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS, MEMORY, Command, FlitType
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.noc.output_unit import OutputUnit, SwitchAllocator
from trispike.sim.formal.arbiter import is_order, order_after, picked, rank
from trispike.sim.formal.buffer import stands
from trispike.sim.formal.claims import (
    Bench,
    Claims,
    at_most_one,
    count,
    every,
    exactly_one,
    implies,
)


class Packet:
    """Input whose packet is unfinished.

    sender: One-hot: the input whose flit leaves in this cycle; 0 if none.
    ends: The flit is the last of its packet.
    """

    def __init__(self, m: Module, *, sender: Signal, ends: Value):
        self.open, self.holder = Signal(name="packet_open"), Signal.like(sender, name="holder")
        with m.If(sender.any()):
            m.d.sync += [self.open.eq(~ends), self.holder.eq(sender)]


def ownership(claims: Claims, bench: Bench, packet: Packet, *, waiting: Value) -> None:
    """Invariants of an allocator's registers, which ``bench`` has by `inside`.

    ``waiting``: inputs that requested in the last cycle and did not send.
    """
    owned, owner = bench.owned, bench.owner
    claims.invariant("one_owner", implies(owned, exactly_one(owner)))
    claims.invariant("owner_holds_packet", implies(packet.open, owned & (owner == packet.holder)))
    claims.invariant("owner_waits", implies(owned & ~packet.open, waiting & owner))


def inside(inputs: int, path: str) -> dict[str, tuple[str, int]]:
    """Registers of the allocator at ``path``, for `claims.Bench`."""
    return {
        "owned": (f"{path}.owned", 1),
        "owner": (f"{path}.owner", inputs),
        "later": (f"{path}.arbiter.later", inputs),
    }


class AllocatorBench(Bench):
    """An allocator whose inputs request until they have sent; ``who`` is an arbitrary input."""

    def __init__(self, *, inputs: int, unit: Callable = SwitchAllocator):
        self._inputs, self._unit = inputs, unit
        members = {
            "requests": In(inputs),
            "grant": Out(inputs),
            "sent": In(1),
            "ends": In(1),
            "who": In(max(1, (inputs - 1).bit_length())),
        }
        super().__init__(members, inside(inputs, "unit"))

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(inputs=self._inputs)
        claims = Claims(m)
        self.join(m, unit, "requests", "sent", "ends", "grant")
        sender = Signal(self._inputs)
        m.d.comb += sender.eq(self.grant & self.sent.replicate(self._inputs))
        waiting = claims.past(self.requests & ~sender)
        claims.given(waiting & ~self.requests == 0)
        claims.given(implies(self.sent, self.grant))
        packet = Packet(m, sender=sender, ends=self.ends)
        self._shared(claims, packet, sender)
        self._fair(m, claims, packet)
        ownership(claims, self, packet, waiting=waiting)
        return m

    def _shared(self, claims: Claims, packet: Packet, sender: Value) -> None:
        granted, free = self.grant.any(), ~packet.open
        claims.always("one_grant_at_most", at_most_one(self.grant))
        claims.always("grants_only_requests", self.grant & ~self.requests == 0)
        claims.always("grants_if_free", implies(free & self.requests.any(), granted))
        claims.always("packets_not_mixed", implies(packet.open, self.grant & ~packet.holder == 0))
        claims.always(
            "grants_its_holder",
            implies(packet.open & (self.requests & packet.holder).any(), granted),
        )
        unchanged = self.grant == claims.past(self.grant)
        claims.always(
            "grant_stands_until_sent", implies(claims.past(granted & ~self.sent), unchanged)
        )
        claims.reached(
            "packet_of_three", sender.any() & packet.open & claims.past(packet.open & self.sent)
        )
        if self._inputs > 1:
            claims.reached("others_held_up", packet.open & self.requests.any() & ~granted)

    def _fair(self, m: Module, claims: Claims, packet: Packet) -> None:
        asks, granted = picked(self.requests, self.who), picked(self.grant, self.who)
        claims.constant(self.who)
        claims.given(self.who < self._inputs)
        waited = Signal(range(self._inputs + 1))
        with m.If(~asks | granted):
            m.d.sync += waited.eq(0)
        with m.Elif(self.sent & self.ends):
            m.d.sync += waited.eq(waited + 1)
        claims.always("waits_for_others_once", waited < self._inputs)
        claims.reached("longest_wait", (waited == self._inputs - 1) & asks & granted)
        claims.invariant("later_is_above_a_bit", is_order(self.later))
        claims.invariant("owner_is_last", implies(self.owned, order_after(self.later, self.owner)))
        foreign_owner = self.owned & ~picked(self.owner, self.who)
        ahead = rank(self.later, self.who)
        claims.invariant("others_left", waited + foreign_owner + ahead < self._inputs)


class OutputBench(Bench):
    """An output unit whose inputs hold request and flit until the flit is taken."""

    def __init__(self, *, inputs: int, unit: Callable = OutputUnit):
        self._inputs, self._unit = inputs, unit
        members = {
            "requests": In(inputs),
            "flits": In(data.ArrayLayout(FLIT_BITS, inputs)),
            "taken": Out(inputs),
            "o": Out(FlitStream),
        }
        super().__init__(members, inside(inputs, "unit.allocator"))

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(inputs=self._inputs)
        claims = Claims(m)
        o, taken, flits = self.o, self.taken, list(self.flits)
        self.join(m, unit, "requests", "flits", "taken", "o")
        waiting = claims.past(self.requests & ~taken)
        claims.given(waiting & ~self.requests == 0)
        for k, flit in enumerate(flits):
            claims.given(implies(waiting[k], flit == claims.past(flit)))
        packet = Packet(m, sender=taken, ends=~more_follow(o.payload))
        claims.always("one_taken_at_most", at_most_one(taken))
        claims.always("takes_only_requests", taken & ~self.requests == 0)
        claims.always("takes_what_the_link_takes", taken.any() == (o.valid & o.ready))
        claims.always(
            "sends_what_it_takes",
            every(implies(taken[k], o.payload == flit) for k, flit in enumerate(flits)),
        )
        claims.always("stands_until_taken", stands(claims, o))
        claims.always("sends_if_free", implies(~packet.open & self.requests.any(), o.valid))
        claims.always("packets_not_mixed", implies(packet.open, taken & ~packet.holder == 0))
        ownership(claims, self, packet, waiting=waiting)
        claims.reached(
            "packet_of_three", taken.any() & packet.open & claims.past(packet.open & taken.any())
        )
        claims.reached("all_ask", (count(self.requests) == self._inputs) & o.valid & ~o.ready)
        return m


def more_follow(flit: Value) -> Value:
    """Whether more flits of the packet follow ``flit``, decoded independently of the RTL."""
    kind, command = MEMORY["type"], MEMORY["command"]
    memory = flit[kind.lowest] == FlitType.MEMORY
    return memory & (flit[command.lowest : command.lowest + command.width] == Command.KEPT)
