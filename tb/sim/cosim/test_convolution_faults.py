"""Faults of convolutions are caught, and named by layer, position and channel."""

import numpy as np
import pytest
from amaranth import *

from tb.kit.mutants import export_anew, wrap
from tb.kit.networks import save
from trispike import golden
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import CONTINUOUS, INTEGRATE_AND_FIRE
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.volume import Volume
from trispike.rtl.layers import convolution, kept_state
from trispike.rtl.layers.pool import SpikePool
from trispike.rtl.layers.timestep_counter import PositionCounter
from trispike.rtl.layers.windows import encoder
from trispike.rtl.layers.windows.encoder import WindowEncoder
from trispike.rtl.layers.windows.tap_encoder import TapEncoder
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.stimulus import Given


class RightPadding(WindowEncoder):
    """Pads a row on the right only."""

    def _padded(self, line):
        return Cat(line, C(0, 2 * self.shape.maps.padding))


class FromTheLeft(TapEncoder):
    """Reads a tap where it is if there is no padding on the left."""

    def _columns(self, bits):
        wide = self.shape.maps.kernel[1]
        return [Const(tap % wide, bits) for tap in range(self.shape.maps.taps)]


class ColumnsFirst(TapEncoder):
    """Has the weights of a window column by column."""

    def _bases(self):
        high, wide = self.shape.maps.kernel
        bases = super()._bases()
        return [bases[k % wide * high + k // wide] for k in range(len(bases))]


class LostPosition(SpikePool):
    """Is a position late: the very first is lost."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := SpikePool(shape=self.shape))
        begun = Signal()
        with m.If(~begun):
            m.d.comb += [inner.i.valid.eq(0), self.i.ready.eq(1)]
            m.d.sync += begun.eq(self.i.valid)
        return m


class ThisWindow(PositionCounter):
    """Takes the window at work for the next."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        going = Signal.like(self.next)
        m.d.comb += [going.eq(self.next), self.next.eq(self.position)]
        with m.If(self.advance):
            m.d.sync += self.position.eq(Mux(self.last, 0, self.position + 1))
        return m


def _row_too_few(patch):
    rows = Maps.buffer_rows.fget
    patch.setattr(Maps, "buffer_rows", property(lambda maps: rows(maps) - 1))


def _patched(**rooms):
    def patch_all(patch):
        for name, broken in rooms.items():
            room = {"SpikePool": convolution, "WindowEncoder": convolution, "TapEncoder": encoder}
            patch.setattr(room.get(name, kept_state), name, broken)

    return patch_all


FAULTS = {
    "padding on one side only": (
        _patched(WindowEncoder=RightPadding, TapEncoder=FromTheLeft),
        ("potential", 1, 1),
    ),
    "taps in another order": (_patched(TapEncoder=ColumnsFirst), ("potential", 1, 1)),
    "a row too few": (_row_too_few, ("fire cycle", 1, 1)),
    "a pool out of phase": (_patched(SpikePool=LostPosition), ("spike", 2, 1)),
    "the state of this window for the next": (
        _patched(PositionCounter=ThisWindow),
        ("potential", 1, 2),
    ),
}
"""What breaks the RTL, and what must differ first: a quantity, in a layer and a timestep."""


def _layer(maps: Maps, channels: int, neuron=INTEGRATE_AND_FIRE) -> LayerParameters:
    rng = np.random.default_rng(channels)
    return LayerParameters(
        weights=rng.integers(-1, 2, (maps.fan_in, channels)).astype(np.int8),
        bias=np.arange(channels, dtype=np.int32) - 2,
        a=3,
        b=None,
        threshold=2,
        neuron=neuron,
        maps=maps,
    )


def _network() -> Network:
    """A padded convolution that keeps states, a pooled one, and two outputs."""
    volume = Volume(channels=2, height=5, width=5)
    first = _layer(Maps(volume=volume, kernel=(3, 3), padding=1), 4, CONTINUOUS)
    second = _layer(Maps(volume=first.shape.output, kernel=(2, 2), pool=2), 5)
    last = _layer(Maps.whole(second.shape.output), 2)
    return Network(name="faulty", layers=(first, second, last))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[] if fault == "taps in another order" else pytest.mark.thorough)
        for fault in FAULTS
    ],
)
def test_caught_and_named(fault, monkeypatch, tmp_path):
    breaks, expected = FAULTS[fault]
    network = _network()
    spikes = np.random.default_rng(0).random((3, 2, 50)) < 0.4
    weight_file = save(network, tmp_path)
    export_anew(monkeypatch)
    with monkeypatch.context() as patch:
        breaks(patch)
        model = cosimulation.chip_model(network, optimise=False)
    outcome = cosimulation.run(
        weight_file, Given(spikes), range(3), tmp_path / "run", model=model
    ).outcomes[0]
    first = outcome.first
    assert (first.what, first.layer, first.timestep) == expected
    assert first.image == 0
    shape = network.layers[first.layer - 1].shape
    assert first.position < shape.firings
    if first.what == "fire cycle":
        return
    result = golden.run(network, spikes)
    values = {"potential": result.potentials, "spike": result.spikes}[first.what]
    maps = values[first.layer - 1][0, first.timestep - 1].reshape(shape.neurons, -1)
    assert first.expected == maps[first.neuron, first.position]
    assert first.got != first.expected
