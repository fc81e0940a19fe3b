"""A node of the scalable chip: neuron cluster and network interface. Its router is the mesh's."""

from amaranth import *
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.memory_map import LINE_BITS, STATUS, Line, memory_map, neuron_line
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.configuration import Target, Write
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.noc.flit import FlitStream, assemble
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.interface import NetworkInterface, told
from trispike.rtl.node.lines import column, is_line_of
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import View, below


class Node(Block):
    """256 neurons on the network.

    ``shape``: what the node is.

    Members
    -------
    i : In(FlitStream), o : Out(FlitStream)
        From the router and to it. Every output of a node comes from registers.
    here : In(9)
        Coordinates of this node, x lowest; constant.
    quiet : Out(1)
        Nothing is pending, at work, under way or to be sent: without a flit, nothing changes.
    computing : Out(1)
        The cluster has a timestep at work.
    sending, blocked : Out(1)
        See `rtl.node.sender.SpikeSender`.
    status : Out(20)
        `models.mesh.memory_map.STATUS`; 0 as long as all goes well.

    Source: TW-SNN sec. 4.3, fig. 8.
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        super().__init__(
            {
                "i": In(FlitStream),
                "o": Out(FlitStream),
                "here": In(NODE_BITS),
                "quiet": Out(1),
                "computing": Out(1),
                "sending": Out(1),
                "blocked": Out(1),
                "status": Out(sum(field.width for field in STATUS.values())),
            }
        )

    @property
    def module_name(self) -> str:
        return f"node_{self.shape}"

    @staticmethod
    def views(shape: NodeShape, neurons: int) -> dict[str, tuple[View, ...]]:
        """Of each block of a node of ``shape``, in the order of spikes; the first ``neurons``."""
        blocks = {
            name: below("interface", views) for name, views in NetworkInterface.views().items()
        }
        layer = DenseLayer.views(shape.layer, range(min(neurons, shape.neurons)))
        return {
            "receiver": blocks["receiver"],
            "layer": below("cluster", layer),
            "sender": blocks["sender"],
            "interface": blocks["interface"],
        }

    def elaborate(self, platform):
        m = Module()
        interface = NetworkInterface(shape=self.shape)
        potentials = self.shape.potentials
        cluster = DenseLayer(
            shape=self.shape.layer,
            readable=True,
            shows=potentials,
            forgetful=self.shape.forgets,
        )
        m.submodules.interface = place(interface, platform)
        m.submodules.cluster = place(cluster, platform)
        connect(m, flipped(self.i), interface.i)
        connect(m, interface.o, flipped(self.o))
        connect(m, interface.spikes, cluster.i)
        connect(m, cluster.o, interface.fired)
        m.d.comb += [
            *([interface.potentials.eq(cluster.potentials)] if potentials else []),
            *(getattr(cluster, name).eq(getattr(interface, name)) for name in told(self.shape)),
            interface.here.eq(self.here),
            # A layer takes configuration writes in all cycles but those with a timestep at work.
            interface.computing.eq(~cluster.configuration.ready),
            self.quiet.eq(interface.quiet),
            self.computing.eq(interface.computing),
            self.sending.eq(interface.sending),
            self.blocked.eq(interface.blocked),
            self.status.eq(interface.status),
        ]
        self._write_lines(m, interface, cluster)
        self._read_lines(m, interface, cluster)
        return m

    def _write_lines(self, m: Module, interface: NetworkInterface, cluster: DenseLayer) -> None:
        line, write, regions = interface.memory.line, cluster.configuration, memory_map(self.shape)
        weights = regions[Line.WEIGHTS]
        target, bank, row = Signal(Target), Signal(4), Signal(10)
        m.d.comb += [
            bank.eq(column(weights, line)),
            row.eq(line[len(column(weights, line)) :]),
            write.payload.eq(
                assemble(Write, target=target, bank=bank, row=row, data=interface.memory.write_line)
            ),
        ]
        targets = {Line.WEIGHTS: Target.WEIGHTS, Line.CONSTANTS: Target.CONSTANTS}
        targets |= {neuron_line(field): Target.BIAS for field in self.shape.layer.neuron_fields}
        for first, its_target in targets.items():
            with m.If(is_line_of(regions[first], line)):
                m.d.comb += [target.eq(its_target), write.valid.eq(interface.memory.write)]
        first_row = 0
        for field in self.shape.layer.neuron_fields:
            if not field.ternary:  # whose line is the bank's, and row 0
                region = regions[neuron_line(field)]
                words = (field.words_a_bank - 1).bit_length()
                with m.If(is_line_of(region, line)):
                    m.d.comb += [
                        bank.eq(column(region, line)[words:]),
                        row.eq(first_row + column(region, line)[:words]),
                    ]
            first_row += field.words_a_bank

    def _read_lines(self, m: Module, interface: NetworkInterface, cluster: DenseLayer) -> None:
        line, shown = Signal(LINE_BITS), cluster.readback
        regions = memory_map(self.shape)
        weights = regions[Line.WEIGHTS]
        m.d.comb += [
            shown.row.eq(interface.memory.line[len(column(weights, line)) :]),
            shown.read.eq(interface.memory.read & is_line_of(weights, interface.memory.line)),
        ]
        with m.If(interface.memory.read):
            m.d.sync += line.eq(interface.memory.line)
        rows = {Line.WEIGHTS: shown.weights, Line.CONSTANTS: Value.cast(shown.constants)}
        for field in self.shape.layer.neuron_fields:
            values = getattr(shown, field.name)
            gap = C(0, field.slot_bits - field.bits)
            rows[neuron_line(field)] = Cat(
                Cat(values.word_select(k, field.bits), gap) for k in range(self.shape.neurons)
            )
        for first, row in rows.items():
            with m.If(is_line_of(regions[first], line)), m.Switch(column(regions[first], line)):
                for k in range(regions[first].width):
                    with m.Case(k):
                        m.d.comb += interface.memory.read_line.eq(
                            row[BANK_BITS * k : BANK_BITS * (k + 1)]
                        )
