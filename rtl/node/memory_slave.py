"""The memory slave of a network interface: transactions to reads and writes of lines."""

import enum

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import HEAD, MEMORY, Access, Command, FlitType
from trispike.models.mesh.memory_map import ADDRESS_BITS, LINE_WORDS, WORD_BITS, memory_map
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.transactions import Reason
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.hierarchy import Block, parameters_suffix
from trispike.rtl.noc.flit import FlitStream, MemoryFlit, apart, assemble
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.lines import LineSignature, is_line_of
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import View

_WORD_BITS = (LINE_WORDS - 1).bit_length()


STATES = (
    "IDLE",
    "ADDRESS",  # the next flit is the address
    "COUNT",  # the next flit is the number of words to read
    "LOAD",  # the line of the address is read, if there is one
    "LATCH",  # it has come
    "READ",  # its words leave
    "WRITE",  # words for it come
    "STORE",  # it is written
    "DRAIN",  # the rest of a transaction that cannot be carried out is dropped
    "HEAD",  # the first flit of the answer leaves
    "STATUS",  # the last flit of the answer leaves
)
"""States of the slave by number."""

SlaveState = enum.IntEnum("SlaveState", STATES, start=0)


class Request(data.Struct):
    """What is known of the transaction at work."""

    requester: NODE_BITS
    access: Access
    address: ADDRESS_BITS  # of the next word
    count: ADDRESS_BITS  # words still to be read
    reason: Reason
    last: 1  # no flit of it is left


class MemorySlave(Block):
    """Carries out memory transactions, one at a time, and answers each.

    ``shape``: which lines there are.

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
    memory : Out(LineSignature())
        The memory.

    Timing: a burst takes a cycle for each word and three more for each line of eight.

    Source: TW-SNN sec. 4.3; the flits are docs/node.md's.
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        super().__init__(
            {
                "i": In(FlitStream),
                "o": Out(FlitStream),
                "here": In(NODE_BITS),
                "quiet": In(1),
                "hold": Out(1),
                "busy": Out(1),
                "memory": Out(LineSignature()),
            }
        )

    @property
    def module_name(self) -> str:
        shape = self.shape
        own = f"_{shape.neurons}{parameters_suffix(shape.layer)}"
        own = "" if all(field.ternary for field in shape.layer.neuron_fields) else own
        return f"memory_slave_{shape.inputs}_{len(shape.layer.banks)}{own}"

    @staticmethod
    def views() -> tuple[View, ...]:
        """What it is at."""
        return (View.named("fsm_state", SlaveState),)

    def elaborate(self, platform):
        m = Module()
        request = Signal(Request, reset_less=True)
        words = Signal(BANK_BITS, reset_less=True)  # the line at work
        command = Signal(Command, init=Command.KEPT)  # of the answer's flit
        content = Signal(MEMORY["content"].width)
        m.d.comb += [
            self.memory.line.eq(request.address[_WORD_BITS:]),
            self.memory.write_line.eq(words),
            self.o.payload.eq(
                assemble(
                    MemoryFlit,
                    type=FlitType.MEMORY,
                    **apart(request.requester),
                    command=command,
                    access=request.access,
                    answer=1,
                    content=content,
                )
            ),
        ]
        with m.FSM(init="IDLE") as machine:
            for state in STATES:  # numbers it
                machine.ongoing(state)
            self._begin(m, request)
            self._take_words(m, request, words)
            self._move_lines(m, request, words)
            self._answer(m, request, words, command, content)
        m.d.comb += self.busy.eq(~machine.ongoing("IDLE"))
        return m

    def _exists(self, request: data.View) -> Value:
        """The line of the address can be read, or written if that is wanted."""
        return Cat(
            is_line_of(region, self.memory.line) & (_reads(request) | region.writable)
            for region in memory_map(self.shape).values()
        ).any()

    def _begin(self, m: Module, request: data.View) -> None:
        """The flits of a request that come before words to write."""
        flit = data.View(MemoryFlit, self.i.payload)
        with m.State("IDLE"):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid):
                first = HEAD["source_x"].lowest
                m.d.sync += [
                    request.requester.eq(self.i.payload[first : first + NODE_BITS]),
                    request.access.eq(flit.access),
                    request.reason.eq(Reason.NONE),
                    request.last.eq(0),
                ]
                m.next = "ADDRESS"
                with m.If(~_more(flit) | flit.answer):
                    _refuse(m, request, _fault(flit), ended=~_more(flit))
                with m.Elif(~self.quiet):
                    _refuse(m, request, Reason.AT_WORK, ended=C(0))
                with m.Else():
                    m.d.sync += self.hold.eq(1)
        with m.State("ADDRESS"):
            m.d.comb += self.i.ready.eq(1)
            m.d.sync += [request.address.eq(flit.content), request.count.eq(1)]
            single_read = request.access == Access.SINGLE_READ
            with m.If(self.i.valid):
                with m.If(_given_up(flit) | (_more(flit) == single_read)):
                    _refuse(m, request, _fault(flit), ended=~_more(flit))
                with m.Elif(single_read):
                    m.next = "HEAD"
                with m.Elif(_reads(request)):
                    m.next = "COUNT"
                with m.Else():
                    m.next = "LOAD"
        with m.State("COUNT"):
            m.d.comb += self.i.ready.eq(1)
            m.d.sync += request.count.eq(flit.content)
            with m.If(self.i.valid):
                m.next = "HEAD"
                with m.If(_more(flit) | _given_up(flit) | (flit.content == 0)):
                    _refuse(m, request, _fault(flit), ended=~_more(flit))

    def _take_words(self, m: Module, request: data.View, words: Signal) -> None:
        """The other flits of a request: words to write, or what is of no use."""
        flit = data.View(MemoryFlit, self.i.payload)
        word = request.address[:_WORD_BITS]
        with m.State("DRAIN"):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid & ~_more(flit)):
                m.next = "HEAD"
        with m.State("WRITE"):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid):
                m.d.sync += request.last.eq(~_more(flit))
                too_many = _more(flit) & (request.access == Access.SINGLE_WRITE)
                with m.If(_given_up(flit) | too_many):
                    m.d.sync += request.reason.eq(_fault(flit))
                    m.next = "STORE"
                with m.Else():
                    m.d.sync += words.word_select(word, WORD_BITS).eq(flit.content)
                    with m.If(~_more(flit) | word.all()):
                        m.next = "STORE"
                    with m.Else():
                        m.d.sync += request.address.eq(request.address + 1)

    def _move_lines(self, m: Module, request: data.View, words: Signal) -> None:
        """Lines from memory and to it."""
        with m.State("LOAD"):
            with m.If(self._exists(request)):
                m.d.comb += self.memory.read.eq(1)
                m.next = "LATCH"
            with m.Else():
                m.d.sync += request.reason.eq(Reason.NO_SUCH_ADDRESS)
                _go(m, _reads(request), "STATUS", "DRAIN")
        with m.State("LATCH"):
            m.d.sync += words.eq(self.memory.read_line)
            _go(m, _reads(request), "READ", "WRITE")
        with m.State("STORE"):
            m.d.comb += self.memory.write.eq(1)
            m.d.sync += request.address.eq(request.address + 1)
            m.next = "LOAD"
            with m.If(request.last | (request.reason != Reason.NONE)):
                _go(m, request.last, "HEAD", "DRAIN")

    def _answer(self, m: Module, request, words: Signal, command: Signal, content: Signal) -> None:
        """The flits of the answer."""
        word = request.address[:_WORD_BITS]
        fine = request.reason == Reason.NONE
        with m.State("HEAD"):
            m.d.comb += [content.eq(self.here), self.o.valid.eq(1)]
            with m.If(self.o.ready):
                _go(m, _reads(request) & fine, "LOAD", "STATUS")
        with m.State("READ"):
            m.d.comb += [content.eq(words.word_select(word, WORD_BITS)), self.o.valid.eq(1)]
            with m.If(self.o.ready):
                m.d.sync += [
                    request.address.eq(request.address + 1),
                    request.count.eq(request.count - 1),
                ]
                with m.If(request.count == 1):
                    m.next = "STATUS"
                with m.Elif(word.all()):
                    m.next = "LOAD"
        with m.State("STATUS"):
            corrupted = request.reason == Reason.MALFORMED
            refused = Mux(corrupted, Command.CORRUPTED, Command.CANCELLED)
            m.d.comb += [
                command.eq(Mux(fine, Command.DONE, refused)),
                content.eq(request.reason),
                self.o.valid.eq(1),
            ]
            with m.If(self.o.ready):
                m.d.sync += self.hold.eq(0)
                m.next = "IDLE"


def _reads(request: data.View) -> Value:
    return (request.access == Access.SINGLE_READ) | (request.access == Access.BURST_READ)


def _more(flit: data.View) -> Value:
    """More flits of the request follow."""
    return flit.command == Command.KEPT


def _given_up(flit: data.View) -> Value:
    return (flit.command == Command.CORRUPTED) | (flit.command == Command.CANCELLED)


def _fault(flit: data.View) -> Value:
    """What is wrong with a request that cannot go on with ``flit``."""
    return Mux(_given_up(flit), Reason.ABANDONED, Reason.MALFORMED)


def _refuse(m: Module, request: data.View, reason: Value | Reason, *, ended: Value) -> None:
    """Answer with ``reason`` once the request has ``ended``."""
    m.d.sync += request.reason.eq(reason)
    _go(m, ended, "HEAD", "DRAIN")


def _go(m: Module, condition: Value, then: str, otherwise: str) -> None:
    """The state that comes next."""
    with m.If(condition):
        m.next = then
    with m.Else():
        m.next = otherwise
