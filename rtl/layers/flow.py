"""The flow controller: spikes to memory reads and PE states."""

from amaranth import *
from amaranth.lib import enum, stream
from amaranth.lib.wiring import In, Out

from trispike.rtl.hierarchy import Block, lanes_suffix
from trispike.rtl.layers.lanes import spikes_layout
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

    Members
    -------
    events : In(stream.Signature(spikes_layout(inputs, lanes)))
        From the encoder. ``ready`` falls only while firing has to wait.
    read : Out(lanes)
        Bit l: read the banks of lane l at the address of its spike.
    state : Out(PEState)
        To all PEs.
    valid : Out(1), ready : In(1)
        Handshake of the layer's output spike vector, which the PEs hold.
    busy : Out(1)
        A timestep is at work in this pipeline.

    Latency: the PEs fire in the cycle after the end was taken, ``valid`` rises one later.

    Source: TW-SNN sec. 4.1 (``i_state``), fig. 6; Yin 2017 (layers overlap timesteps).
    """

    inputs = Parameter(int, least=1)
    lanes = Parameter(int, least=1)

    def __init__(self, *, inputs: int, lanes: int = 1):
        self.inputs, self.lanes = inputs, lanes
        super().__init__(
            {
                "events": In(stream.Signature(spikes_layout(inputs, lanes))),
                "read": Out(lanes),
                "state": Out(PEState),
                "valid": Out(1),
                "ready": In(1),
                "busy": Out(1),
            }
        )

    @property
    def module_name(self) -> str:
        return f"flow_controller_{self.inputs}{lanes_suffix(self.lanes)}"

    def elaborate(self, platform):
        m = Module()
        slot = Signal(Slot)
        open_ = Signal()  # the potentials hold part of a timestep
        wait = Signal()
        fire = Signal()
        end = Signal()
        m.d.comb += [
            end.eq(~self.events.payload.spikes.any()),
            wait.eq((slot == Slot.END) & self.valid & ~self.ready),
            fire.eq((slot == Slot.END) & ~wait),
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

        with m.If(slot == Slot.SPIKE):
            m.d.comb += self.state.eq(PEState.INTEGRATE)
            m.d.sync += open_.eq(1)
        with m.Elif(fire):
            m.d.comb += self.state.eq(PEState.FIRE)
            m.d.sync += open_.eq(0)
        with m.Elif((slot == Slot.EMPTY) & ~open_):
            m.d.comb += self.state.eq(PEState.BIAS)

        with m.If(fire):
            m.d.sync += self.valid.eq(1)
        with m.Elif(self.ready):
            m.d.sync += self.valid.eq(0)
        return m
