"""A node of the scalable chip: neuron cluster and network interface. Its router is the mesh's."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, connect, flipped

from trispike.models.mesh.node import LINE_BITS, ROW_LINES, STATUS, Line, NodeShape
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.configuration import Target, Write
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.noc.flit import FlitStream, assemble
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.interface import NetworkInterface

_BANK_BITS = (ROW_LINES - 1).bit_length()


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
        `models.mesh.node.STATUS`; 0 as long as all goes well.

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
        targets = (
            (line < Line.BIAS, Target.WEIGHTS),
            ((line >= Line.BIAS) & (line < Line.CONSTANTS), Target.BIAS),
            (line == Line.CONSTANTS, Target.CONSTANTS),
        )
        for chosen, there in targets:
            with m.If(chosen):
                m.d.comb += [target.eq(there), write.valid.eq(interface.write)]

    def _read_lines(self, m: Module, interface: NetworkInterface, cluster: DenseLayer) -> None:
        line, shown = Signal(LINE_BITS), cluster.readback
        banks = range(len(self._shape.layer.banks))
        bank = line[:_BANK_BITS]
        m.d.comb += [
            shown.row.eq(interface.line[_BANK_BITS:]),
            shown.read.eq(interface.read & (interface.line < Line.BIAS)),
        ]
        with m.If(interface.read):
            m.d.sync += line.eq(interface.line)
        for chosen, rows in (
            (line < Line.BIAS, shown.weights),
            ((line >= Line.BIAS) & (line < Line.CONSTANTS), shown.bias),
        ):
            with m.If(chosen), m.Switch(bank):
                for b in banks:
                    with m.Case(b):
                        m.d.comb += interface.read_line.eq(
                            rows[BANK_BITS * b : BANK_BITS * (b + 1)]
                        )
        with m.If(line == Line.CONSTANTS):
            m.d.comb += interface.read_line.eq(shown.constants)
