"""A dense layer: encoder, flow controller, weight memory and an array of PEs."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from trispike.models.network.field import Per
from trispike.models.network.layers import Bias, Dense, Step
from trispike.models.network.numbers import PIXEL_BITS, POTENTIAL_BITS, WEIGHT_BITS
from trispike.rtl.hierarchy import Block, lanes_suffix, parameters_suffix, place
from trispike.rtl.layers.configuration import (
    TIMESTEPS_SHAPE,
    LayerRegisters,
    constants_layout,
    write_layout,
)
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.lanes import LaneEncoder
from trispike.rtl.layers.pixels import PixelEncoder
from trispike.rtl.layers.timestep_counter import PhaseCounter, TimestepCounter
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.rtl.neuron.carrying import CarryingElement
from trispike.rtl.neuron.operations import Operation, sequence, states
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.neuron.scale import Scale, constant_bits
from trispike.rtl.parameters import Parameter
from trispike.rtl.probe import Probe


def input_layout(shape: Dense) -> ShapeLike:
    """What a layer takes for a timestep: a bit for each input, or its pixel."""
    return data.ArrayLayout(PIXEL_BITS, shape.inputs) if shape.pixels else unsigned(shape.inputs)


def output_layout(shape: Dense) -> ShapeLike:
    """What a layer gives out for a timestep: a bit for each neuron, or its potentials.

    ``last``, beside potentials: the timestep is the image's last.
    """
    if shape.fires:
        return unsigned(shape.neurons)
    potentials = data.ArrayLayout(signed(POTENTIAL_BITS), shape.neurons)
    return data.StructLayout({"potentials": potentials, "last": 1})


def processing_element(shape: Dense) -> ProcessingElement | CarryingElement:
    """One of the PEs of a layer of ``shape``."""
    if shape.neuron.has_state:
        return CarryingElement(shape=shape)
    return ProcessingElement(
        lanes=shape.lanes,
        threshold=shape.threshold,
        bias=shape.bias,
        bits=constant_bits(shape),
    )


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
    - ``forgetful``: a layer whose neurons carry anything on can be told that they do not.

    Members
    -------
    i : In(stream.Signature(input_layout(shape)))
        Input spike vector of a timestep, or its pixels.
    o : Out(stream.Signature(output_layout(shape)))
        Output spike vector of that timestep, or its potentials.
    potentials : Out(18 * neurons)
        Potentials that decided on the spikes in ``o``; only there if the layer ``shows`` them.
    timesteps : In(8)
        Timesteps of an image, 1 to 255; may change between images, while ``configuration`` is
        ready. Only there if the shape ``counts_timesteps``.
    silent : In(1)
        Spikes do not change what is carried on, as those of a layer that never fires; changes only
        between images. Only there if the layer ``shows`` and carries potentials.
    forgets : In(1)
        Every timestep begins from zero; changes only between images. Only there if ``forgetful``.
    configuration : In(stream.Signature(write_layout([shape])))
        Writes for this layer; taken only while no timestep is at work. One that is taken in the
        same cycle as an input vector holds for that vector already.
    readback : Out(readback_signature(shape))
        Reads what the layer holds, while no timestep is at work; only there if ``readable``.

    Timing: with N input spikes in its busiest lane a timestep occupies the layer for N + 1 cycles;
    its output is valid N + 3 cycles after its input was taken, later if the output of the timestep
    before has to wait. A timestep may be at work meanwhile. Neurons that carry something on take
    N cycles and one for each operation of `rtl.neuron.operations.sequence`, of which those before
    they fire delay the output.

    Source: TW-SNN sec. 4.2, fig. 6-7.
    """

    shape = Parameter(Dense)
    readable = Parameter(bool)
    shows = Parameter(bool)
    forgetful = Parameter(bool)

    def __init__(
        self,
        *,
        shape: Dense,
        readable: bool = False,
        shows: bool = False,
        forgetful: bool = False,
    ):
        self.shape, self.readable, self.shows, self.forgetful = shape, readable, shows, forgetful
        members = {
            "i": In(stream.Signature(input_layout(shape))),
            "o": Out(stream.Signature(output_layout(shape))),
            "configuration": In(stream.Signature(write_layout([shape]))),
        }
        if shape.counts_timesteps:
            members["timesteps"] = In(TIMESTEPS_SHAPE)
        if shows:
            members["potentials"] = Out(POTENTIAL_BITS * shape.neurons)
            if shape.neuron.carries:
                members["silent"] = In(1)
        if forgetful:
            members["forgets"] = In(1)
        if readable:
            members["readback"] = Out(readback_signature(shape))
        super().__init__(members)

    @property
    def module_name(self) -> str:
        shape = self.shape
        more = "_readable" * self.readable + "_shows" * self.shows + "_forgets" * self.forgetful
        suffix = f"{parameters_suffix(shape)}{lanes_suffix(shape.lanes)}{more}"
        return f"layer_{shape.inputs}x{shape.neurons}{suffix}"

    @staticmethod
    def probes(shape: Dense) -> tuple[Probe, ...]:
        """Potentials as the PEs fire, and what leaves a layer of ``shape`` as it is taken."""
        neurons, taken = shape.neurons, (("o__valid", 1), ("o__ready", 1))
        potential = Probe(
            name="potential",
            valid=(("flow.state", states(shape).FIRE.value),),
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
        encoder = (
            PixelEncoder(inputs=shape.inputs)
            if shape.pixels
            else LaneEncoder(inputs=shape.inputs, lanes=shape.lanes)
        )
        flow = FlowController(inputs=shape.inputs, lanes=shape.lanes, sequence=sequence(shape))
        registers = LayerRegisters(shape=shape)
        memory = WeightMemory(shape=shape)
        scale = Scale(shape=shape)
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
            scale.a.eq(encoder.pixel if shape.pixels else registers.constants.a),
            *([scale.b.eq(registers.constants.b)] if shape.bias is Bias.TERNARY else []),
            memory.addresses.eq(encoder.o.payload.addresses),
            memory.read.eq(flow.read),
            memory.write.eq(registers.bank_write),
            memory.write_neuron.eq(self.configuration.payload.row),
            memory.write_data.eq(self.configuration.payload.data),
        ]
        fire, shift = flow.state == states(shape).FIRE, C(0, 0)
        if shape.counts_timesteps:
            shift = self._count_timesteps(m, flow, scale, fire)
        state, clear = self._states(m, flow)
        outputs = self.o.payload if shape.fires else self.o.payload.potentials
        potentials = []
        for neuron in range(shape.neurons):
            pe = processing_element(shape)
            m.submodules[f"pe_{neuron}"] = place(pe, platform)
            m.d.comb += [
                pe.state.eq(state),
                pe.weights.eq(Cat(row.word_select(neuron, WEIGHT_BITS) for row in memory.weights)),
                pe.bias.eq(self._of(registers, "bias", neuron, shift)),
                pe.plus.eq(scale.plus),
                pe.minus.eq(scale.minus),
            ]
            if shape.neuron.has_state:
                m.d.comb += pe.clear.eq(clear)
            if shape.step is not Step.THRESHOLD:
                m.d.comb += pe.step.eq(self._of(registers, "step", neuron, shift))
            if shape.fires:
                m.d.comb += [
                    pe.threshold.eq(self._of(registers, "threshold", neuron, shift)),
                    outputs[neuron].eq(pe.spike),
                ]
            else:
                m.d.comb += outputs[neuron].eq(pe.result)
            potentials.append(pe.potential)
        if self.shows:
            with m.If(fire):
                m.d.sync += self.potentials.eq(Cat(potentials))
        if self.readable:
            self._show(m, registers, memory)
        return m

    def _states(self, m: Module, flow: FlowController) -> tuple[Value, Value | None]:
        """What PEs do, and whether they forget what they carry, if they carry anything."""
        if not self.shape.neuron.has_state:
            return flow.state, None
        state, clear = flow.state, flow.clear
        if self.shows and self.shape.neuron.carries:
            state = Signal(Operation)
            m.d.comb += state.eq(flow.state)
            with m.If(self.silent & (flow.state == Operation.RESET)):
                m.d.comb += state.eq(Operation.HOLD)
        if self.forgetful:
            clear = clear | (flow.done & self.forgets)
        return state, clear

    def _of(self, registers: LayerRegisters, name: str, neuron: int, shift: Value) -> Value:
        """What ``neuron`` has as the field ``name``, with the weight of this phase."""
        field = next(field for field in self.shape.fields if field.name == name)
        if field.per is Per.LAYER:
            value = registers.constants[name]
        else:
            value = getattr(registers, name).word_select(neuron, field.bits)
        return value.as_signed() << shift if len(shift) and not field.ternary else value

    def _count_timesteps(self, m: Module, flow: FlowController, scale: Scale, fire: Value) -> Value:
        """Tell who has to know where an image begins and ends; returns the shift of this phase."""
        shape, shift = self.shape, C(0, 0)
        m.submodules.counter = counter = TimestepCounter()
        ends = flow.done if shape.neuron.has_state else fire
        m.d.comb += [counter.timesteps.eq(self.timesteps), counter.advance.eq(ends)]
        if shape.neuron.has_state:
            m.d.comb += [flow.first.eq(counter.first), flow.last.eq(counter.last)]
        if shape.neuron.phases > 1:
            m.submodules.phase = phase = PhaseCounter(phases=shape.neuron.phases)
            m.d.comb += [phase.advance.eq(ends), phase.last.eq(counter.last)]
            shift = phase.shift
            m.d.comb += scale.shift.eq(shift)
        if not shape.fires:
            with m.If(fire):
                m.d.sync += self.o.payload.last.eq(counter.last)
        return shift

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
