"""What layers of every kind are: encoder, flow controller, weight memory and an array of PEs."""

from collections.abc import Iterable
from typing import NamedTuple

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from trispike.models.network.field import Per
from trispike.models.network.layers import Bias, Layer, Step
from trispike.models.network.numbers import PIXEL_BITS, POTENTIAL_BITS, WEIGHT_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.configuration import (
    TIMESTEPS_SHAPE,
    LayerRegisters,
    write_layout,
)
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.lanes import spikes_layout
from trispike.rtl.layers.timestep_counter import PhaseCounter, PositionCounter, TimestepCounter
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.rtl.neuron.carrying import CarryingElement
from trispike.rtl.neuron.operations import sequence, states
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.neuron.scale import Scale, constant_bits
from trispike.rtl.parameters import Parameter
from trispike.rtl.probe import Activity, Probe
from trispike.rtl.view import Radix, View, handshake


def input_layout(shape: Layer) -> ShapeLike:
    """What a layer takes at once: a bit for each input, or its pixel; of maps, one position's."""
    channels = shape.volume.channels
    return data.ArrayLayout(PIXEL_BITS, channels) if shape.pixels else unsigned(channels)


def output_layout(shape: Layer) -> ShapeLike:
    """What a layer gives out at once: a bit for each PE, or its potentials.

    ``last``, beside potentials: the timestep is the image's last.
    """
    if shape.fires:
        return unsigned(shape.neurons)
    potentials = data.ArrayLayout(signed(POTENTIAL_BITS), shape.neurons)
    return data.StructLayout({"potentials": potentials, "last": 1})


def processing_element(shape: Layer) -> ProcessingElement | CarryingElement:
    """One of the PEs of a layer of ``shape``."""
    if shape.neuron.has_state:
        return CarryingElement(shape=shape)
    return ProcessingElement(
        lanes=shape.lanes,
        threshold=shape.threshold,
        bias=shape.bias,
        bits=constant_bits(shape),
    )


class Parts(NamedTuple):
    """Components of a layer."""

    flow: FlowController
    registers: LayerRegisters
    memory: WeightMemory
    elements: list[ProcessingElement | CarryingElement]


class LayerBlock(Block):
    """A layer module: in each cycle all its PEs integrate one spike of every lane.

    ``shape``: fan-in, number of PEs and lanes decide the number and size of the banks, what a
    neuron has decides its PE. A kind of layer says where the spikes come from and where those of
    its PEs go to.

    Members
    -------
    i : In(stream.Signature(input_layout(shape)))
        Input spikes, or pixels.
    o : Out(stream.Signature(output_layout(shape)))
        Output spikes, or potentials.
    timesteps : In(8)
        Timesteps of an image, 1 to 255; may change between images, while ``configuration`` is
        ready. Only there if the shape ``counts_timesteps``.
    configuration : In(stream.Signature(write_layout([shape])))
        Writes for this layer; taken only while no timestep is at work. One that is taken in the
        same cycle as an input holds for that input already.

    Source: TW-SNN sec. 4.2, fig. 6-7.
    """

    shape = Parameter(Layer)

    def __init__(self, *, shape: Layer):
        self.shape = shape
        members = {
            "i": In(stream.Signature(input_layout(shape))),
            "o": Out(stream.Signature(output_layout(shape))),
            "configuration": In(stream.Signature(write_layout([shape]))),
        }
        if shape.counts_timesteps:
            members["timesteps"] = In(TIMESTEPS_SHAPE)
        super().__init__(members | self._more_members())

    @staticmethod
    def probes(shape: Layer) -> tuple[Probe, ...]:
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

    @staticmethod
    def views(shape: Layer, neurons: Iterable[int]) -> tuple[View, ...]:
        """Addresses, what PEs do, those of ``neurons``, and what leaves a layer of ``shape``."""
        addresses = spikes_layout(shape.inputs, shape.lanes)["addresses"].shape
        width = addresses.elem_shape
        lanes = (
            View(signal=f"addresses.[{lane}]", bits=width, reads=Radix.UNSIGNED)
            for lane in range(shape.lanes)
        )
        potential = {"bits": POTENTIAL_BITS, "reads": Radix.SIGNED}
        elements = []
        for n in neurons:
            result = View(signal=f"pe_{n}.result", **potential)
            elements.append(View(signal=f"pe_{n}.potential", **potential))
            elements.append(View(signal=f"pe_{n}.spike") if shape.fires else result)
        return (
            *handshake("encoder.o"),
            *lanes,
            View.named("flow.state", states(shape)),
            *elements,
            *handshake("o"),
            *([View(signal="o__payload", bits=shape.neurons)] if shape.fires else []),
        )

    @staticmethod
    def activity(shape: Layer) -> Activity:
        """What a layer of ``shape`` does in a cycle."""
        return Activity(
            state="flow.state",
            busy="flow.busy",
            ready="flow.events__ready",
            input=("i__valid", "i__ready", "i__payload"),
            output=("o__valid", "o__ready", "o__payload"),
        )

    def elaborate(self, platform):
        m = Module()
        shape = self.shape
        encoder = self._encoder()
        flow = FlowController(inputs=shape.inputs, lanes=shape.lanes, sequence=sequence(shape))
        registers = LayerRegisters(shape=shape)
        memory = WeightMemory(shape=shape)
        scale = Scale(shape=shape)
        outlet = self._outlet(m, platform)
        m.submodules.encoder = place(encoder, platform)
        m.submodules.flow = place(flow, platform)
        m.submodules.registers = place(registers, platform)
        m.submodules.memory = place(memory, platform)
        m.submodules.scale = scale
        written = self.configuration.valid & self.configuration.ready
        connect(m, wiring.flipped(self.i), encoder.i)
        connect(m, encoder.o, flow.events)
        connect(m, wiring.flipped(self.configuration), registers.writes)
        m.d.comb += [
            registers.enable.eq(~encoder.busy & ~flow.busy),
            *([] if flow.sequence else [flow.reload.eq(written)]),
            outlet.valid.eq(flow.valid),
            flow.ready.eq(outlet.ready),
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
        outputs = outlet.payload if shape.fires else outlet.payload.potentials
        elements = []
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
            elements.append(pe)
        self._add(m, platform, Parts(flow, registers, memory, elements))
        return m

    def _more_members(self) -> dict[str, wiring.Member]:
        """Ports that only one kind of layer has."""
        return {}

    def _encoder(self) -> Block:
        """What turns ``i`` into addresses: has ``i``, ``o``, ``busy``, and ``pixel`` of pixels."""
        raise TypeError(f"{type(self).__name__} must define _encoder")

    def _outlet(self, m: Module, platform) -> wiring.PureInterface:
        """Stream that takes what the PEs give."""
        return self.o

    def _states(self, m: Module, flow: FlowController) -> tuple[Value, Value | None]:
        """What PEs do, and whether they forget what they carry, if they carry anything."""
        return flow.state, flow.clear if self.shape.neuron.has_state else None

    def _add(self, m: Module, platform, parts: Parts) -> None:
        """What only one kind of layer has."""

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
        first, last = counter.first, counter.last
        if shape.firings > 1:
            m.submodules.windows = windows = PositionCounter(count=shape.firings)
            m.d.comb += windows.advance.eq(ends)
            ends = ends & windows.last
            last = Mux(windows.last, counter.last, counter.first)
        m.d.comb += [counter.timesteps.eq(self.timesteps), counter.advance.eq(ends)]
        if shape.neuron.has_state:
            m.d.comb += [flow.first.eq(first), flow.last.eq(last)]
        if shape.neuron.phases > 1:
            m.submodules.phase = phase = PhaseCounter(phases=shape.neuron.phases)
            m.d.comb += [phase.advance.eq(ends), phase.last.eq(counter.last)]
            shift = phase.shift
            m.d.comb += scale.shift.eq(shift)
        if not shape.fires:
            with m.If(fire):
                m.d.sync += self.o.payload.last.eq(counter.last)
        return shift
