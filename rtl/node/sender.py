"""The spike sender of a network interface: spike vectors to flits."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.flits import POTENTIAL_FLITS, SPIKE, Control, FlitType
from trispike.models.mesh.memory_map import NEURONS
from trispike.models.mesh.node_shape import BLOCK_ROWS, CREDITS, NodeShape
from trispike.models.network.numbers import POTENTIAL_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.noc.flit import FlitStream, SpikeFlit, apart, assemble
from trispike.rtl.node.address_table import AddressEntry, AddressTable
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.lines import TableSignature
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import LowestOne
from trispike.rtl.view import Radix, View, flit_stream, handshake


class CreditCounter(Block):
    """Timesteps that may be sent to one destination.

    Members
    -------
    clear : In(1)
        Begin anew, with `models.mesh.node_shape.CREDITS`.
    spend : In(1)
        A timestep begins to be sent; only while ``any``.
    gain : In(1)
        A credit has come.
    any : Out(1)
        There is one left.
    overdrawn : Out(1)
        The credit that has come is one too many, and forgotten.
    """

    def __init__(self):
        super().__init__(
            {"clear": In(1), "spend": In(1), "gain": In(1), "any": Out(1), "overdrawn": Out(1)}
        )

    @property
    def module_name(self) -> str:
        return "credit_counter"

    def elaborate(self, platform):
        m = Module()
        count = Signal(range(CREDITS + 1), init=CREDITS)
        m.d.comb += [
            self.any.eq(count != 0),
            self.overdrawn.eq(self.gain & ~self.spend & (count == CREDITS)),
        ]
        with m.If(self.clear):
            m.d.sync += count.eq(CREDITS)
        with m.Elif(self.gain & ~self.spend & ~self.overdrawn):
            m.d.sync += count.eq(count + 1)
        with m.Elif(self.spend & ~self.gain):
            m.d.sync += count.eq(count - 1)
        return m


class SpikeSender(Block):
    """Sends each spike of a timestep to every destination, then the timestep's end.

    A destination whose entry is ``copied`` gets copies of the multicasts to another, and no flit of
    its own; it gives and pays credits like any other. Or potentials, if the sender is told to:
    three flits for each neuron in use, in ascending order. A flit a cycle, as long as the network
    takes them.

    ``shape``: neurons and entries of the address look-up table.

    Members
    -------
    i : In(stream.Signature(neurons))
        Output spikes of a timestep. Taken once every destination has given a credit.
    neurons : In(9)
        How many of the neurons are in use; spikes of the others are not sent.
    sends_potentials : In(1), potentials : In(18 * neurons)
        Send ``potentials`` in place of spikes. They must stand from the cycle in which ``i`` is
        valid until it is taken, which then is after the end. Only there if the shape has it.
    here : In(9)
        Coordinates of this node, constant.
    o : Out(FlitStream)
        Spikes and ends.
    credit : In(1), source : In(9), from_host : In(1)
        A credit has come, from the node ``source`` or from the host that stands there.
    sending : Out(1)
        A timestep is being sent.
    blocked : Out(1)
        There is a timestep to send, and no credit for it.
    overdrawn : Out(1)
        See `models.mesh.memory_map.STATUS`.
    table : In(TableSignature(AddressEntry, destinations))
        The address look-up table. After a write every destination has all its credits again, and
        timesteps begin with number 0.

    Latency: the first flit is valid in the cycle after the vector was taken.

    Source: TW-SNN sec. 4.3, fig. 8(b); timesteps are docs/node.md's.
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        potentials = {"potentials": In(POTENTIAL_BITS * shape.neurons), "sends_potentials": In(1)}
        super().__init__(
            {
                "i": In(stream.Signature(shape.neurons)),
                "neurons": In(NEURONS["neurons"].width),
                "here": In(NODE_BITS),
                "o": Out(FlitStream),
                "credit": In(1),
                "source": In(NODE_BITS),
                "from_host": In(1),
                "sending": Out(1),
                "blocked": Out(1),
                "overdrawn": Out(1),
                "table": In(TableSignature(AddressEntry, shape.destinations)),
                **(potentials if shape.potentials else {}),
            }
        )

    @property
    def module_name(self) -> str:
        own = "_potentials" * self.shape.potentials
        return f"spike_sender_{self.shape.neurons}_{self.shape.destinations}{own}"

    @staticmethod
    def views() -> tuple[View, ...]:
        """A timestep's spikes as they are taken, its number, that it waits, and flits."""
        return (
            *handshake("i"),
            View(signal="step", bits=SPIKE["step"].width, reads=Radix.UNSIGNED),
            View(signal="blocked"),
            *flit_stream("o"),
        )

    def elaborate(self, platform):
        m = Module()
        table = AddressTable(shape=self.shape)
        encoder = AEREncoder(inputs=self.shape.neurons)
        m.submodules.table = place(table, platform)
        connect(m, flipped(self.table), table.table)
        m.submodules.encoder = place(encoder, platform)
        begins, waits, spikes = self.i.valid & self.i.ready, self.i.valid, self.i.payload
        if self.shape.potentials:
            ended = Signal()  # the end has left, and `i` is taken
            begins = encoder.i.valid & encoder.i.ready
            waits = waits & ~(self.sends_potentials & (encoder.busy | ended))
            spikes = spikes | self.sends_potentials.replicate(len(spikes))
            m.d.sync += ended.eq(encoder.o.valid & encoder.o.ready & encoder.o.payload.end)
        may_send = self._count_credits(m, table, begins, platform)
        ready = encoder.i.ready & may_send
        m.d.comb += [
            table.source.eq(self.source),
            table.from_host.eq(self.from_host),
            encoder.i.payload.eq(spikes & _lowest(self.neurons, self.shape.neurons)),
            encoder.i.valid.eq(waits & may_send),
            self.i.ready.eq(
                Mux(self.sends_potentials, ended, ready) if self.shape.potentials else ready
            ),
            self.sending.eq(encoder.busy),
            self.blocked.eq(waits & ~may_send),
        ]
        self._send(m, table, encoder)
        return m

    def _count_credits(self, m: Module, table: AddressTable, begins: Value, platform) -> Value:
        """One counter for each destination, which pays as a timestep ``begins``.

        Returns whether all have a credit.
        """
        lacking, overdrawn = [], []
        for k, entry in enumerate(table.table.entries):
            counter = CreditCounter()
            m.submodules[f"credits_{k}"] = place(counter, platform)
            m.d.comb += [
                counter.clear.eq(self.table.write),
                counter.spend.eq(begins & entry.valid),
                counter.gain.eq(self.credit & table.entry[k]),
            ]
            lacking.append(entry.valid & ~counter.any)
            overdrawn.append(counter.overdrawn)
        with m.If(Cat(overdrawn).any()):
            m.d.sync += self.overdrawn.eq(1)
        return ~Cat(lacking).any()

    def _send(self, m: Module, table: AddressTable, encoder: AEREncoder) -> None:
        """Each event of ``encoder`` to one destination after the other."""
        width = self.shape.destinations
        m.submodules.next = following = LowestOne(width=width)
        own = Cat(entry.valid & ~entry.copied for entry in table.table.entries)
        sent = Signal(width)  # destinations that the event was sent to already
        step = Signal(2)
        to = table.to
        event = encoder.o.payload
        left = Signal(width)
        last = Signal()
        leaves = Signal()
        word, finished = event.address, encoder.o.ready  # `finished`: every destination has `word`
        if self.shape.potentials:
            finished = Signal()
            word = self._word(m, encoder, finished)
        m.d.comb += [
            left.eq(own & ~sent),
            following.bits.eq(left),
            last.eq(~(left & ~following.one_hot).any()),
            table.choice.eq(following.one_hot),
            self.o.payload.eq(
                assemble(
                    SpikeFlit,
                    type=FlitType.SPIKE,
                    **apart(to.node),
                    step=step,
                    control=event.end,
                    **apart(self.here, "source_"),
                    neuron=Mux(event.end, Control.END, word),
                    to_host=to.to_host,
                )
            ),
            self.o.valid.eq(encoder.o.valid & following.any),
            leaves.eq(self.o.valid & self.o.ready),
            finished.eq(last & (self.o.ready | ~following.any)),
        ]
        with m.If(encoder.o.valid & finished):
            m.d.sync += sent.eq(0)
            with m.If(event.end):
                m.d.sync += step.eq(step + 1)
        with m.Elif(leaves):
            m.d.sync += sent.eq(sent | following.one_hot)
        with m.If(self.table.write):
            m.d.sync += step.eq(0)

    def _word(self, m: Module, encoder: AEREncoder, finished: Value) -> Value:
        """What a flit says of the event of ``encoder``: its neuron, or a part of its potential.

        The event ends as its last flit is ``finished``.
        """
        event, bits = encoder.o.payload, SPIKE["neuron"].width
        part, last = Signal(range(POTENTIAL_FLITS)), Signal()
        potential = Signal(signed(POTENTIAL_FLITS * bits))
        m.d.comb += [
            potential.eq(self.potentials.word_select(event.address, POTENTIAL_BITS).as_signed()),
            last.eq(~self.sends_potentials | event.end | (part == POTENTIAL_FLITS - 1)),
            encoder.o.ready.eq(finished & last),
        ]
        with m.If(encoder.o.valid & finished):
            m.d.sync += part.eq(Mux(last, 0, part + 1))
        mine = potential.as_unsigned().word_select(part, bits)
        return Mux(self.sends_potentials, mine, event.address)


def _lowest(count: Value, width: int) -> Value:
    """``width`` bits, of which the lowest ``count`` are set.

    By groups of `BLOCK_ROWS`: ``(1 << count) - 1`` would be a carry chain as long as the word.
    """
    bits = (BLOCK_ROWS - 1).bit_length()
    group, rest = count[bits:], count[:bits]
    some = Cat([rest > k for k in range(BLOCK_ROWS - 1)], C(0, 1))
    return Cat(
        (group > g).replicate(BLOCK_ROWS) | (some & (group == g).replicate(BLOCK_ROWS))
        for g in range(width // BLOCK_ROWS)
    )
