"""Images that end early: RTL, golden model and cycle model agree, and faults are caught."""

import dataclasses
import itertools

import numpy as np
import pytest
from amaranth import *

from tb.kit.mutants import export_anew
from tb.kit.networks import random_network_of, save, spread
from tb.kit.oracles import random_dense
from trispike import golden
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import CONTINUOUS, FIRST_SPIKE, LEAKY, Neuron
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.rtl.chip import fixed_chip, readout
from trispike.rtl.chip.image_gate import ImageGate
from trispike.rtl.chip.readout import Readout
from trispike.rtl.chip.stability import Stability
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.figures import figures
from trispike.sim.cosim.pool import LocalPool
from trispike.sim.cosim.stimulus import Given
from trispike.sim.cosim.table import table

IMAGES, TIMESTEPS = 60, 12


def _spikes(inputs: int, seed: int = 0) -> np.ndarray:
    """Spikes of images that differ, each of a density of its own in each half of its inputs."""
    rng = np.random.default_rng(seed)
    density = rng.random((IMAGES, 1, 2)).repeat(-(-inputs // 2), axis=2)[..., :inputs]
    return rng.random((IMAGES, TIMESTEPS, inputs)) < density


def _network(read_out: ReadOut, neuron: Neuron, sizes: tuple[int, ...], **more) -> Network:
    """The first random network whose images end in several timesteps, some in the last."""
    layers = [
        Dense(inputs=a, neurons=b, threshold=Threshold.EACH, bias=Bias.EACH, neuron=neuron)
        for a, b in itertools.pairwise(sizes)
    ]
    if read_out is ReadOut.POTENTIAL:
        layers[-1] = dataclasses.replace(layers[-1], threshold=Threshold.NONE)
    shape = NetworkShape.of("early", tuple(layers), read_out, stops=True, **more)
    spikes = _spikes(sizes[0])
    for seed in itertools.count():
        network = spread(random_network_of(shape, seed), spikes)
        decided = golden.run(network, spikes, keep_potentials=False).decided
        if len(np.unique(decided)) >= 5 and TIMESTEPS in decided:
            return network


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
    network = _network(read_out, neuron, sizes, skips=skips)
    spikes, labels = _spikes(sizes[0]), np.zeros(IMAGES, dtype=np.int64)
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
            flip_flops=1,
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
    """Resets the layers a cycle late."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        return m


def _faulty(fault, network: Network, tmp_path) -> str:
    found = cosimulation.run(
        save(network, tmp_path),
        Given(_spikes(network.shape.sizes[0])),
        range(IMAGES),
        tmp_path / "run",
        model=cosimulation.chip_model(network, optimise=False),
    )
    return str(found.outcomes[0].first)
