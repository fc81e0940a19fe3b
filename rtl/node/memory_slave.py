"""The memory slave of a network interface: transactions to reads and writes of lines."""

from amaranth import *
from amaranth.lib import data, enum
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import HEAD, MEMORY, Access, Command, FlitType
from trispike.models.mesh.memory_map import (
    ADDRESS_BITS,
    LINE_BITS,
    LINE_WORDS,
    WORD_BITS,
    memory_map,
)
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.transactions import Reason
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.hierarchy import Block
from trispike.rtl.noc.flit import FlitStream, MemoryFlit, apart, assemble
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.lines import is_line_of

_WORD_BITS = (LINE_WORDS - 1).bit_length()


class State(enum.Enum, shape=4):
    """What the slave is at."""

    IDLE = 0
    ADDRESS = 1
    """The next flit is the address."""
    COUNT = 2
    """The next flit is the number of words to read."""
    LOAD = 3
    """The line of the address is read, if there is one."""
    LATCH = 4
    """It has come."""
    READ = 5
    """Its words leave."""
    WRITE = 6
    """Words for it come."""
    STORE = 7
    """It is written."""
    DRAIN = 8
    """What is left of a transaction that cannot be carried out is forgotten."""
    HEAD = 9
    """The first flit of the answer leaves."""
    STATUS = 10
    """The last flit of the answer leaves."""


class MemorySlave(Block):
    """Carries out memory transactions, one at a time, and answers each.

    Parameters
    ----------
    shape
        Which lines there are.

    Members
    -------
    i : In(FlitStream), o : Out(FlitStream)
        Memory flits of requests, and of answers. ``i.ready`` depends on registers only.
    here : In(9)
        Coordinates of this node, constant.
    quiet : In(1)
        The node has no timestep at work or pending; otherwise a transaction is not carried out.
    hold : Out(1)
        A transaction is being carried out, so that nothing else may begin.
    busy : Out(1)
        A transaction is under way, or its answer.
    line : Out(14)
        Line to read or write.
    read : Out(1), read_line : In(128)
        Read ``line``; its contents stand in ``read_line`` in the next cycle.
    write : Out(1), write_line : Out(128)
        Write ``line``.

    Timing: a burst takes a cycle for each word and three more for each line of eight.

    Source: TW-SNN sec. 4.3; the flits are docs/node.md's.
    """

    def __init__(self, *, shape: NodeShape):
        self._shape = shape
        super().__init__(
            {
                "i": In(FlitStream),
                "o": Out(FlitStream),
                "here": In(NODE_BITS),
                "quiet": In(1),
                "hold": Out(1),
                "busy": Out(1),
                "line": Out(LINE_BITS),
                "read": Out(1),
                "read_line": In(BANK_BITS),
                "write": Out(1),
                "write_line": Out(BANK_BITS),
            }
        )

    @property
    def module_name(self) -> str:
        return f"memory_slave_{self._shape.inputs}_{len(self._shape.layer.banks)}"

    def elaborate(self, platform):
        m = Module()
        self._state = Signal(State)
        self._access = Signal(Access, reset_less=True)
        self._reason = Signal(Reason, reset_less=True)
        self._requester = Signal(NODE_BITS, reset_less=True)
        self._address = Signal(ADDRESS_BITS, reset_less=True)
        self._count = Signal(ADDRESS_BITS, reset_less=True)  # words still to be read
        self._words = Signal(BANK_BITS, reset_less=True)  # the line at work
        self._last = Signal()  # no flit of the request is left
        self._command = Signal(Command, init=Command.KEPT)  # of the answer's flit
        self._content = Signal(MEMORY["content"].width)
        m.d.comb += [
            self.busy.eq(self._state != State.IDLE),
            self.line.eq(self._address[_WORD_BITS:]),
            self.write_line.eq(self._words),
            self.o.payload.eq(
                assemble(
                    MemoryFlit,
                    type=FlitType.MEMORY,
                    **apart(self._requester),
                    command=self._command,
                    access=self._access,
                    answer=1,
                    content=self._content,
                )
            ),
        ]
        with m.Switch(self._state):
            self._take_request(m)
            self._move_lines(m)
            self._answer(m)
        return m

    @property
    def _reads(self) -> Value:
        return (self._access == Access.SINGLE_READ) | (self._access == Access.BURST_READ)

    def _exists(self) -> Value:
        """The line of the address can be read, or written if that is wanted."""
        return Cat(
            is_line_of(region, self.line) & (self._reads | region.writable)
            for region in memory_map(self._shape).values()
        ).any()

    def _refuse(self, m: Module, reason: Value | Reason, ended: Value) -> None:
        """Answer with ``reason`` once the request has ``ended``."""
        m.d.sync += [
            self._reason.eq(reason),
            self._state.eq(Mux(ended, State.HEAD, State.DRAIN)),
        ]

    def _take_request(self, m: Module) -> None:
        flit = data.View(MemoryFlit, self.i.payload)
        more = flit.command == Command.KEPT
        given_up = (flit.command == Command.CORRUPTED) | (flit.command == Command.CANCELLED)
        wrong = Mux(given_up, Reason.ABANDONED, Reason.MALFORMED)
        with m.Case(State.IDLE):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid):
                first = HEAD["source_x"].lowest
                m.d.sync += [
                    self._requester.eq(self.i.payload[first : first + NODE_BITS]),
                    self._access.eq(flit.access),
                    self._reason.eq(Reason.NONE),
                    self._last.eq(0),
                    self._state.eq(State.ADDRESS),
                ]
                with m.If(~more | flit.answer):
                    self._refuse(m, wrong, ~more)
                with m.Elif(~self.quiet):
                    self._refuse(m, Reason.AT_WORK, C(0))
                with m.Else():
                    m.d.sync += self.hold.eq(1)
        with m.Case(State.ADDRESS):
            m.d.comb += self.i.ready.eq(1)
            m.d.sync += [self._address.eq(flit.content), self._count.eq(1)]
            single_read = self._access == Access.SINGLE_READ
            with m.If(self.i.valid):
                with m.If(given_up | (more == single_read)):
                    self._refuse(m, wrong, ~more)
                with m.Elif(single_read):
                    m.d.sync += self._state.eq(State.HEAD)
                with m.Elif(self._reads):
                    m.d.sync += self._state.eq(State.COUNT)
                with m.Else():
                    m.d.sync += self._state.eq(State.LOAD)
        with m.Case(State.COUNT):
            m.d.comb += self.i.ready.eq(1)
            m.d.sync += self._count.eq(flit.content)
            with m.If(self.i.valid):
                m.d.sync += self._state.eq(State.HEAD)
                with m.If(more | given_up | (flit.content == 0)):
                    self._refuse(m, wrong, ~more)
        with m.Case(State.DRAIN):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid & ~more):
                m.d.sync += self._state.eq(State.HEAD)
        with m.Case(State.WRITE):
            m.d.comb += self.i.ready.eq(1)
            word = self._address[:_WORD_BITS]
            too_many = more & (self._access == Access.SINGLE_WRITE)
            with m.If(self.i.valid):
                with m.If(given_up | too_many):
                    m.d.sync += [self._reason.eq(wrong), self._last.eq(~more)]
                    m.d.sync += self._state.eq(State.STORE)
                with m.Else():
                    m.d.sync += [
                        self._words.word_select(word, WORD_BITS).eq(flit.content),
                        self._last.eq(~more),
                    ]
                    with m.If(~more | word.all()):
                        m.d.sync += self._state.eq(State.STORE)
                    with m.Else():
                        m.d.sync += self._address.eq(self._address + 1)

    def _move_lines(self, m: Module) -> None:
        with m.Case(State.LOAD):
            with m.If(self._exists()):
                m.d.comb += self.read.eq(1)
                m.d.sync += self._state.eq(State.LATCH)
            with m.Else():
                m.d.sync += [
                    self._reason.eq(Reason.NO_SUCH_ADDRESS),
                    self._state.eq(Mux(self._reads, State.STATUS, State.DRAIN)),
                ]
        with m.Case(State.LATCH):
            m.d.sync += [
                self._words.eq(self.read_line),
                self._state.eq(Mux(self._reads, State.READ, State.WRITE)),
            ]
        with m.Case(State.STORE):
            m.d.comb += self.write.eq(1)
            m.d.sync += [self._address.eq(self._address + 1), self._state.eq(State.LOAD)]
            with m.If(self._last | (self._reason != Reason.NONE)):
                m.d.sync += self._state.eq(Mux(self._last, State.HEAD, State.DRAIN))

    def _answer(self, m: Module) -> None:
        word = self._address[:_WORD_BITS]
        with m.Case(State.HEAD):
            m.d.comb += [self._content.eq(self.here), self.o.valid.eq(1)]
            with m.If(self.o.ready):
                goes_on = self._reads & (self._reason == Reason.NONE)
                m.d.sync += self._state.eq(Mux(goes_on, State.LOAD, State.STATUS))
        with m.Case(State.READ):
            m.d.comb += [
                self._content.eq(self._words.word_select(word, WORD_BITS)),
                self.o.valid.eq(1),
            ]
            with m.If(self.o.ready):
                m.d.sync += [self._address.eq(self._address + 1), self._count.eq(self._count - 1)]
                with m.If(self._count == 1):
                    m.d.sync += self._state.eq(State.STATUS)
                with m.Elif(word.all()):
                    m.d.sync += self._state.eq(State.LOAD)
        with m.Case(State.STATUS):
            corrupted = self._reason == Reason.MALFORMED
            status = Mux(corrupted, Command.CORRUPTED, Command.CANCELLED)
            m.d.comb += [
                self._command.eq(Mux(self._reason == Reason.NONE, Command.DONE, status)),
                self._content.eq(self._reason),
                self.o.valid.eq(1),
            ]
            with m.If(self.o.ready):
                m.d.sync += [self.hold.eq(0), self._state.eq(State.IDLE)]
