"""Claims about `rtl.node.receiver.SpikeReceiver`, with its bitmaps and its step controller."""

from collections.abc import Callable

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.mesh.flits import FLIT_BITS, SPIKE, Control, FlitType, node_code
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.memory_map import WORD_BITS
from trispike.models.mesh.node_shape import BLOCK_ROWS, CREDITS, NodeShape
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.node.aer_table import NODE_BITS, AEREntry
from trispike.rtl.node.receiver import SpikeReceiver
from trispike.sim.formal.arbiter import picked
from trispike.sim.formal.buffer import stands
from trispike.sim.formal.claims import Bench, Claims, count, every, exactly_one, implies
from trispike.sim.formal.source import STEP_BITS, Source, apart
from trispike.sim.formal.steps import inside, registers


class ReceiverBench(Bench):
    """A receiver, conforming sources in its table, and sources that are not in its table.

    Its table may be written whenever nothing is pending; all sources then start again. The row
    ``followed`` is arbitrary; its spikes are recorded by timestep.

    inputs: Weight rows.
    sources: Entries of the table.
    """

    def __init__(self, *, inputs: int, sources: int, unit: Callable = SpikeReceiver):
        self._shape = NodeShape(inputs=inputs, sources=sources)
        self._unit = unit
        row = ceil_log2(inputs)
        members = {
            "valid": In(1),
            "flit": In(FLIT_BITS),
            "here": In(NODE_BITS),
            "hold": In(1),
            "offered": Out(1),
            "bit": Out(1),
            "ready": In(1),
            "credits": Out(FlitStream),
            "write": In(1),
            "line": In(BANK_BITS),
            "followed": In(row),
        }
        words = {
            f"word_{p}_{k}": (f"unit.bitmaps.word_{p}_{k}", BLOCK_ROWS)
            for p in range(2)
            for k in range(inputs // BLOCK_ROWS)
        }
        stage = {
            "came": ("unit.came", 1),
            "row": ("unit.row", row),
            "source": ("unit.steps.source", sources),
            "step": ("unit.steps.step", 2),
            "end": ("unit.steps.end", 1),
        }
        super().__init__(members, {**inside(sources, "unit.steps"), **words, **stage})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape)
        claims = Claims(m)
        self.join(m, unit, "valid", "flit", "here", "hold", "credits")
        self.join(m, unit.table, "write", "line")
        m.d.comb += [
            unit.o.ready.eq(self.ready),
            self.offered.eq(unit.o.valid),
            self.bit.eq(picked(unit.o.payload, self.followed)),
        ]
        claims.constant(self.here)
        claims.constant(self.followed)
        claims.given(self.followed < self._shape.inputs)
        claims.given(implies(self.write, ~unit.pending & ~self.valid & differ(self._written())))
        claims.invariant("entries_differ", differ(list(unit.table.entries)))
        taken = Signal(STEP_BITS)
        m.d.sync += taken.eq(Mux(self.write, 0, taken + (self.offered & self.ready)))
        sources = self._sources(m, claims, unit)
        self._hands_over(m, claims, unit, sources, taken)
        self._gives_credits(claims, unit, sources, taken)
        self._waits(m, claims, unit, sources, taken)
        self._registers(claims, unit, sources, taken)
        return m

    def _written(self) -> list[data.View]:
        words = [self.line.word_select(k, WORD_BITS) for k in range(self._shape.sources)]
        return [data.View(AEREntry, word[: AEREntry.size]) for word in words]

    def _sources(self, m: Module, claims: Claims, unit) -> list[Source]:
        """A source for each entry, decoded from the flit independently of the RTL."""
        control, neuron = field(self.flit, "control"), field(self.flit, "neuron")
        own = Cat(field(self.flit, f"source_{axis}") for axis in "xyz")
        end = control & (neuron == Control.END)
        self._spike_row, sources = Signal(FLIT_BITS, name="spike_row"), []
        self._from = Signal(self._shape.sources, name="known_source")
        claims.given(~(control & (neuron == Control.CREDIT)))  # the interface sorts credits out
        for s, entry in enumerate(unit.table.entries):
            from_entry = (entry.source == own) & (entry.from_host == field(self.flit, "from_host"))
            m.d.comb += self._from[s].eq(self.valid & entry.valid & from_entry)
            with m.If(self._from[s]):
                m.d.comb += self._spike_row.eq(BLOCK_ROWS * entry.block + neuron)
            source = Source(
                m,
                f"source_{s}",
                comes=self._from[s] & (end | ~control),
                end=end,
                credited=self._credited(s),
                restart=self.write,
            )
            claims.given(source.keeps_the_rules(field(self.flit, "step")))
            sources.append(source)
        return sources

    def _credited(self, s: int) -> Value:
        """Whether source ``s`` is the first that is owed a credit, and its credit is taken."""
        return self.credits.valid & self.credits.ready & self.owed[s] & ~self.owed[:s].any()

    def _hands_over(self, m, claims, unit, sources: list[Source], taken: Signal) -> None:
        """In a timestep's vector the row is set exactly if a spike for it came in that timestep."""
        step, control = field(self.flit, "step"), field(self.flit, "control")
        self._sent = sent = Signal(4)  # of the timestep of that number there was a spike
        with m.If(self.offered & self.ready):
            m.d.sync += sent.bit_select(taken[:2], 1).eq(0)
        with m.If(self._from.any() & ~control & (self._spike_row == self.followed)):
            m.d.sync += sent.bit_select(step, 1).eq(1)
        ended = [source.ahead(taken) != 0 for source in sources]
        known = [entry.valid for entry in unit.table.entries]
        claims.always(
            "bit_of_its_timestep", implies(self.offered, self.bit == picked(sent, taken[:2]))
        )
        claims.always(
            "offered_when_all_have_ended",
            implies(
                self.offered,
                every(implies(k, e) for k, e in zip(known, ended, strict=True)) & Cat(known).any(),
            ),
        )
        claims.always("nothing_is_broken", ~(unit.early | unit.late | unit.twice))
        waits = claims.past(self.offered & ~self.ready) & ~self.hold
        unchanged = self.offered & (self.bit == claims.past(self.bit))
        claims.always("offered_until_taken", implies(waits, unchanged))
        unfinished = sent.any() | Cat(k & e for k, e in zip(known, ended, strict=True)).any()
        claims.always("pending", implies(unfinished | self.credits.valid, unit.pending))
        claims.reached("row_in_two_timesteps", self.offered & self.ready & (count(sent) == 2))
        claims.reached("row_in_the_next_only", self.offered & self.ready & ~self.bit & sent.any())
        full = [
            k & (source.ahead(taken) == CREDITS) for k, source in zip(known, sources, strict=True)
        ]
        claims.reached("two_ahead", every(full[:2]))
        self._all_ended = Cat(known).any() & every(
            implies(k, e) for k, e in zip(known, ended, strict=True)
        )

    def _gives_credits(self, claims: Claims, unit, sources: list[Source], taken: Signal) -> None:
        """Each source gets one credit for each timestep handed over, and can hold them all."""
        flit = self.credits.payload
        claims.always("credits_stand_until_taken", stands(claims, self.credits))
        claims.always("credit_if_owed", self.credits.valid == self.owed.any())
        for s, (entry, source) in enumerate(zip(unit.table.entries, sources, strict=True)):
            turn = self.credits.valid & self.owed[s] & ~self.owed[:s].any()
            to = Mux(entry.from_host, node_code(HOST), entry.source)
            right = [
                field(flit, "type") == FlitType.SPIKE,
                Cat(field(flit, axis) for axis in "xyz") == to,
                field(flit, "to_host") == entry.from_host,
                field(flit, "control"),
                field(flit, "neuron") == Control.CREDIT,
                Cat(field(flit, f"source_{axis}") for axis in "xyz") == self.here,
                ~field(flit, "from_host"),
                field(flit, "step") == (taken - 1)[:2],
            ]
            claims.always(f"credit_{s}_is_addressed", implies(turn, every(right)))
            due = apart(taken, source.given) == self.owed[s]
            claims.always(f"credit_{s}_for_each_timestep", implies(entry.valid, due))
            claims.always(f"credit_{s}_to_the_known", implies(self.owed[s], entry.valid))

    def _waits(self, m, claims, unit, sources: list[Source], taken: Signal) -> None:
        """Cycles for which a timestep that all sources have ended is not offered.

        Cycles of ``hold``, or in which a credit is not taken, do not count.
        """
        waited = Signal(range(self._shape.sources + 2))
        with m.If(~self._all_ended | self.offered):
            m.d.sync += waited.eq(0)
        with m.Elif(~self.hold & (self.credits.ready | ~self.credits.valid)):
            m.d.sync += waited.eq(waited + 1)
        claims.always("offered_in_time", waited <= self._shape.sources)
        claims.reached("longest_wait", waited == self._shape.sources)
        claims.invariant("waits_for_credits", waited + count(self.owed) <= self._shape.sources)
        unseen = [self._seen(s, source, taken) == 0 for s, source in enumerate(sources)]
        late = Cat(u & e.valid for u, e in zip(unseen, unit.table.entries, strict=True)).any()
        claims.invariant("waits_for_an_end", implies(self._all_ended & late, waited == 0))

    def _seen(self, s: int, source: Source, taken: Signal) -> Value:
        """Timesteps ended, without the flit in the receiver's input registers."""
        return apart(source.ahead(taken), self.came & self.source[s] & self.end)

    def _registers(self, claims: Claims, unit, sources: list[Source], taken: Signal) -> None:
        known = Cat(entry.valid for entry in unit.table.entries)
        first = [exactly_one(self.source), self.source & ~known == 0]
        claims.invariant("came_of_one", implies(self.came, every(first)))
        claims.invariant("due", self.due == taken[:2])
        for s, source in enumerate(sources):
            arrived = self.came & self.source[s]
            ahead, seen = source.ahead(taken), self._seen(s, source, taken)
            registers(claims, self, s, known=known[s], ahead=ahead, seen=seen, open_=source.open)
            claims.invariant(
                f"source_{s}_came", implies(arrived, self.step == apart(source.ended, self.end)[:2])
            )
            claims.invariant(f"source_{s}_came_open", implies(arrived, source.open != self.end))
            claims.invariant(f"source_{s}_came_ahead", implies(arrived & self.end, ahead != 0))
        ended = self.ended_0, self.ended_1
        bits = []
        for p in range(2):
            words = [
                getattr(self, f"word_{p}_{k}") for k in range(self._shape.inputs // BLOCK_ROWS)
            ]
            bits.append(picked(Cat(words), self.followed))
            claims.invariant(f"begun_{p}", implies(bits[p] | ended[p].any(), self.begun[p]))
        comes = self.came & ~self.end & (self.row == self.followed)
        for k in range(4):
            step = (taken + k)[:2]
            bit = Array(bits)[step[0]] if k < CREDITS else 0
            claims.invariant(
                f"sent_after_{k}", picked(self._sent, step) == (bit | (comes & (self.step == step)))
            )


def field(flit: Value, name: str) -> Value:
    """A field of a spike flit, decoded independently of the RTL."""
    at = SPIKE[name]
    return flit[at.lowest : at.lowest + at.width]


def differ(entries: list) -> Value:
    """Whether no two valid ``entries`` have the same source."""
    return every(
        ~(a.valid & b.valid & (a.source == b.source) & (a.from_host == b.from_host))
        for k, a in enumerate(entries)
        for b in entries[:k]
    )
