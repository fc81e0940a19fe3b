"""The flow controller: address events to memory reads and PE states."""

from amaranth import *
from amaranth.lib import enum, stream
from amaranth.lib.wiring import In, Out

from rtl.aer import event_layout
from rtl.hierarchy import Block
from rtl.pe import PEState


class Slot(enum.Enum, shape=2):
    """What arrives at the PEs this cycle: the event of the cycle before, now with its weights."""

    EMPTY = 0
    SPIKE = 1
    END = 2


class FlowController(Block):
    """Sequences one layer: a two-stage pipeline of memory read and PE operation.

    In the cycle that an address event is taken the banks are read; in the next one its weights
    stand at the PEs, which integrate them. An ``end`` event makes the PEs fire, unless the spike
    vector before is still waiting to be taken: then the whole pipeline holds.

    Parameters
    ----------
    inputs
        Fan-in of the layer.

    Members
    -------
    events : In(stream.Signature(event_layout(inputs)))
        From the AER encoder. ``ready`` falls only while firing has to wait.
    read : Out(1)
        Read the banks at the event's address.
    state : Out(PEState)
        To all PEs.
    valid : Out(1), ready : In(1)
        Handshake of the layer's output spike vector, which the PEs hold.
    busy : Out(1)
        A timestep is at work in this pipeline.

    Latency: the PEs fire in the cycle after the ``end`` event was taken, ``valid`` rises one later.

    Source: TW-SNN sec. 4.1 (``i_state``), fig. 6; Yin 2017 (layers overlap timesteps).
    """

    def __init__(self, *, inputs: int):
        self._inputs = inputs
        super().__init__(
            {
                "events": In(stream.Signature(event_layout(inputs))),
                "read": Out(1),
                "state": Out(PEState),
                "valid": Out(1),
                "ready": In(1),
                "busy": Out(1),
            }
        )

    @property
    def module_name(self) -> str:
        """Name of the Verilog module."""
        return f"flow_controller_{self._inputs}"

    def elaborate(self, platform):
        """Build the module."""
        m = Module()
        slot = Signal(Slot)
        open_ = Signal()  # the potentials hold part of a timestep
        wait = Signal()
        fire = Signal()
        m.d.comb += [
            wait.eq((slot == Slot.END) & self.valid & ~self.ready),
            fire.eq((slot == Slot.END) & ~wait),
            self.events.ready.eq(~wait),
            self.read.eq(self.events.valid & ~wait & ~self.events.payload.end),
            self.busy.eq(open_ | (slot != Slot.EMPTY)),
        ]

        with m.If(~wait):
            with m.If(~self.events.valid):
                m.d.sync += slot.eq(Slot.EMPTY)
            with m.Elif(self.events.payload.end):
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
