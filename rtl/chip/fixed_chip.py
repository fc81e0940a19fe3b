"""The fixed chip: layers in a pipeline over timesteps, and the read-out."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from trispike.models.errors import BadInput
from trispike.models.network.numbers import MAX_CHIP_LAYERS
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.image_gate import ImageGate
from trispike.rtl.chip.readout import Readout, result_layout
from trispike.rtl.hierarchy import Block, lanes_suffix, leave_out, place
from trispike.rtl.layers import LAYERS
from trispike.rtl.layers.configuration import Target, timesteps_layout, write_layout
from trispike.rtl.layers.layer import input_layout
from trispike.rtl.parameters import Parameter
from trispike.rtl.view import View, below


class Chip(Block):
    """A network in hardware: each layer is a module of its own, and they overlap timesteps.

    - ``shape``: up to 16 layers, and their lanes. The weights are data, written through
      ``configuration``.

    Members
    -------
    i : In(stream.Signature(input_layout(shape.layers[0])))
        Input spike vector of a timestep, or its pixels; of maps, one position after the other.
    configuration : In(stream.Signature(write_layout(shape.layers)))
        Weights, biases, constants, and the number of timesteps, with what else the read-out is
        told. A layer takes its writes only
        while it is idle. The number of timesteps is taken at once and holds for what the read-out
        counts from then on: change it only when the last prediction is out. Cells have no value at
        power-on: write all of it, the number too, before the first image.
    result : Out(stream.Signature(result_layout(outputs, read_out, groups, stops)))
        One prediction for every ``timesteps`` input vectors.

    Timing: in steady state a timestep takes as many cycles as the slowest layer has input spikes
    in its busiest lane, plus one; a prediction takes at least two, as the read-out pauses after
    each. `sim.cosim.cycles` gives every handshake's cycle from the spike counts.

    Where images may stop early they do not overlap: as one ends, the layers are reset, and the
    vectors that are left of it are taken, a cycle each.

    Source: TW-SNN sec. 4.2, fig. 6; Kim 2018 sec. 5.3.
    """

    shape = Parameter(NetworkShape)

    def __init__(self, *, shape: NetworkShape):
        if len(shape.layers) > MAX_CHIP_LAYERS:
            leave_out(self)
            raise BadInput(
                f"a chip must have {MAX_CHIP_LAYERS} layers or fewer, not {len(shape.layers)}"
            )
        self.shape = shape
        super().__init__(
            {
                "i": In(stream.Signature(input_layout(shape.layers[0]))),
                "configuration": In(stream.Signature(write_layout(shape.layers))),
                "result": Out(
                    stream.Signature(
                        result_layout(
                            shape.sizes[-1], shape.read_out, shape.groups, stops=shape.stops
                        )
                    )
                ),
            }
        )

    @property
    def module_name(self) -> str:
        shape = self.shape
        if shape == shape.with_lanes(shape.lanes):
            return f"trispike_{shape.name}{lanes_suffix(shape.lanes)}"
        return f"trispike_{shape.name}_{'_'.join(map(str, shape.each_lanes))}_lanes"

    @staticmethod
    def views(shape: NetworkShape, neurons: int) -> dict[str, tuple[View, ...]]:
        """Of each block of a chip of ``shape``, by its place; of layers the first ``neurons``."""
        blocks = {
            f"layer_{k}": LAYERS[type(layer)].views(layer, range(min(neurons, layer.neurons)))
            for k, layer in enumerate(shape.layers)
        }
        blocks["readout"] = Readout.views(shape.sizes[-1], shape.read_out, shape.groups)
        return {place: below(place, views) for place, views in blocks.items()}

    def elaborate(self, platform):
        m = Module()
        write = self.configuration.payload
        layout = timesteps_layout(self.shape)
        told = data.View(layout, write.data[: layout.size])
        held = {
            name: Signal(field.shape, name=name, init=name == "timesteps", reset_less=True)
            for name, field in layout
        }
        timesteps = held["timesteps"]
        m.d.comb += self.configuration.ready.eq(1)
        with m.If(self.configuration.valid & (write.target == Target.TIMESTEPS)):
            m.d.sync += [signal.eq(told[name]) for name, signal in held.items()]

        spikes, stop = wiring.flipped(self.i), None
        if self.shape.stops:
            stop = Signal()
            gate = ImageGate(layer=self.shape.layers[0])
            m.submodules.gate = place(gate, platform)
            connect(m, spikes, gate.i)
            m.d.comb += [gate.timesteps.eq(timesteps), gate.stop.eq(stop)]
            spikes = gate.o
        for k, layer_shape in enumerate(self.shape.layers):
            layer = LAYERS[type(layer_shape)](shape=layer_shape)
            m.submodules[f"layer_{k}"] = place(layer, platform, reset=stop)
            connect(m, spikes, layer.i)
            spikes = layer.o
            if layer_shape.counts_timesteps:
                m.d.comb += layer.timesteps.eq(timesteps)

            # A layer's writes have fewer bits of bank and row than the chip's if others need more.
            own = layer.configuration.payload
            if own.shape() == write.shape():
                m.d.comb += own.eq(write)
            else:
                m.d.comb += [own[name].eq(write[name]) for name, _ in write.shape()]
            beyond = Cat(write.bank[len(own.bank) :], write.row[len(own.row) :])
            chosen = (write.layer == k) & (write.target != Target.TIMESTEPS)
            with m.If(chosen & ~beyond.any() if len(beyond) else chosen):
                m.d.comb += [
                    layer.configuration.valid.eq(self.configuration.valid),
                    self.configuration.ready.eq(layer.configuration.ready),
                ]

        readout = Readout(
            outputs=self.shape.sizes[-1],
            read_out=self.shape.read_out,
            groups=self.shape.groups,
            skips=self.shape.skips,
            stops=self.shape.stops,
        )
        m.submodules.readout = place(readout, platform)
        connect(m, spikes, readout.i)
        for name, signal in held.items():
            if name in readout.signature.members:
                m.d.comb += getattr(readout, name).eq(signal)
        if stop is not None:
            m.d.comb += stop.eq(readout.stop)
        connect(m, readout.result, wiring.flipped(self.result))
        return m
