"""The network interface: between a node's router and its neuron cluster."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.flits import Control, FlitType
from trispike.models.mesh.memory_map import STATUS, WORD_BITS, Line, memory_map
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.network.numbers import BANK_BITS, POTENTIAL_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.flit import FlitStream, SpikeFlit
from trispike.rtl.noc.output_unit import OutputUnit
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.lines import LineSignature
from trispike.rtl.node.memory_slave import MemorySlave
from trispike.rtl.node.receiver import SpikeReceiver
from trispike.rtl.node.sender import SpikeSender
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import View, below, flit_stream

DEPTH = 2
"""Flits in the buffers to and from the router: they keep either way busy in every cycle."""

Status = data.StructLayout({name: field.width for name, field in STATUS.items()})


def told(shape: NodeShape) -> dict[str, str]:
    """What a cluster is told of `Line.NEURONS`: its port, and the field that it is."""
    ports = {"timesteps": "timesteps", "forgets": "forgets"}
    if shape.neuron.carries:
        ports["silent"] = "potentials"
    fields = memory_map(shape)[Line.NEURONS].fields
    return {port: field for port, field in ports.items() if field in fields}


class NetworkInterface(Block):
    """Spike receiver, spike sender and memory slave behind one pair of links.

    ``shape``: what the node is.

    Members
    -------
    i : In(FlitStream), o : Out(FlitStream)
        From the router and to it. All that the router sees comes from registers.
    here : In(9)
        Coordinates of this node, constant.
    spikes : Out(stream.Signature(inputs))
        To the cluster: input spikes of a timestep.
    fired : In(stream.Signature(neurons))
        From the cluster: its output spikes of a timestep.
    potentials : In(18 * neurons)
        From the cluster, beside ``fired``; only there if the shape has it.
    timesteps : Out(8), silent, forgets : Out(1)
        To the cluster, see `rtl.layers.dense.DenseLayer`; there if the cluster has them.
    computing : In(1)
        The cluster has a timestep at work.
    memory : Out(LineSignature())
        The cluster's memory.
    quiet : Out(1)
        Nothing is pending, at work, under way or to be sent in this node.
    sending, blocked : Out(1)
        See `rtl.node.sender.SpikeSender`.
    status : Out(Status)
        See `models.mesh.memory_map.STATUS`.

    Source: TW-SNN sec. 4.3, fig. 8(b).
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        potentials = {"potentials": In(POTENTIAL_BITS * shape.neurons)}
        fields = memory_map(shape)[Line.NEURONS].fields
        super().__init__(
            {
                "i": In(FlitStream),
                "o": Out(FlitStream),
                "here": In(NODE_BITS),
                "spikes": Out(stream.Signature(shape.inputs)),
                "fired": In(stream.Signature(shape.neurons)),
                "computing": In(1),
                "memory": Out(LineSignature()),
                "quiet": Out(1),
                "sending": Out(1),
                "blocked": Out(1),
                "status": Out(Status),
                **(potentials if shape.potentials else {}),
                **{port: Out(fields[field].width) for port, field in told(shape).items()},
            }
        )

    @property
    def module_name(self) -> str:
        return f"network_interface_{self.shape}"

    @staticmethod
    def views() -> dict[str, tuple[View, ...]]:
        """Of receiver and sender, and of what is in front of them, by name."""
        return {
            "receiver": below("receiver", SpikeReceiver.views()),
            "sender": below("sender", SpikeSender.views()),
            "interface": (
                *flit_stream("arrived.o"),
                *below("slave", MemorySlave.views()),
                *flit_stream("leaving.i"),
            ),
        }

    def elaborate(self, platform):
        m = Module()
        shape = self.shape
        receiver = SpikeReceiver(shape=shape)
        sender = SpikeSender(shape=shape)
        slave = MemorySlave(shape=shape)
        m.submodules.receiver = place(receiver, platform)
        m.submodules.sender = place(sender, platform)
        m.submodules.slave = place(slave, platform)
        m.submodules.arrived = arrived = FlitBuffer(depth=DEPTH)
        m.submodules.leaving = leaving = FlitBuffer(depth=DEPTH)
        output = OutputUnit(inputs=3)
        m.submodules.output = place(output, platform)
        connect(m, flipped(self.i), arrived.i)
        connect(m, leaving.o, flipped(self.o))
        connect(m, output.o, leaving.i)
        connect(m, receiver.o, flipped(self.spikes))
        connect(m, flipped(self.fired), sender.i)
        for k, leaver in enumerate((receiver.credits, slave.o, sender.o)):
            m.d.comb += [
                output.requests[k].eq(leaver.valid),
                output.flits[k].eq(leaver.payload),
                leaver.ready.eq(output.taken[k]),
            ]
        self._sort(m, arrived, receiver, sender, slave)
        self._map_lines(m, receiver, sender, slave)

        at_work = receiver.pending | self.computing | self.fired.valid | sender.sending
        m.d.comb += [
            receiver.here.eq(self.here),
            sender.here.eq(self.here),
            slave.here.eq(self.here),
            receiver.hold.eq(slave.hold),
            slave.quiet.eq(~at_work),
            self.quiet.eq(~(at_work | slave.busy | arrived.o.valid | leaving.o.valid)),
            self.sending.eq(sender.sending),
            self.blocked.eq(sender.blocked),
            self.status.refused.eq(receiver.refused),
            self.status.early.eq(receiver.early),
            self.status.late.eq(receiver.late),
            self.status.twice.eq(receiver.twice),
            self.status.overdrawn.eq(sender.overdrawn),
        ]
        return m

    def _sort(self, m: Module, arrived, receiver, sender, slave) -> None:
        """Destination of the oldest queued flit. Only the slave may let it wait."""
        flit = data.View(SpikeFlit, arrived.o.payload)
        spike = arrived.o.valid & (flit.type == FlitType.SPIKE)
        credit = flit.control & (flit.neuron == Control.CREDIT)
        m.d.comb += [
            arrived.o.ready.eq((flit.type == FlitType.SPIKE) | slave.i.ready),
            slave.i.valid.eq(arrived.o.valid & (flit.type == FlitType.MEMORY)),
            slave.i.payload.eq(arrived.o.payload),
            receiver.valid.eq(spike & ~credit),
            receiver.flit.eq(arrived.o.payload),
            sender.credit.eq(spike & credit),
            sender.source.eq(Cat(flit.source_x, flit.source_y, flit.source_z)),
            sender.from_host.eq(flit.from_host),
        ]

    def _map_lines(self, m: Module, receiver, sender, slave) -> None:
        """The lines that the interface holds itself; the others are the cluster's."""
        asked = slave.memory
        fields = memory_map(self.shape)[Line.NEURONS].fields
        neurons = Signal(sum(field.width for field in fields.values()), reset_less=True)

        def held_as(name: str) -> Value:
            return neurons[fields[name].lowest :][: fields[name].width]

        held = {
            Line.NEURONS: neurons,
            Line.AER_LUT: words(receiver.table.entries),
            Line.ADDRESS_LUT: words(sender.table.entries),
            Line.STATUS: self.status,
        }
        shown, one_of_these = Signal(BANK_BITS), Signal()  # what was read last
        if self.shape.potentials:
            m.d.comb += [
                sender.sends_potentials.eq(held_as("potentials")),
                sender.potentials.eq(self.potentials),
            ]
        m.d.comb += [
            sender.neurons.eq(held_as("neurons")),
            *(getattr(self, port).eq(held_as(field)) for port, field in told(self.shape).items()),
            *(
                getattr(self.memory, name).eq(getattr(asked, name))
                for name in ("line", "read", "write", "write_line")
            ),
            receiver.table.line.eq(asked.write_line),
            sender.table.line.eq(asked.write_line),
            receiver.table.write.eq(asked.write & (asked.line == Line.AER_LUT)),
            sender.table.write.eq(asked.write & (asked.line == Line.ADDRESS_LUT)),
            asked.read_line.eq(Mux(one_of_these, shown, self.memory.read_line)),
        ]
        with m.If(asked.write & (asked.line == Line.NEURONS)):
            m.d.sync += neurons.eq(asked.write_line)
        with m.If(asked.read):
            m.d.sync += one_of_these.eq(0)
            with m.Switch(asked.line):
                for line, value in held.items():
                    with m.Case(line):
                        m.d.sync += [one_of_these.eq(1), shown.eq(value)]


def words(entries: data.View) -> Value:
    """A line with an entry of a look-up table in each word."""
    bits = [entry.as_value() for entry in entries]
    return Cat(Cat(entry, C(0, WORD_BITS - len(entry))) for entry in bits)
