"""Claims about `rtl.node.memory_slave.MemorySlave`."""

from collections.abc import Callable, Iterable

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import HEAD, MEMORY, Access, Command, Field, FlitType
from trispike.models.mesh.memory_map import (
    ADDRESS_BITS,
    LINE_BITS,
    LINE_WORDS,
    WORD_BITS,
    Region,
    memory_map,
)
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.transactions import Reason
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.noc.flit import FlitStream
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.memory_slave import STATES, MemorySlave, Request
from trispike.sim.formal.buffer import stands
from trispike.sim.formal.claims import Bench, Claims, every, implies

_WORD = (LINE_WORDS - 1).bit_length()
_LONGEST_WORK = 3
"""Most cycles in a row in which the slave neither takes a flit nor offers one: it stores a line,
loads the next and latches it.
"""

_KEPT = Command.KEPT


class MemorySlaveBench(Bench):
    """A slave that gets any flits at any time, with a memory of which one word is followed.

    The word ``followed`` is arbitrary.

    shape: Sizes of the memory's regions.
    """

    def __init__(self, *, shape: NodeShape, unit: Callable = MemorySlave):
        self._shape, self._unit = shape, unit
        members = {
            "i": In(FlitStream),
            "o": Out(FlitStream),
            "here": In(NODE_BITS),
            "quiet": In(1),
            "hold": Out(1),
            "line": Out(LINE_BITS),
            "read": Out(1),
            "read_line": In(BANK_BITS),
            "write": Out(1),
            "write_line": Out(BANK_BITS),
            "followed": In(ADDRESS_BITS),
        }
        registers = {
            "state": ("unit.fsm_state", (len(STATES) - 1).bit_length()),
            "request": ("unit.request", Request),
            "words": ("unit.words", BANK_BITS),
        }
        super().__init__(members, registers)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape)
        claims = Claims(m)
        self.join(m, unit, "i", "o", "here", "quiet", "hold")
        self.join(m, unit.memory, "read_line", "line", "read", "write", "write_line")
        claims.constant(self.here)
        claims.constant(self.followed)
        claims.given(self._readable(self.followed[_WORD:]))
        self._follow(m)
        self._one_at_a_time(m, claims, unit)
        self._answers(m, claims)
        self._lines(m, claims)
        self._registers(claims)
        return m

    def _readable(self, line: Value) -> Value:
        """Whether the node has ``line``, region by region."""
        return self._one_of(line, memory_map(self._shape).values())

    def _writable(self, line: Value) -> Value:
        return self._one_of(line, (r for r in memory_map(self._shape).values() if r.writable))

    def _one_of(self, line: Value, regions: Iterable[Region]) -> Value:
        return Cat(
            (line >= region.line)
            & (line < region.line + region.rows * region.room)
            & (line % region.room < region.width)
            for region in regions
        ).any()

    def _follow(self, m: Module) -> None:
        """Decode the request flit by flit, independently of the RTL."""
        flit = self.i.payload
        command, content = field(flit, MEMORY["command"]), field(flit, MEMORY["content"])
        self._taken, self._sent = Signal(name="taken"), Signal(name="sent")
        self._open, self._answering = Signal(name="open"), Signal(name="answering")
        self._flits = Signal(2, name="flits")  # of the request that were taken, up to 3
        self._good = Signal(name="good")  # what came so far can be carried out
        self._what, self._who = Signal(Access, name="what"), Signal(NODE_BITS, name="who")
        self._at = Signal(ADDRESS_BITS, name="at")  # of the next word
        self._asked = Signal(ADDRESS_BITS, name="asked")  # words to be read
        self._told = Signal(ADDRESS_BITS, name="told")  # words that were
        self._begun = Signal(name="begun")  # the answer's first flit has left
        self._put = Signal(name="put")  # the flit that is taken is a word to be written
        kept, whole = command == _KEPT, (command == Command.DONE) | (command == _KEPT)
        answer_ends = field(self.o.payload, MEMORY["command"]) != _KEPT
        m.d.comb += [
            self._taken.eq(self.i.valid & self.i.ready),
            self._sent.eq(self.o.valid & self.o.ready),
        ]
        with m.If(self._taken):
            m.d.sync += [self._open.eq(kept), self._answering.eq(~kept)]
            with m.If(self._flits != 3):
                m.d.sync += self._flits.eq(self._flits + 1)
            with m.Switch(self._flits):
                with m.Case(0):
                    m.d.sync += [
                        self._what.eq(field(flit, MEMORY["access"])),
                        self._who.eq(Cat(field(flit, HEAD[f"source_{axis}"]) for axis in "xyz")),
                        self._good.eq(kept & ~field(flit, MEMORY["answer"]) & self.quiet),
                        self._asked.eq(1),
                    ]
                with m.Case(1):
                    single = self._what == Access.SINGLE_READ
                    right = (single & (command == Command.DONE)) | (~single & kept)
                    m.d.sync += [self._at.eq(content), self._good.eq(self._good & right)]
                with m.Default():
                    with m.If(self._reads):
                        m.d.sync += self._asked.eq(content)
                        right = (command == Command.DONE) & (content != 0) & (self._flits == 2)
                        m.d.sync += self._good.eq(self._good & right)
                    with m.Else():
                        m.d.sync += self._at.eq(self._at + 1)
                        right = whole & ~(kept & (self._what == Access.SINGLE_WRITE))
                        right = right & self._writable(self._at[_WORD:])
                        m.d.sync += self._good.eq(self._good & right)
                        m.d.comb += self._put.eq(self._good & right)
        with m.If(self._sent):
            m.d.sync += self._begun.eq(1)
            with m.If(self._begun):
                m.d.sync += [self._at.eq(self._at + 1), self._told.eq(self._told + 1)]
            with m.If(answer_ends):
                m.d.sync += [self._answering.eq(0), self._begun.eq(0), self._flits.eq(0)]
                m.d.sync += self._told.eq(0)

    @property
    def _reads(self) -> Value:
        return (self._what == Access.SINGLE_READ) | (self._what == Access.BURST_READ)

    def _is(self, *states: str) -> Value:
        return Cat(self.state == STATES.index(state) for state in states).any()

    def _one_at_a_time(self, m: Module, claims: Claims, unit) -> None:
        """It takes a whole request, then answers it, then takes the next."""
        busy = self._open | self._answering
        claims.always("answers_after_the_request", implies(self.o.valid, self._answering))
        claims.always("takes_no_other", implies(self.i.ready, ~self._answering))
        claims.always("busy_until_answered", unit.busy == busy)
        claims.always("hold_is_busy", implies(self.hold, busy))
        begins = claims.past(self._taken & ~self._open & self.quiet)
        claims.always("holds_a_quiet_node", implies(self.hold & ~claims.past(self.hold), begins))
        claims.always("stands_until_taken", stands(claims, self.o))
        works = Signal(range(_LONGEST_WORK + 2))
        with m.If(self.i.ready | self.o.valid):
            m.d.sync += works.eq(0)
        with m.Else():
            m.d.sync += works.eq(works + 1)
        claims.always(
            "keeps_waiting_shortly", works < _LONGEST_WORK + (self.i.ready | self.o.valid)
        )
        claims.reached("longest_work", works == _LONGEST_WORK)
        claims.invariant("state", self.state < len(STATES))
        taking = self._is("ADDRESS", "COUNT", "DRAIN", "WRITE")
        claims.invariant("open_states", implies(taking, self._open & ~self._answering))
        answering = self._is("HEAD", "READ", "STATUS")
        claims.invariant("answer_states", implies(answering, self._answering & ~self._open))
        moving = self._is("LOAD", "LATCH")
        claims.invariant("moving_states", implies(moving, self._answering == self._reads))
        claims.invariant("one_phase", ~(self._open & self._answering))
        claims.invariant("last", implies(self._is("STORE"), self.request.last == self._answering))
        claims.invariant("not_idle", self._is("IDLE") == ~busy)
        claims.invariant(
            "works",
            works <= self._is("LOAD") + 2 * self._is("LATCH") + 3 * (self.i.ready | self.o.valid),
        )

    def _answers(self, m: Module, claims: Claims) -> None:
        """Contents and number of the answer's flits."""
        flit = self.o.payload
        content, command = field(flit, MEMORY["content"]), field(flit, MEMORY["command"])
        ends = command != _KEPT
        common = [
            field(flit, MEMORY["type"]) == FlitType.MEMORY,
            Cat(field(flit, MEMORY[axis]) for axis in "xyz") == self._who,
            field(flit, MEMORY["access"]) == self._what,
            field(flit, MEMORY["answer"]),
        ]
        valid = self.o.valid
        claims.always("answers_the_requester", implies(valid, every(common)))
        head = ~ends & (content == self.here)
        claims.always("head_first", implies(valid & ~self._begun, head))
        word = valid & self._begun & ~ends
        claims.always("no_more_words_than_asked", implies(word, self._told < self._asked))
        claims.always("words_for_reads", implies(word, self._reads & self._good))
        done = valid & (command == Command.DONE)
        claims.always("done_if_good", implies(done, self._good & (content == Reason.NONE)))
        all_told = ~self._reads | (self._told == self._asked)
        claims.always("done_if_all_was_read", implies(done, all_told))
        cut_short = ~self._readable(self._at[_WORD:])
        told = implies(valid & ends & ~done & self._good, self._reads & cut_short)
        claims.always("not_done_for_a_reason", told)
        claims.reached("reads_done", done & self._reads)
        claims.reached("writes_done", done & ~self._reads)

    def _lines(self, m: Module, claims: Claims) -> None:
        """Which lines are read and written, and the content of the followed word."""
        place = self.followed[:_WORD]
        its_line = self.line == self.followed[_WORD:]
        cell, want = Signal(WORD_BITS), Signal(WORD_BITS)  # in memory; after what was taken
        was_read = Signal()
        content = field(self.i.payload, MEMORY["content"])
        m.d.sync += was_read.eq(self.read & its_line)
        with m.If(self.write & its_line):
            m.d.sync += cell.eq(self.write_line.word_select(place, WORD_BITS))
        with m.If(self._put & (self._at == self.followed)):
            m.d.sync += want.eq(content)
        read_word = self.read_line.word_select(place, WORD_BITS)
        claims.given(implies(was_read, read_word == cell))
        allowed = self.hold & ~self._reads & self._writable(self.line)
        claims.always("writes_what_there_is", implies(self.write, allowed))
        claims.always(
            "reads_what_there_is", implies(self.read, self.hold & self._readable(self.line))
        )
        new = self.write_line.word_select(place, WORD_BITS)
        claims.always("writes_what_came", implies(self.write & its_line, new == want))
        busy = self._open | self._answering
        claims.always(
            "all_written_in_the_end", implies(self._answering | ~busy, self.write | (cell == want))
        )
        told = self.o.valid & self._begun & (field(self.o.payload, MEMORY["command"]) == _KEPT)
        word = field(self.o.payload, MEMORY["content"])
        claims.always(
            "reads_what_is_kept", implies(told & (self._at == self.followed), word == cell)
        )
        held = self.words.word_select(place, WORD_BITS)
        at_work = self._is("WRITE", "STORE") & its_line
        claims.invariant("word_at_work", Mux(at_work, held, cell) == want)
        claims.invariant("word_shown", implies(self._is("READ") & its_line, held == cell))
        claims.invariant("word_comes", implies(self._is("LATCH"), was_read == its_line))
        claims.reached("merges_a_word", self.write & its_line & (self._at == self.followed + 2))

    def _registers(self, claims: Claims) -> None:
        """Invariants of the registers in each state."""
        busy = self._open | self._answering
        fine = self.request.reason == Reason.NONE.value
        same = [
            self.request.access == self._what,
            self.request.requester == self._who,
            self._flits != 0,
        ]
        claims.invariant("request", implies(busy, every(same)))
        claims.invariant(
            "idle", busy | ~(self.hold | self._begun | self._flits.any() | self._told.any())
        )
        claims.invariant("fine", implies(busy & fine, self._good & self.hold))
        carries_on = self._is("ADDRESS", "COUNT", "LOAD", "LATCH", "READ", "WRITE")
        claims.invariant("carries_on", implies(carries_on, fine))
        claims.invariant("drains", implies(self._is("DRAIN"), ~fine))
        lost = self._good & ~fine & busy
        nowhere = Mux(
            self._reads, self._readable(self._at[_WORD:]), self._writable(self._at[_WORD:])
        )
        where = Mux(self._reads, self._is("STATUS"), self._is("DRAIN") & self._flits[1])
        claims.invariant("good_but_no_such_line", implies(lost, where & ~nowhere))
        early = self._open | self._is("STORE", "HEAD")
        claims.invariant("not_begun", implies(early, ~self._begun & (self._told == 0)))
        late = self._is("READ", "STATUS") | self._is("LOAD", "LATCH") & self._reads
        claims.invariant("begun", implies(late, self._begun))
        claims.invariant("address", implies(self._is("ADDRESS"), self._flits == 1))
        count = [self._what == Access.BURST_READ, self._flits == 2]
        claims.invariant("count", implies(self._is("COUNT"), every(count)))
        writes = self._is("WRITE", "STORE") | self._is("LOAD", "LATCH") & ~self._reads
        claims.invariant("writes", implies(writes, ~self._reads & self._flits[1]))
        one = self._is("ADDRESS", "COUNT")
        claims.invariant("one_word", implies(one, self._asked == 1))
        left = self.request.count + self._told == self._asked
        telling = self._is("HEAD", "LOAD", "LATCH", "READ") & self._reads & fine
        claims.invariant("words_left", implies(telling, left & (self.request.count != 0)))
        ended = self._is("STATUS") & self._reads & fine
        claims.invariant("words_told", implies(ended, self._told == self._asked))
        placed = self._is("COUNT", "LOAD", "LATCH", "READ", "WRITE") | telling
        claims.invariant("at", implies(placed, self.request.address == self._at))
        stored = (self.request.address + 1)[:ADDRESS_BITS] == self._at
        full = self.request.last | self.request.address[:_WORD].all()
        storing = self._is("STORE")
        claims.invariant("stored", implies(storing & fine, stored & full))
        claims.invariant("stored_in_part", implies(storing & ~fine, ~self._good & self.hold))
        exists = Mux(self._reads, self._readable(self.line), self._writable(self.line))
        there = self._is("LATCH", "READ", "WRITE", "STORE")
        claims.invariant("line_exists", implies(there, exists))
        claims.invariant("read_answers", implies(self._is("READ"), self._reads))


def field(flit: Value, at: Field) -> Value:
    """A field of a memory flit, decoded independently of the RTL."""
    return flit[at.lowest : at.lowest + at.width]
