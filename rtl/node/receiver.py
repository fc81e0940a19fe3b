"""The spike receiver of a network interface: flits to spike vectors."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import ceil_log2

from trispike.models.mesh.flits import FLIT_BITS, SPIKE, Control, FlitType, node_code
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.memory_map import STATUS
from trispike.models.mesh.node_shape import NodeShape
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.noc.flit import FlitStream, SpikeFlit, apart, assemble
from trispike.rtl.node.aer_table import NODE_BITS, AEREntry, AERTable
from trispike.rtl.node.lines import TableSignature
from trispike.rtl.node.pending import PendingSpikes
from trispike.rtl.node.steps import StepController
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import LowestOne, one_hot_select
from trispike.rtl.view import Radix, View, handshake


class SpikeReceiver(Block):
    """Gathers the spikes of a timestep until all sources have ended it, and gives credits.

    ``shape``: weight rows and entries of the AER look-up table.

    Members
    -------
    valid : In(1), flit : In(32)
        A spike flit, an end too, has come. It is always taken.
    here : In(9)
        Coordinates of this node, constant.
    o : Out(stream.Signature(inputs))
        Input spikes of a timestep, in the order of timesteps.
    hold : In(1)
        Hand no timestep over. May rise only while nothing is ``pending``.
    credits : Out(FlitStream)
        Flits that give credits to the sources.
    pending : Out(1)
        Something has come whose timestep was not handed over, or a credit is owed.
    refused : Out(16), early, late, twice : Out(1)
        See `models.mesh.memory_map.STATUS`.
    table : In(TableSignature(AEREntry, sources))
        The AER look-up table. After a write timesteps begin with number 0 again.

    Latency: ``o`` is valid two cycles after the cycle in which the last end came; the first credit
    one cycle after ``o`` was taken, the others in the cycles after it.

    Source: TW-SNN sec. 4.3; timesteps are docs/node.md's.
    """

    shape = Parameter(NodeShape)

    def __init__(self, *, shape: NodeShape):
        self.shape = shape
        super().__init__(
            {
                "valid": In(1),
                "flit": In(FLIT_BITS),
                "here": In(NODE_BITS),
                "o": Out(stream.Signature(shape.inputs)),
                "hold": In(1),
                "credits": Out(FlitStream),
                "pending": Out(1),
                "refused": Out(STATUS["refused"].width),
                "early": Out(1),
                "late": Out(1),
                "twice": Out(1),
                "table": In(TableSignature(AEREntry, shape.sources)),
            }
        )

    @property
    def module_name(self) -> str:
        return f"spike_receiver_{self.shape.inputs}_{self.shape.sources}"

    @staticmethod
    def views() -> tuple[View, ...]:
        """The flit that came, the timestep that is due, and that it is handed over."""
        return (
            View(signal="valid"),
            View(signal="flit", bits=FLIT_BITS, reads=Radix.FLIT),
            View(signal="steps.due", bits=SPIKE["step"].width, reads=Radix.UNSIGNED),
            View(signal="steps.complete"),
            *handshake("o"),
        )

    def elaborate(self, platform):
        m = Module()
        shape = self.shape
        table = AERTable(shape=shape)
        steps = StepController(sources=shape.sources)
        bitmaps = PendingSpikes(inputs=shape.inputs)
        m.submodules.table = place(table, platform)
        connect(m, flipped(self.table), table.table)
        m.submodules.steps = place(steps, platform)
        m.submodules.bitmaps = place(bitmaps, platform)
        flit = data.View(SpikeFlit, self.flit)

        # What the table says of a flit stands in registers for the next cycle.
        came = Signal()
        row = Signal(ceil_log2(shape.inputs), reset_less=True)
        known = table.entry.any() & Mux(flit.control, flit.neuron == Control.END, table.exists)
        m.d.comb += [
            table.source.eq(Cat(flit.source_x, flit.source_y, flit.source_z)),
            table.from_host.eq(flit.from_host),
            table.neuron.eq(flit.neuron),
            steps.known.eq(Cat(entry.valid for entry in table.table.entries)),
            steps.valid.eq(came),
            steps.restart.eq(self.table.write),
            steps.take.eq(self.o.valid & self.o.ready),
            self.o.valid.eq(steps.complete & ~self.hold),
            self.o.payload.eq(bitmaps.spikes),
            bitmaps.put.eq(steps.accept & ~steps.end),
            bitmaps.parity.eq(steps.step[0]),
            bitmaps.row.eq(row),
            bitmaps.due.eq(steps.due[0]),
            bitmaps.take.eq(steps.take),
            self.pending.eq(steps.pending | came),
        ]
        m.d.sync += [
            came.eq(self.valid & known),
            row.eq(table.row),
            steps.source.eq(table.entry),
            steps.step.eq(flit.step),
            steps.end.eq(flit.control),
        ]
        with m.If(self.valid & ~known & ~self.refused.all()):
            m.d.sync += self.refused.eq(self.refused + 1)
        for broken in ("early", "late", "twice"):
            with m.If(getattr(steps, broken)):
                m.d.sync += getattr(self, broken).eq(1)
        self._give_credits(m, steps, table)
        return m

    def _give_credits(self, m: Module, steps: StepController, table: AERTable) -> None:
        m.submodules.first = first = LowestOne(width=self.shape.sources)
        entry = Signal(AEREntry)
        at_host = entry.from_host  # a virtual node stands where the host does
        to = Mux(at_host, C(node_code(HOST), NODE_BITS), entry.source)
        m.d.comb += [
            first.bits.eq(steps.owed),
            entry.eq(one_hot_select(first.one_hot, [e.as_value() for e in table.table.entries])),
            self.credits.valid.eq(first.any),
            self.credits.payload.eq(
                assemble(
                    SpikeFlit,
                    type=FlitType.SPIKE,
                    **apart(to),
                    step=steps.due - 1,
                    control=1,
                    **apart(self.here, "source_"),
                    neuron=Control.CREDIT,
                    to_host=at_host,
                )
            ),
            steps.credited.eq(first.one_hot & self.credits.ready.replicate(len(first.bits))),
        ]
