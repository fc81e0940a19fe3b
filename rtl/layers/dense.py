"""A dense layer: encoder, flow controller, weight memory and an array of PEs."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from trispike.models.network.layers import Bias, Dense, Threshold
from trispike.models.network.numbers import POTENTIAL_BITS, WEIGHT_BITS
from trispike.rtl.hierarchy import Block, lanes_suffix, parameters_suffix, place
from trispike.rtl.layers.configuration import (
    TIMESTEPS_SHAPE,
    LayerRegisters,
    constants_layout,
    write_layout,
)
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.lanes import LaneEncoder
from trispike.rtl.layers.timestep_counter import TimestepCounter
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.rtl.neuron.pe import PEState, ProcessingElement
from trispike.rtl.neuron.scale import Scale
from trispike.rtl.parameters import Parameter
from trispike.rtl.probe import Probe


def output_layout(shape: Dense) -> ShapeLike:
    """What a layer gives out for a timestep: a bit for each neuron, or its potentials.

    ``last``, beside potentials: the timestep is the image's last.
    """
    if shape.fires:
        return unsigned(shape.neurons)
    potentials = data.ArrayLayout(signed(POTENTIAL_BITS), shape.neurons)
    return data.StructLayout({"potentials": potentials, "last": 1})


def readback_signature(shape: Dense) -> wiring.Signature:
    """What a readable layer of ``shape`` shows.

    ``row`` and ``read``: read the weights of presynaptic neuron ``row``. They stand in ``weights``
    from the next cycle until the next read; the others always show what is held.
    """
    return wiring.Signature(
        {
            "row": In(range(shape.inputs)),
            "read": In(1),
            "weights": Out(WEIGHT_BITS * shape.neurons),
            **{f.name: Out(f.bits * shape.neurons) for f in shape.neuron_fields},
            "constants": Out(constants_layout(shape)),
        }
    )


class DenseLayer(Block):
    """A layer module: in each cycle all its PEs integrate one presynaptic spike of every lane.

    - ``shape``: fan-in, number of neurons and lanes decide the number and size of the banks, what a
      neuron has decides its PE.
    - ``readable``: what the layer holds can be read back; only with one lane.
    - ``shows``: a layer that fires shows the potentials beside its spikes.

    Members
    -------
    i : In(stream.Signature(inputs))
        Input spike vector of a timestep.
    o : Out(stream.Signature(output_layout(shape)))
        Output spike vector of that timestep, or its potentials.
    potentials : Out(18 * neurons)
        Potentials that decided on the spikes in ``o``; only there if the layer ``shows`` them.
    timesteps : In(8)
        Timesteps of an image, 1 to 255; may change between images. Only there if the shape
        ``counts_timesteps``.
    configuration : In(stream.Signature(write_layout([shape])))
        Writes for this layer; taken only while no timestep is at work. One that is taken in the
        same cycle as an input vector holds for that vector already.
    readback : Out(readback_signature(shape))
        Reads what the layer holds, while no timestep is at work; only there if ``readable``.

    Timing: with N input spikes in its busiest lane a timestep occupies the layer for N + 1 cycles;
    its output is valid N + 3 cycles after its input was taken, later if the output of the timestep
    before has to wait. A timestep may be at work meanwhile.

    Source: TW-SNN sec. 4.2, fig. 6-7.
    """

    shape = Parameter(Dense)
    readable = Parameter(bool)
    shows = Parameter(bool)

    def __init__(self, *, shape: Dense, readable: bool = False, shows: bool = False):
        self.shape, self.readable, self.shows = shape, readable, shows
        members = {
            "i": In(stream.Signature(shape.inputs)),
            "o": Out(stream.Signature(output_layout(shape))),
            "configuration": In(stream.Signature(write_layout([shape]))),
        }
        if shape.counts_timesteps:
            members["timesteps"] = In(TIMESTEPS_SHAPE)
        if shows:
            members["potentials"] = Out(POTENTIAL_BITS * shape.neurons)
        if readable:
            members["readback"] = Out(readback_signature(shape))
        super().__init__(members)

    @property
    def module_name(self) -> str:
        shape = self.shape
        more = "_readable" * self.readable + "_shows" * self.shows
        suffix = f"{parameters_suffix(shape)}{lanes_suffix(shape.lanes)}{more}"
        return f"layer_{shape.inputs}x{shape.neurons}{suffix}"

    @staticmethod
    def probes(shape: Dense) -> tuple[Probe, ...]:
        """Potentials as the PEs fire, and what leaves a layer of ``shape`` as it is taken."""
        neurons, taken = shape.neurons, (("o__valid", 1), ("o__ready", 1))
        potential = Probe(
            name="potential",
            valid=(("flow.state", PEState.FIRE.value),),
            signals=tuple(f"pe_{n}.potential" for n in range(neurons)),
            count=neurons,
            bits=POTENTIAL_BITS,
            signed=True,
            costly=True,
        )
        if shape.fires:
            return potential, Probe(
                name="spike",
                valid=taken,
                signals=("o__payload",),
                count=neurons,
                bits=1,
                signed=False,
            )
        results = tuple(f"pe_{n}.result" for n in range(neurons))
        return potential, Probe(
            name="result",
            valid=taken,
            signals=results,
            count=neurons,
            bits=POTENTIAL_BITS,
            signed=True,
        )

    def elaborate(self, platform):
        m = Module()
        shape = self.shape
        encoder = LaneEncoder(inputs=shape.inputs, lanes=shape.lanes)
        flow = FlowController(inputs=shape.inputs, lanes=shape.lanes)
        registers = LayerRegisters(shape=shape)
        memory = WeightMemory(shape=shape)
        scale = Scale(lanes=shape.lanes, bias=shape.bias)
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
            *([scale.b.eq(registers.constants.b)] if shape.bias is Bias.TERNARY else []),
            memory.addresses.eq(encoder.o.payload.addresses),
            memory.read.eq(flow.read),
            memory.write.eq(registers.bank_write),
            memory.write_neuron.eq(self.configuration.payload.row),
            memory.write_data.eq(self.configuration.payload.data),
        ]
        outputs = self.o.payload if shape.fires else self.o.payload.potentials
        fire, potentials = flow.state == PEState.FIRE, []
        for neuron in range(shape.neurons):
            pe = ProcessingElement(lanes=shape.lanes, threshold=shape.threshold, bias=shape.bias)
            m.submodules[f"pe_{neuron}"] = place(pe, platform)
            m.d.comb += [
                pe.state.eq(flow.state),
                pe.weights.eq(Cat(row.word_select(neuron, WEIGHT_BITS) for row in memory.weights)),
                pe.bias.eq(registers.bias.word_select(neuron, len(pe.bias))),
                pe.plus.eq(scale.plus),
                pe.minus.eq(scale.minus),
            ]
            if shape.fires:
                m.d.comb += [
                    pe.threshold.eq(
                        registers.threshold.word_select(neuron, POTENTIAL_BITS)
                        if shape.threshold is Threshold.EACH
                        else registers.constants.threshold
                    ),
                    outputs[neuron].eq(pe.spike),
                ]
            else:
                m.d.comb += outputs[neuron].eq(pe.result)
            potentials.append(pe.potential)
        if self.shows:
            with m.If(fire):
                m.d.sync += self.potentials.eq(Cat(potentials))
        if shape.counts_timesteps:
            m.submodules.counter = counter = TimestepCounter()
            m.d.comb += [counter.timesteps.eq(self.timesteps), counter.advance.eq(fire)]
            with m.If(fire):
                m.d.sync += self.o.payload.last.eq(counter.last)
        if self.readable:
            self._show(m, registers, memory)
        return m

    def _show(self, m: Module, registers: LayerRegisters, memory: WeightMemory) -> None:
        with m.If(self.readback.read):
            m.d.comb += [memory.addresses[0].eq(self.readback.row), memory.read.eq(1)]
        m.d.comb += [
            self.readback.weights.eq(memory.weights[0]),
            *(
                getattr(self.readback, field.name).eq(getattr(registers, field.name))
                for field in self.shape.neuron_fields
            ),
            self.readback.constants.eq(registers.constants),
        ]
