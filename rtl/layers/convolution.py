"""A convolution: PEs that look at one window of the maps after the other."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from trispike.models.network.layers import Convolution
from trispike.rtl.hierarchy import lanes_suffix, parameters_suffix, place
from trispike.rtl.layers.kept_state import KeptState
from trispike.rtl.layers.layer import LayerBlock, Parts
from trispike.rtl.layers.pool import SpikePool
from trispike.rtl.layers.windows.encoder import WindowEncoder, windows_suffix
from trispike.rtl.neuron.operations import states


class ConvolutionLayer(LayerBlock):
    """A layer that takes maps position by position, and integrates a window of them at a time.

    A PE is a channel. It fires at every window, from the left to the right and then down; where
    neurons carry something on, it goes to a memory and the next window's comes from there.

    Members are those of `LayerBlock`.

    Timing: with N spikes in its busiest lane a window occupies the layer for N + 1 cycles, or for
    N and one for each operation of `rtl.neuron.operations.sequence`, as soon as the rows that it
    waits for are there (`rtl.layers.windows.encoder.WindowEncoder`).
    """

    def __init__(self, *, shape: Convolution):
        super().__init__(shape=shape)

    @property
    def module_name(self) -> str:
        shape, maps = self.shape, self.shape.maps
        pool = f"_pool_{maps.pool}" * (maps.pool > 1)
        suffix = f"{pool}{parameters_suffix(shape)}{lanes_suffix(shape.lanes)}"
        return f"convolution_{maps.volume}_to_{shape.channels}{windows_suffix(maps)}{suffix}"

    def _encoder(self) -> WindowEncoder:
        return WindowEncoder(shape=self.shape)

    def _outlet(self, m: Module, platform) -> wiring.PureInterface:
        if self.shape.maps.pool == 1:
            return self.o
        pool = SpikePool(shape=self.shape)
        m.submodules.pool = place(pool, platform)
        connect(m, pool.o, wiring.flipped(self.o))
        return pool.i

    def _add(self, m: Module, platform, parts: Parts) -> None:
        if not self.shape.kept_bits:
            return
        flow = parts.flow
        kept = KeptState(shape=self.shape)
        m.submodules.state_memory = place(kept, platform)
        m.d.comb += [
            kept.read.eq(flow.state == states(self.shape).FIRE),
            kept.write.eq(flow.done),
            kept.data.eq(Cat(pe.kept for pe in parts.elements)),
        ]
        bits = self.shape.kept_bits
        for k, pe in enumerate(parts.elements):
            m.d.comb += [pe.restore.eq(flow.done), pe.restored.eq(kept.word.word_select(k, bits))]
