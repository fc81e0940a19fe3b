"""One fully connected layer: encoder, flow controller, weight memory and an array of PEs."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect

from trispike.models.network.description import LayerShape
from trispike.models.network.numbers import WEIGHT_BITS
from trispike.rtl.hierarchy import Block, lanes_suffix, place
from trispike.rtl.layers.configuration import Constants, LayerRegisters, Write
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.lanes import LaneEncoder
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.neuron.scale import Scale


def readback_signature(shape: LayerShape) -> wiring.Signature:
    """What a readable layer of ``shape`` shows.

    ``row`` and ``read``: read the weights of presynaptic neuron ``row``. They stand in ``weights``
    from the next cycle until the next read; ``bias`` and ``constants`` always show what is held.
    """
    return wiring.Signature(
        {
            "row": In(range(shape.inputs)),
            "read": In(1),
            "weights": Out(WEIGHT_BITS * shape.neurons),
            "bias": Out(WEIGHT_BITS * shape.neurons),
            "constants": Out(Constants),
        }
    )


class Layer(Block):
    """A layer module: in each cycle all its PEs integrate one presynaptic spike of every lane.

    Parameters
    ----------
    shape
        Fan-in, number of neurons and lanes; they decide the number and size of the banks.
    readable
        What the layer holds can be read back; only with one lane.

    Members
    -------
    i : In(stream.Signature(inputs))
        Input spike vector of a timestep.
    o : Out(stream.Signature(neurons))
        Output spike vector of that timestep.
    configuration : In(stream.Signature(Write))
        Writes for this layer; taken only while no timestep is at work. One that is taken in the
        same cycle as an input vector holds for that vector already.
    readback : Out(readback_signature(shape))
        Reads what the layer holds, while no timestep is at work; only there if ``readable``.

    Timing: with N input spikes in its busiest lane a timestep occupies the layer for N + 1 cycles;
    its output is valid N + 3 cycles after its input was taken, later if the output of the timestep
    before has to wait. A timestep may be at work meanwhile.

    Source: TW-SNN sec. 4.2, fig. 6-7.
    """

    def __init__(self, *, shape: LayerShape, readable: bool = False):
        self._shape, self._readable = shape, readable
        members = {
            "i": In(stream.Signature(shape.inputs)),
            "o": Out(stream.Signature(shape.neurons)),
            "configuration": In(stream.Signature(Write)),
        }
        if readable:
            members["readback"] = Out(readback_signature(shape))
        super().__init__(members)

    @property
    def shape(self) -> LayerShape:
        """Fan-in, number of neurons and lanes."""
        return self._shape

    @property
    def module_name(self) -> str:
        shape = self._shape
        readable = "_readable" if self._readable else ""
        return f"layer_{shape.inputs}x{shape.neurons}{lanes_suffix(shape.lanes)}{readable}"

    def elaborate(self, platform):
        m = Module()
        shape = self._shape
        encoder = LaneEncoder(inputs=shape.inputs, lanes=shape.lanes)
        flow = FlowController(inputs=shape.inputs, lanes=shape.lanes)
        registers = LayerRegisters(shape=shape)
        memory = WeightMemory(shape=shape)
        scale = Scale(lanes=shape.lanes)
        m.submodules.encoder = place(encoder, platform)
        m.submodules.flow = place(flow, platform)
        m.submodules.registers = place(registers, platform)
        m.submodules.memory = place(memory, platform)
        m.submodules.scale = scale
        connect(m, wiring.flipped(self.i), encoder.i)
        connect(m, encoder.o, flow.events)
        connect(m, wiring.flipped(self.configuration), registers.writes)
        m.d.comb += [
            registers.enable.eq(~encoder.busy & ~flow.busy),
            self.o.valid.eq(flow.valid),
            flow.ready.eq(self.o.ready),
            scale.state.eq(flow.state),
            scale.a.eq(registers.constants.a),
            scale.b.eq(registers.constants.b),
            memory.addresses.eq(encoder.o.payload.addresses),
            memory.read.eq(flow.read),
            memory.write.eq(registers.bank_write),
            memory.write_neuron.eq(self.configuration.payload.row),
            memory.write_data.eq(self.configuration.payload.data),
        ]
        for neuron in range(shape.neurons):
            pe = ProcessingElement(lanes=shape.lanes)
            m.submodules[f"pe_{neuron}"] = place(pe, platform)
            m.d.comb += [
                pe.state.eq(flow.state),
                pe.weights.eq(Cat(row.word_select(neuron, WEIGHT_BITS) for row in memory.weights)),
                pe.bias.eq(registers.bias.word_select(neuron, WEIGHT_BITS)),
                pe.plus.eq(scale.plus),
                pe.minus.eq(scale.minus),
                pe.threshold.eq(registers.constants.threshold),
                self.o.payload[neuron].eq(pe.spike),
            ]
        if self._readable:
            self._show(m, registers, memory)
        return m

    def _show(self, m: Module, registers: LayerRegisters, memory: WeightMemory) -> None:
        with m.If(self.readback.read):
            m.d.comb += [memory.addresses[0].eq(self.readback.row), memory.read.eq(1)]
        m.d.comb += [
            self.readback.weights.eq(memory.weights[0]),
            self.readback.bias.eq(registers.bias),
            self.readback.constants.eq(registers.constants),
        ]
