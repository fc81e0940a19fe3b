"""Images that end early: RTL, golden model and cycle model agree, and faults are caught."""

import dataclasses

import numpy as np
import pytest
from amaranth import *

from tb.kit.early import IMAGES, TIMESTEPS, early_network, spikes_of
from tb.kit.mutants import export_anew, wrap
from tb.kit.networks import save
from trispike import golden
from trispike.models.network.neuron import CONTINUOUS, FIRST_SPIKE, LEAKY, Neuron
from trispike.models.network.shape import ReadOut
from trispike.rtl.chip import fixed_chip, readout
from trispike.rtl.chip.image_gate import ImageGate
from trispike.rtl.chip.readout import Readout
from trispike.rtl.chip.stability import Stability
from trispike.rtl.hierarchy import place
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.figures import figures
from trispike.sim.cosim.pool import LocalPool
from trispike.sim.cosim.stimulus import Given
from trispike.sim.cosim.table import table
from trispike.sim.cost.registers import Registers

pytestmark = pytest.mark.thorough

CASES = [
    pytest.param(ReadOut.COUNT, Neuron(), (20, 12, 5), 1, False, id="counts"),
    pytest.param(ReadOut.COUNT, LEAKY, (9, 30, 6, 3), 2, True, id="counts-after-skip"),
    pytest.param(ReadOut.POTENTIAL, Neuron(), (33, 9, 4), 4, True, id="potentials-after-skip"),
    pytest.param(ReadOut.POTENTIAL, CONTINUOUS, (20, 12, 9, 2), 1, False, id="potentials"),
    pytest.param(ReadOut.FIRST, FIRST_SPIKE, (20, 12, 5), 2, False, id="first"),
    pytest.param(ReadOut.FIRST, CONTINUOUS, (12, 9, 9, 7, 3), 1, True, id="first-after-skip"),
]


@pytest.mark.parametrize(("read_out", "neuron", "sizes", "lanes", "skips"), CASES)
def test_images_end_early(read_out, neuron, sizes, lanes, skips, tmp_path):
    """All that happens is as expected, in one shard as in three, which give the same figures."""
    network = early_network(read_out, neuron, sizes, skips=skips)
    spikes, labels = spikes_of(sizes[0]), np.zeros(IMAGES, dtype=np.int64)
    weight_file = save(network, tmp_path)
    model = cosimulation.chip_model(network, lanes=lanes, optimise=False)
    every = []
    for shards in (1, 3):
        found = cosimulation.run(
            weight_file,
            Given(spikes),
            range(IMAGES),
            tmp_path / "run",
            lanes=lanes,
            model=model,
            pool=LocalPool(shards),
        )
        assert [outcome.first for outcome in found.outcomes] == [None] * shards
        shape = network.shape.with_lanes(lanes)
        made = figures(
            shape,
            found.outcomes,
            labels,
            images=range(IMAGES),
            data="made",
            timesteps=TIMESTEPS,
            seed=0,
            registers=Registers(flip_flops=1, narrow=1, wide=1, elements=(1,) * len(shape.layers)),
            wall_seconds=1.0,
        )
        every.append(made)
        table(made)
    one, several = every
    for name in ("shards", "simulated_cycles", "simulated_cycles_per_second"):
        several = dataclasses.replace(several, **{name: getattr(one, name)})
    assert several == one
    decided = golden.run(network, spikes).decided
    assert one.timesteps_taken == decided.mean() < TIMESTEPS
    assert one.mismatches["timesteps taken"] == 0


class LateStop(Readout):
    """Ends an image a cycle late."""

    def elaborate(self, platform):
        m = Module()
        inner = Readout(outputs=self.outputs, read_out=self.read_out, skips=True, stops=True)
        wrap(m, self, inner)
        late = Signal()
        m.d.sync += late.eq(inner.stop)
        m.d.comb += self.stop.eq(late)
        return m


class EarlyCount(Readout):
    """Skips a timestep less."""

    def elaborate(self, platform):
        m = Module()
        inner = Readout(outputs=self.outputs, read_out=self.read_out, skips=True, stops=True)
        wrap(m, self, inner)
        m.d.comb += inner.skip.eq(self.skip - 1)
        return m


class NeverAnew(Stability):
    """Goes on with what the image before has left."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := Stability(n=self.n, shape=self.shape))
        m.d.comb += inner.first.eq(0)
        return m


class OneTooMany(ImageGate):
    """Takes a vector too many of each image."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := ImageGate(layer=self.layer))
        m.d.comb += inner.timesteps.eq(self.timesteps + 1)
        return m


def _without_reset(block, platform, *, reset=None):
    """Leaves in the layers what the image before was doing."""
    return place(block, platform)


FAULTS = [
    (None, "", None, "None"),
    (fixed_chip, "Readout", LateStop, "fire cycle: image 1, timestep 1, layer 1"),
    (fixed_chip, "Readout", EarlyCount, "potential sum: image 0,"),
    (readout, "Stability", NeverAnew, "timesteps taken: image 1,"),
    (fixed_chip, "ImageGate", OneTooMany, "fire cycle: image 1, timestep 1, layer 1"),
    (fixed_chip, "place", _without_reset, "potential: image 2, timestep 1, layer 1"),
]


@pytest.mark.parametrize(("module", "name", "fault", "message"), FAULTS)
def test_faults(module, name, fault, message, tmp_path, monkeypatch):
    """Each is caught; without one all agrees."""
    export_anew(monkeypatch)
    if module:
        monkeypatch.setattr(module, name, fault)
    network = early_network(ReadOut.POTENTIAL, CONTINUOUS, (9, 6, 3), skips=True)
    model = cosimulation.chip_model(network, optimise=False)
    stimulus, folder = Given(spikes_of(9)), tmp_path / "run"
    weight_file = save(network, tmp_path)
    found = cosimulation.run(weight_file, stimulus, range(IMAGES), folder, model=model)
    assert message in str(found.outcomes[0].first)
