"""The flow controller: spikes to memory reads and PE states."""

from amaranth import *
from amaranth.lib import enum, stream
from amaranth.lib.wiring import In, Out

from trispike.rtl.hierarchy import Block, lanes_suffix
from trispike.rtl.layers.lanes import spikes_layout
from trispike.rtl.neuron.operations import Operation
from trispike.rtl.neuron.pe import PEState
from trispike.rtl.parameters import Parameter


class Slot(enum.Enum, shape=2):
    """What arrives at the PEs: what was taken in the cycle before, now with its weights."""

    EMPTY = 0
    SPIKE = 1
    END = 2


class FlowController(Block):
    """Sequences one layer: a two-stage pipeline of memory read and PE operation.

    In the cycle that spikes are taken their lanes' banks are read; in the next one the weights
    stand at the PEs, which integrate them. The end of a timestep makes the PEs fire, unless the
    spike vector before is still waiting to be taken: then the whole pipeline holds.

    - ``inputs``: fan-in of the layer.
    - ``lanes``: spikes that may come in one cycle.
    - ``sequence``: operations that end a timestep, `rtl.neuron.operations.sequence`; empty where
      PEs fire and are ready for the next timestep in one cycle.

    Members
    -------
    events : In(stream.Signature(spikes_layout(inputs, lanes)))
        From the encoder. ``ready`` falls only while firing has to wait.
    read : Out(lanes)
        Bit l: read the banks of lane l at the address of its spike.
    state : Out(PEState) or Out(Operation)
        To all PEs.
    reload : In(1)
        Between timesteps: from the next cycle on PEs start from something else than before. Not
        there with a sequence.
    first, last : In(1), clear : Out(1), done : Out(1)
        Only with a sequence: the timestep at work is its image's first, its last; PEs forget what
        they carry; the timestep ends with this cycle.
    valid : Out(1), ready : In(1)
        Handshake of the layer's output spike vector, which the PEs hold.
    busy : Out(1)
        A timestep is at work in this pipeline.

    Latency: the PEs fire, or a sequence begins, in the cycle after the end was taken; ``valid``
    rises one after they fire. A sequence holds the pipeline up to its last cycle.

    Source: TW-SNN sec. 4.1 (``i_state``), fig. 6; Yin 2017 (layers overlap timesteps).
    """

    inputs = Parameter(int, least=1)
    lanes = Parameter(int, least=1)
    sequence = Parameter(tuple)

    def __init__(self, *, inputs: int, lanes: int = 1, sequence: tuple[Operation, ...] = ()):
        self.inputs, self.lanes, self.sequence = inputs, lanes, sequence
        image = {"first": In(1), "last": In(1), "clear": Out(1), "done": Out(1)}
        super().__init__(
            {
                "events": In(stream.Signature(spikes_layout(inputs, lanes))),
                "read": Out(lanes),
                "state": Out(Operation if sequence else PEState),
                **(image if sequence else {"reload": In(1)}),
                "valid": Out(1),
                "ready": In(1),
                "busy": Out(1),
            }
        )

    @property
    def module_name(self) -> str:
        operations = "".join(f"_{each.name.lower()}" for each in self.sequence)
        return f"flow_controller_{self.inputs}{lanes_suffix(self.lanes)}{operations}"

    def elaborate(self, platform):
        m = Module()
        slot = Signal(Slot)
        open_ = Signal()  # the potentials hold part of a timestep
        wait = Signal()
        fire = Signal()
        end = Signal()
        waits = (slot == Slot.END) & self.valid & ~self.ready
        fires = (slot == Slot.END) & ~wait
        if self.sequence:
            waits, fires = self._operate(m, slot, open_)
        m.d.comb += [
            end.eq(~self.events.payload.spikes.any()),
            wait.eq(waits),
            fire.eq(fires),
            self.events.ready.eq(~wait),
            self.busy.eq(open_ | (slot != Slot.EMPTY)),
        ]

        with m.If(self.events.valid & ~wait):
            m.d.comb += self.read.eq(self.events.payload.spikes)
        with m.If(~wait):
            with m.If(~self.events.valid):
                m.d.sync += slot.eq(Slot.EMPTY)
            with m.Elif(end):
                m.d.sync += slot.eq(Slot.END)
            with m.Else():
                m.d.sync += slot.eq(Slot.SPIKE)

        if not self.sequence:
            stale = Signal(init=1)  # PEs must load what they start from, which firing has not done
            with m.If(slot == Slot.SPIKE):
                m.d.comb += self.state.eq(PEState.INTEGRATE)
                m.d.sync += open_.eq(1)
            with m.Elif(fire):
                m.d.comb += self.state.eq(PEState.FIRE)
                m.d.sync += open_.eq(0)
            with m.Elif((slot == Slot.EMPTY) & ~open_ & stale):
                m.d.comb += self.state.eq(PEState.BIAS)
                m.d.sync += stale.eq(0)
            with m.If(self.reload):
                m.d.sync += stale.eq(1)

        with m.If(fire):
            m.d.sync += self.valid.eq(1)
        with m.Elif(self.ready):
            m.d.sync += self.valid.eq(0)
        return m

    def _operate(self, m: Module, slot: Signal, open_: Signal) -> tuple[Value, Value]:
        """The sequence's operations, one after the other.

        Returns whether it goes on in the next cycle, and whether the PEs fire in this one.
        """
        position = Signal(range(len(self.sequence)))
        at_end, firing = slot == Slot.END, position == self.sequence.index(Operation.FIRE)
        goes = Signal()  # one that is to fire waits until the spike vector before is taken
        m.d.comb += [
            goes.eq(at_end & ~(firing & self.valid & ~self.ready)),
            self.done.eq(goes & (position == len(self.sequence) - 1)),
            self.clear.eq((self.done & self.last) | ((slot == Slot.EMPTY) & ~open_ & self.first)),
        ]
        with m.If(slot == Slot.SPIKE):
            m.d.comb += self.state.eq(Mux(open_, Operation.INTEGRATE, Operation.BEGIN))
            m.d.sync += open_.eq(1)
        with m.If(goes):
            with m.Switch(position):
                for k, operation in enumerate(self.sequence):
                    with m.Case(k):
                        m.d.comb += self.state.eq(operation)
            m.d.sync += position.eq(Mux(self.done, 0, position + 1))
        with m.If(self.done):
            m.d.sync += open_.eq(0)
        return at_end & ~self.done, goes & firing
