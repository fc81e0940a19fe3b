"""Claims about `rtl.node.sender.SpikeSender`: it is a source as receivers assume it."""

from collections.abc import Callable

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.mesh.flits import Control, FlitType, node_code
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.memory_map import NEURONS, WORD_BITS
from trispike.models.mesh.node_shape import CREDITS, NodeShape
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.sender import AddressEntry, SpikeSender
from trispike.sim.formal.arbiter import picked
from trispike.sim.formal.buffer import stands
from trispike.sim.formal.claims import Bench, Claims, below, every, implies
from trispike.sim.formal.receiver import field
from trispike.sim.formal.source import STEP_BITS, Source, apart


class SenderBench(Bench):
    """A sender, and destinations that give a credit for each ended timestep.

    Its table may be written whenever it sends nothing; all destinations then start again. What a
    destination with a ``copied`` entry receives is what leaves for its ``carrier``, an arbitrary
    multicast of the table. The neuron ``followed`` is arbitrary.

    neurons: Width of the spike vector.
    destinations: Entries of the table.
    """

    def __init__(self, *, neurons: int, destinations: int, unit: Callable = SpikeSender):
        self._shape = NodeShape(neurons=neurons, destinations=destinations)
        self._unit = unit
        members = {
            "valid": In(1),
            "vector": In(neurons),
            "ready": Out(1),
            "neurons": In(NEURONS["neurons"].width),
            "here": In(NODE_BITS),
            "o": Out(FlitStream),
            "credit": In(1),
            "source": In(NODE_BITS),
            "from_host": In(1),
            "write": In(1),
            "line": In(BANK_BITS),
            "followed": In(ceil_log2(neurons)),
            **{f"carrier_{d}": In(range(max(2, destinations))) for d in range(destinations)},
        }
        bits = ceil_log2(neurons)
        self._word_bits = bits // 2
        width = 1 << self._word_bits
        self._groups = neurons // width
        at = "unit.encoder"
        registers = {
            "step": ("unit.step", 2),
            "sent": ("unit.sent", destinations),
            "word": (f"{at}.word", width),
            "group": (f"{at}.group", bits - self._word_bits),
            "nonempty": (f"{at}.nonempty", self._groups),
            "open": (f"{at}.open_", 1),
            "end_first": (f"{at}.end_first", 1),
        }
        registers |= {f"waiting_{g}": (f"{at}.waiting_{g}", width) for g in range(self._groups)}
        counts = CREDITS.bit_length()
        registers |= {
            f"count_{d}": (f"unit.credits_{d}.count", counts) for d in range(destinations)
        }
        super().__init__(members, registers)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape)
        claims = Claims(m)
        self.join(m, unit, "neurons", "here", "credit", "source", "from_host", "o")
        self.join(m, unit.table, "write", "line")
        o = self.o
        m.d.comb += [
            unit.i.valid.eq(self.valid),
            unit.i.payload.eq(self.vector),
            self.ready.eq(unit.i.ready),
        ]
        claims.constant(self.here)
        claims.constant(self.followed)
        claims.given(self.followed < self._shape.neurons)
        words = [self.line.word_select(k, WORD_BITS) for k in range(self._shape.destinations)]
        new_entries = [data.View(AddressEntry, word[: AddressEntry.size]) for word in words]
        at_rest = ~unit.sending & ~self.valid & ~self.credit
        claims.given(implies(self.write, at_rest & differ(new_entries)))
        claims.invariant("entries_differ", differ(list(unit.table.entries)))
        self._own = Cat(entry.valid & ~entry.copied for entry in unit.table.entries)
        carries = self._own & Cat(e.to_host & ~_is_host(e) for e in unit.table.entries)
        for entry, carrier in zip(unit.table.entries, self._carriers, strict=True):
            claims.constant(carrier, until=self.write)
            claims.given(implies(entry.valid & entry.copied, picked(carries, carrier)))
        self._flits(claims, unit)
        # Timesteps taken so far, and in which of them the neuron that is followed has spiked.
        begun, wanted = Signal(STEP_BITS), Signal(4)
        takes = self.valid & self.ready
        spikes = picked(self.vector, self.followed) & (self.followed < self.neurons)
        m.d.sync += begun.eq(Mux(self.write, 0, begun + takes))
        with m.If(takes):
            m.d.sync += wanted.bit_select(begun[:2], 1).eq(spikes)
        done = Signal(STEP_BITS)  # timesteps whose end everyone has
        ends = Signal()
        leaves = Cat(self._to(entry) for entry in unit.table.entries) & self._own
        last = (self._own & ~self.sent & ~leaves) == 0
        m.d.comb += ends.eq(self.open & self._at_end & last & (~o.valid | o.ready))
        m.d.sync += done.eq(Mux(self.write, 0, done + ends))
        for d in range(self._shape.destinations):
            self._destination(m, claims, d, unit, leaves, begun, wanted, done)
        claims.always("never_one_too_many", ~unit.overdrawn)
        self._registers(claims, unit, begun, wanted, done)
        return m

    def _flits(self, claims: Claims, unit) -> None:
        o = self.o
        flit = o.payload
        own = Cat(field(flit, f"source_{axis}") for axis in "xyz")
        right = [
            field(flit, "type") == FlitType.SPIKE,
            own == self.here,
            ~field(flit, "from_host"),
            implies(field(flit, "control"), field(flit, "neuron") == Control.END),
            field(flit, "control") | (field(flit, "neuron") < self._shape.neurons),
            (self._own & Cat(self._is_for(e) for e in unit.table.entries)).any(),
        ]
        claims.always("stands_until_taken", stands(claims, o))
        claims.always("a_flit_in_each_cycle", o.valid == (unit.sending & self._own.any()))
        claims.always("flits_of_a_source", implies(o.valid, every(right)))

    @property
    def _carriers(self) -> list[Value]:
        """By destination, the entry of the flits whose copies it gets."""
        return [getattr(self, f"carrier_{d}") for d in range(self._shape.destinations)]

    def _is_for(self, entry) -> Value:
        flit = self.o.payload
        to = Cat(field(flit, axis) for axis in "xyz")
        return (to == entry.node) & (field(flit, "to_host") == entry.to_host)

    def _names(self, entry) -> Value:
        """Whether the offered flit's destination is that of ``entry``, as a multicast or not."""
        to = Cat(field(self.o.payload, axis) for axis in "xyz")
        host = field(self.o.payload, "to_host") & (to == node_code(HOST))
        return (to == entry.node) & (host == _is_host(entry))

    def _to(self, entry) -> Value:
        """Whether a flit to ``entry`` leaves."""
        return self.o.valid & self.o.ready & entry.valid & self._is_for(entry)

    def _destination(self, m, claims, d, unit, leaves, begun, wanted, done) -> None:
        """Claims about what the destination ``d`` receives."""
        flit, entry, sending = self.o.payload, unit.table.entries[d], unit.sending
        step, control = field(flit, "step"), field(flit, "control")
        claims.always(
            f"none_of_its_own_{d}",
            ~(self.o.valid & entry.valid & entry.copied & self._names(entry)),
        )
        by = Mux(entry.copied, self._carriers[d], d)
        leaves, sent = entry.valid & picked(leaves, by), picked(self.sent, by)
        from_entry = (entry.node == self.source) & (_is_host(entry) == self.from_host)
        gains = self.credit & entry.valid & from_entry
        restart = self.write
        to = Source(m, f"to_{d}", comes=leaves, end=control, credited=gains, restart=restart)
        claims.given(implies(gains, to.given != to.ended))
        claims.always(f"keeps_the_rules_{d}", to.keeps_the_rules(step))
        received = Signal(name=f"got_{d}")  # the spike of this timestep
        of_followed = leaves & ~control & (field(flit, "neuron") == self.followed)
        with m.If(self.write | leaves & control):
            m.d.sync += received.eq(0)
        with m.Elif(of_followed):
            m.d.sync += received.eq(1)
        wants = picked(wanted, to.ended[:2])
        claims.always(f"spikes_once_to_{d}", implies(of_followed, wants & ~received))
        claims.always(f"ends_after_its_spikes_{d}", implies(leaves & control, received == wants))
        claims.always(f"sends_what_was_taken_{d}", implies(leaves, to.ended != begun))
        at_rest = entry.valid & ~sending
        claims.always(f"has_ended_at_rest_{d}", implies(at_rest, to.ended == begun))
        counter = getattr(self, f"count_{d}")
        claims.invariant(
            f"count_{d}", implies(entry.valid, counter + apart(begun, to.given) == CREDITS)
        )
        behind = apart(begun, to.given) <= CREDITS
        claims.invariant(f"behind_{d}", implies(entry.valid, behind))
        given = apart(to.ended, to.given) <= CREDITS
        claims.invariant(f"given_{d}", implies(entry.valid, given))
        ended = self._at_end & sent
        claims.invariant(f"ended_{d}", implies(entry.valid, to.ended == (done + ended)[:STEP_BITS]))
        now = picked(wanted, done[:2])
        has = Mux(ended, 0, now & ~(self._left & ~self.end_first) | self._event & sent)
        claims.invariant(f"got_{d}", implies(entry.valid & self.open, received == has))
        claims.invariant(f"not_got_{d}", implies(entry.valid & ~self.open, ~received))
        claims.reached(f"waits_for_{d}", entry.valid & (counter == 0) & self.valid & ~self.open)
        claims.reached(f"spikes_of_two_steps_{d}", of_followed & (to.ended == 1))
        if self._shape.destinations > 1:
            claims.reached(f"copies_of_two_steps_{d}", of_followed & (to.ended == 1) & entry.copied)

    @property
    def _at_end(self) -> Value:
        """Whether the encoder offers the end of a timestep."""
        return self.open & (self.end_first | (self.word == 0))

    @property
    def _left(self) -> Value:
        """Whether the encoder still has a spike of the followed neuron."""
        bit, group = self.followed[: self._word_bits], self.followed[self._word_bits :]
        waiting = Array(getattr(self, f"waiting_{g}") for g in range(self._groups))[group]
        in_group = (self.group == group) & picked(self.word, bit)
        return in_group | picked(self.nonempty, group) & picked(waiting, bit)

    @property
    def _event(self) -> Value:
        """Whether the encoder offers that spike."""
        bit, group = self.followed[: self._word_bits], self.followed[self._word_bits :]
        first = picked(self.word, bit) & ~picked(below(self.word), bit)
        return self.open & ~self._at_end & (self.group == group) & first

    def _registers(self, claims: Claims, unit, begun, wanted, done) -> None:
        under_way = apart(begun, done)
        claims.invariant("open", under_way == self.open + self.end_first)
        claims.invariant("end_first", implies(self.end_first, self.open))
        claims.invariant("step", self.step == done[:2])
        claims.invariant("empty", implies(self.word == 0, self.nonempty == 0))
        claims.invariant("closed", implies(~self.open, (self.word == 0) & (self.sent == 0)))
        passed = [~(self.nonempty[g] & (self.group >= g)) for g in range(self._groups)]
        claims.invariant("later_groups", every(passed))
        full = [
            implies(self.nonempty[g], getattr(self, f"waiting_{g}") != 0)
            for g in range(self._groups)
        ]
        claims.invariant("waiting", every(full))
        claims.invariant("sent_to_the_known", self.sent & ~self._own == 0)
        claims.invariant("sent_not_to_all", implies(self._own.any(), self._own & ~self.sent))
        next_one = picked(wanted, (done + 1)[:2])
        expected = Mux(self.end_first, next_one, picked(wanted, done[:2]))
        claims.invariant("left_was_taken", implies(self._left & self.open, expected))
        claims.invariant("next_is_whole", implies(self.end_first, self._left == next_one))


def _is_host(entry) -> Value:
    """Whether ``entry`` names the host; at any other node ``to_host`` makes multicasts."""
    return entry.to_host & (entry.node == node_code(HOST))


def differ(entries: list) -> Value:
    """Whether no two valid ``entries`` have the same destination."""
    return every(
        ~(a.valid & b.valid & (a.node == b.node) & (_is_host(a) == _is_host(b)))
        for k, a in enumerate(entries)
        for b in entries[:k]
    )
