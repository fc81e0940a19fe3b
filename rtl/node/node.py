"""A node of the scalable chip: neuron cluster and network interface. Its router is the mesh's."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.memory_map import LINE_BITS, STATUS, WEIGHT_LINES, Line, memory_map
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.configuration import Target, Write
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.noc.flit import FlitStream, assemble
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.interface import NetworkInterface
from trispike.rtl.node.lines import column, is_line_of

_BANK_BITS = (WEIGHT_LINES - 1).bit_length()

_TARGETS = {
    Line.WEIGHTS: Target.WEIGHTS,
    Line.BIAS: Target.BIAS,
    Line.CONSTANTS: Target.CONSTANTS,
}
"""What the cluster holds, and how it is written."""


class Node(Block):
    """256 neurons on the network.

    Parameters
    ----------
    shape
        What the node is.

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

    def __init__(self, *, shape: NodeShape):
        self._shape = shape
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
    def shape(self) -> NodeShape:
        """What the node is."""
        return self._shape

    @property
    def module_name(self) -> str:
        return f"node_{self._shape}"

    def elaborate(self, platform):
        m = Module()
        interface = NetworkInterface(shape=self._shape)
        cluster = DenseLayer(shape=self._shape.layer, readable=True)
        m.submodules.interface = place(interface, platform)
        m.submodules.cluster = place(cluster, platform)
        connect(m, flipped(self.i), interface.i)
        connect(m, interface.o, flipped(self.o))
        connect(m, interface.spikes, cluster.i)
        connect(m, cluster.o, interface.fired)
        m.d.comb += [
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
        line, write = interface.line, cluster.configuration
        target = Signal(Target)
        m.d.comb += write.payload.eq(
            assemble(
                data.Layout.cast(Write),
                target=target,
                bank=line[:_BANK_BITS],
                row=line[_BANK_BITS:],
                data=interface.write_line,
            )
        )
        for region, its_target in _TARGETS.items():
            with m.If(is_line_of(memory_map(self._shape)[region], line)):
                m.d.comb += [target.eq(its_target), write.valid.eq(interface.write)]

    def _read_lines(self, m: Module, interface: NetworkInterface, cluster: DenseLayer) -> None:
        line, shown = Signal(LINE_BITS), cluster.readback
        regions = memory_map(self._shape)
        reads_weights = is_line_of(regions[Line.WEIGHTS], interface.line)
        m.d.comb += [
            shown.row.eq(interface.line[_BANK_BITS:]),
            shown.read.eq(interface.read & reads_weights),
        ]
        with m.If(interface.read):
            m.d.sync += line.eq(interface.line)
        rows = {
            Line.WEIGHTS: shown.weights,
            Line.BIAS: shown.bias,
            Line.CONSTANTS: Value.cast(shown.constants),
        }
        for first, row in rows.items():
            for k, line_of_row in enumerate(range(0, len(row), BANK_BITS)):
                with m.If(is_line_of(regions[first], line) & (column(regions[first], line) == k)):
                    m.d.comb += interface.read_line.eq(row[line_of_row : line_of_row + BANK_BITS])
