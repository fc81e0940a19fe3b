"""One fully connected layer: encoder, flow controller, SRAM banks and an array of PEs."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect

from models.network import LayerShape
from models.numbers import BANK_NEURONS, WEIGHT_BITS
from rtl.aer import AEREncoder
from rtl.configuration import LayerRegisters, Write
from rtl.flow import FlowController
from rtl.hierarchy import Block, place
from rtl.pe import ProcessingElement
from rtl.sram import SRAMBank


class Layer(Block):
    """A layer module: all its PEs integrate one presynaptic spike per cycle.

    Parameters
    ----------
    shape
        Fan-in and number of neurons; it decides the number and size of the banks.

    Members
    -------
    i : In(stream.Signature(inputs))
        Input spike vector of a timestep.
    o : Out(stream.Signature(neurons))
        Output spike vector of that timestep.
    configuration : In(stream.Signature(Write))
        Writes for this layer; taken only while no timestep is at work. One that is taken in the
        same cycle as an input vector holds for that vector already.

    Timing: a timestep with N input spikes occupies the layer for N + 1 cycles; its output is valid
    N + 3 cycles after its input was taken, later if the output of the timestep before has to wait.
    A timestep may be at work meanwhile.

    Source: TW-SNN sec. 4.2, fig. 6-7.
    """

    def __init__(self, *, shape: LayerShape):
        self._shape = shape
        super().__init__(
            {
                "i": In(stream.Signature(shape.inputs)),
                "o": Out(stream.Signature(shape.neurons)),
                "configuration": In(stream.Signature(Write)),
            }
        )

    @property
    def shape(self) -> LayerShape:
        """Fan-in and number of neurons."""
        return self._shape

    @property
    def module_name(self) -> str:
        """Name of the Verilog module."""
        return f"layer_{self._shape.inputs}x{self._shape.neurons}"

    def elaborate(self, platform):
        """Build the module."""
        m = Module()
        encoder = AEREncoder(inputs=self._shape.inputs)
        flow = FlowController(inputs=self._shape.inputs)
        registers = LayerRegisters(shape=self._shape)
        m.submodules.encoder = place(encoder, platform)
        m.submodules.flow = place(flow, platform)
        m.submodules.registers = place(registers, platform)
        connect(m, wiring.flipped(self.i), encoder.i)
        connect(m, encoder.o, flow.events)
        connect(m, wiring.flipped(self.configuration), registers.writes)
        m.d.comb += [
            registers.enable.eq(~encoder.busy & ~flow.busy),
            self.o.valid.eq(flow.valid),
            flow.ready.eq(self.o.ready),
        ]

        for b, bank_shape in enumerate(self._shape.banks):
            bank = SRAMBank(shape=bank_shape)
            m.submodules[f"bank_{b}"] = place(bank, platform)
            write = registers.bank_write[b]
            row = self.configuration.payload.row
            m.d.comb += [
                bank.address.eq(Mux(write, row, encoder.o.payload.address)),
                bank.read.eq(flow.read),
                bank.write.eq(write),
                bank.write_data.eq(self.configuration.payload.data),
            ]
            for k in range(bank_shape.neurons):
                neuron = b * BANK_NEURONS + k
                pe = ProcessingElement()
                m.submodules[f"pe_{neuron}"] = place(pe, platform)
                m.d.comb += [
                    pe.state.eq(flow.state),
                    pe.weight.eq(bank.read_data.word_select(k, WEIGHT_BITS)),
                    pe.bias.eq(registers.bias.word_select(neuron, WEIGHT_BITS)),
                    pe.a.eq(registers.constants.a),
                    pe.b.eq(registers.constants.b),
                    pe.threshold.eq(registers.constants.threshold),
                    self.o.payload[neuron].eq(pe.spike),
                ]
        return m
