"""The spike sender of a network interface: spike vectors to flits."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.flits import Control, FlitType
from trispike.models.mesh.memory_map import NEURONS
from trispike.models.mesh.node_shape import BLOCK_ROWS, CREDITS, NodeShape
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.noc.flit import FlitStream, SpikeFlit, apart, assemble
from trispike.rtl.node.address_table import AddressEntry, AddressTable
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.lines import TableSignature
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import LowestOne


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

    A flit a cycle, as long as the network takes them.

    ``shape``: neurons and entries of the address look-up table.

    Members
    -------
    i : In(stream.Signature(neurons))
        Output spikes of a timestep. Taken once every destination has given a credit.
    neurons : In(9)
        How many of the neurons are in use; spikes of the others are not sent.
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
            }
        )

    @property
    def module_name(self) -> str:
        return f"spike_sender_{self.shape.neurons}_{self.shape.destinations}"

    def elaborate(self, platform):
        m = Module()
        table = AddressTable(shape=self.shape)
        encoder = AEREncoder(inputs=self.shape.neurons)
        m.submodules.table = place(table, platform)
        connect(m, flipped(self.table), table.table)
        m.submodules.encoder = place(encoder, platform)
        may_send = self._count_credits(m, table, platform)
        m.d.comb += [
            table.source.eq(self.source),
            table.from_host.eq(self.from_host),
            encoder.i.payload.eq(self.i.payload & _lowest(self.neurons, self.shape.neurons)),
            encoder.i.valid.eq(self.i.valid & may_send),
            self.i.ready.eq(encoder.i.ready & may_send),
            self.sending.eq(encoder.busy),
            self.blocked.eq(self.i.valid & ~may_send),
        ]
        self._send(m, table, encoder)
        return m

    def _count_credits(self, m: Module, table: AddressTable, platform) -> Value:
        """One counter for each destination; returns whether all have a credit."""
        begins = self.i.valid & self.i.ready
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
        sent = Signal(width)  # destinations that have the event already
        step = Signal(2)
        to = table.to
        event = encoder.o.payload
        left = Signal(width)
        last = Signal()
        leaves = Signal()
        m.d.comb += [
            left.eq(Cat(entry.valid for entry in table.table.entries) & ~sent),
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
                    neuron=Mux(event.end, Control.END, event.address),
                    to_host=to.to_host,
                )
            ),
            self.o.valid.eq(encoder.o.valid & following.any),
            leaves.eq(self.o.valid & self.o.ready),
            encoder.o.ready.eq(last & (self.o.ready | ~following.any)),
        ]
        with m.If(encoder.o.valid & encoder.o.ready):
            m.d.sync += sent.eq(0)
            with m.If(event.end):
                m.d.sync += step.eq(step + 1)
        with m.Elif(leaves):
            m.d.sync += sent.eq(sent | following.one_hot)
        with m.If(self.table.write):
            m.d.sync += step.eq(0)


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
