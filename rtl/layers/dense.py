"""A dense layer: every PE has all inputs."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Dense
from trispike.models.network.numbers import POTENTIAL_BITS, WEIGHT_BITS
from trispike.rtl.hierarchy import lanes_suffix, parameters_suffix
from trispike.rtl.layers.configuration import constants_layout
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.lanes import LaneEncoder
from trispike.rtl.layers.layer import LayerBlock, Parts
from trispike.rtl.layers.pixels import PixelEncoder
from trispike.rtl.neuron.operations import Operation, states
from trispike.rtl.parameters import Parameter


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


class DenseLayer(LayerBlock):
    """A layer whose encoder takes all inputs of a timestep at once.

    - ``shape``: fan-in, number of neurons, lanes, and what a neuron has.
    - ``readable``: what the layer holds can be read back; only with one lane.
    - ``shows``: a layer that fires shows the potentials beside its spikes.
    - ``forgetful``: a layer whose neurons carry anything on can be told that they do not.

    Members besides those of `LayerBlock`
    -------------------------------------
    potentials : Out(18 * neurons)
        Potentials that decided on the spikes in ``o``; only there if the layer ``shows`` them.
    silent : In(1)
        Spikes do not change what is carried on, as those of a layer that never fires; changes only
        between images. Only there if the layer ``shows`` and carries potentials.
    forgets : In(1)
        Every timestep begins from zero; changes only between images. Only there if ``forgetful``.
    readback : Out(readback_signature(shape))
        Reads what the layer holds, while no timestep is at work; only there if ``readable``.

    Timing: with N input spikes in its busiest lane a timestep occupies the layer for N + 1 cycles;
    its output is valid N + 3 cycles after its input was taken, later if the output of the timestep
    before has to wait. A timestep may be at work meanwhile. Neurons that carry something on take
    N cycles and one for each operation of `rtl.neuron.operations.sequence`, of which those before
    they fire delay the output.

    Source: TW-SNN sec. 4.2, fig. 6-7.
    """

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
        self.readable, self.shows, self.forgetful = readable, shows, forgetful
        super().__init__(shape=shape)

    def _more_members(self) -> dict[str, wiring.Member]:
        shape, members = self.shape, {}
        if self.shows:
            members["potentials"] = Out(POTENTIAL_BITS * shape.neurons)
            if shape.neuron.carries:
                members["silent"] = In(1)
        if self.forgetful:
            members["forgets"] = In(1)
        if self.readable:
            members["readback"] = Out(readback_signature(shape))
        return members

    @property
    def module_name(self) -> str:
        shape = self.shape
        more = "_readable" * self.readable + "_shows" * self.shows + "_forgets" * self.forgetful
        suffix = f"{parameters_suffix(shape)}{lanes_suffix(shape.lanes)}{more}"
        return f"layer_{shape.inputs}x{shape.neurons}{suffix}"

    def _encoder(self) -> PixelEncoder | LaneEncoder:
        shape = self.shape
        if shape.pixels:
            return PixelEncoder(inputs=shape.inputs)
        return LaneEncoder(inputs=shape.inputs, lanes=shape.lanes)

    def _states(self, m: Module, flow: FlowController) -> tuple[Value, Value | None]:
        state, clear = super()._states(m, flow)
        if self.shows and self.shape.neuron.carries:
            state = Signal(Operation)
            m.d.comb += state.eq(flow.state)
            with m.If(self.silent & (flow.state == Operation.RESET)):
                m.d.comb += state.eq(Operation.HOLD)
        if self.forgetful:
            clear = clear | (flow.done & self.forgets)
        return state, clear

    def _add(self, m: Module, platform, parts: Parts) -> None:
        if self.shows:
            with m.If(parts.flow.state == states(self.shape).FIRE):
                m.d.sync += self.potentials.eq(Cat(pe.potential for pe in parts.elements))
        if self.readable:
            self._show(m, parts)

    def _show(self, m: Module, parts: Parts) -> None:
        registers, memory = parts.registers, parts.memory
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
