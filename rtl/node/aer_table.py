"""The AER look-up table: source and neuron to weight row."""

from amaranth import *
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import SPIKE
from trispike.models.mesh.memory_map import AER_ENTRY, WORD_BITS
from trispike.models.mesh.node_shape import BLOCK_ROWS, NodeShape
from trispike.rtl.hierarchy import Block
from trispike.rtl.node.lines import TableSignature
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import one_hot_select

NODE_BITS = AER_ENTRY["source"].width
"""Width of a node's coordinates together."""

AEREntry = data.StructLayout({name: field.width for name, field in AER_ENTRY.items()})


class AERTable(Block):
    """Finds whom a spike flit comes from, and the weight row of its neuron. Combinational.

    ``shape``: number of entries and of weight rows.

    Members
    -------
    source : In(9), from_host : In(1), neuron : In(8)
        Of a spike flit.
    entry : Out(sources)
        The entry that knows the source, one-hot; 0 if none does.
    row : Out(log2(inputs))
        Weight row of the neuron.
    exists : Out(1)
        The node has that row.
    table : In(TableSignature(AEREntry, sources))
        The table itself.

    The contents survive a reset.

    Source: TW-SNN sec. 4.3, fig. 8(b).
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        super().__init__(
            {
                "source": In(NODE_BITS),
                "from_host": In(1),
                "neuron": In(SPIKE["neuron"].width),
                "entry": Out(shape.sources),
                "row": Out(range(shape.inputs)),
                "exists": Out(1),
                "table": In(TableSignature(AEREntry, shape.sources)),
            }
        )

    @property
    def module_name(self) -> str:
        return f"aer_table_{self.shape.inputs}_{self.shape.sources}"

    def elaborate(self, platform):
        m = Module()
        entries = Signal(data.ArrayLayout(AEREntry, self.shape.sources), reset_less=True)
        m.d.comb += self.table.entries.eq(entries)
        with m.If(self.table.write):
            m.d.sync += [
                entry.eq(self.table.line.word_select(k, WORD_BITS))
                for k, entry in enumerate(entries)
            ]
        for k, entry in enumerate(entries):
            known = (entry.source == self.source) & (entry.from_host == self.from_host)
            m.d.comb += self.entry[k].eq(entry.valid & known)
        block = Signal(AER_ENTRY["block"].width)
        row = Signal(len(block) + (BLOCK_ROWS - 1).bit_length() + 1)
        m.d.comb += [
            block.eq(one_hot_select(self.entry, [entry.block for entry in entries])),
            row.eq(block * BLOCK_ROWS + self.neuron),
            self.row.eq(row),
            self.exists.eq(row < self.shape.inputs),
        ]
        return m
