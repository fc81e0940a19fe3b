"""The address look-up table: where the spikes of a node go."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import node_code
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.memory_map import ADDRESS_ENTRY, WORD_BITS
from trispike.models.mesh.node_shape import NodeShape
from trispike.rtl.hierarchy import Block
from trispike.rtl.node.aer_table import NODE_BITS
from trispike.rtl.node.lines import TableSignature
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import one_hot_select

AddressEntry = data.StructLayout({name: field.width for name, field in ADDRESS_ENTRY.items()})


class AddressTable(Block):
    """Holds the destinations of a node's spikes. Combinational but for writes.

    ``shape``: number of entries.

    Members
    -------
    choice : In(destinations)
        An entry, one-hot.
    to : Out(AddressEntry)
        What is in it; 0 without a choice.
    source : In(9), from_host : In(1)
        A node, or the host that stands there.
    entry : Out(destinations)
        The entry that names it, one-hot; 0 if none does. An entry names the host by ``to_host`` and
        node 0.0.0; at any other node ``to_host`` makes multicasts of its flits.
    table : In(TableSignature(AddressEntry, destinations))
        The table itself.

    The contents survive a reset.

    Source: TW-SNN sec. 4.3, fig. 8(b).
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        super().__init__(
            {
                "choice": In(shape.destinations),
                "to": Out(AddressEntry),
                "source": In(NODE_BITS),
                "from_host": In(1),
                "entry": Out(shape.destinations),
                "table": In(TableSignature(AddressEntry, shape.destinations)),
            }
        )

    @property
    def module_name(self) -> str:
        return f"address_table_{self.shape.destinations}"

    def elaborate(self, platform):
        m = Module()
        entries = Signal(data.ArrayLayout(AddressEntry, self.shape.destinations), reset_less=True)
        m.d.comb += [
            self.table.entries.eq(entries),
            self.to.eq(one_hot_select(self.choice, [entry.as_value() for entry in entries])),
        ]
        with m.If(self.table.write):
            m.d.sync += [
                entry.eq(self.table.line.word_select(k, WORD_BITS))
                for k, entry in enumerate(entries)
            ]
        for k, entry in enumerate(entries):
            host = entry.to_host & (entry.node == node_code(HOST))
            named = (entry.node == self.source) & (host == self.from_host)
            m.d.comb += self.entry[k].eq(entry.valid & named)
        return m
