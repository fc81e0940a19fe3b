"""Random networks, spike densities from 0 to 1: RTL, golden model and cycle model agree."""

import numpy as np
import pytest

from tb.kit.networks import random_network, save
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.stimulus import Given
from trispike.sim.tools.paths import build_folder

CASES = [
    pytest.param((40, 24, 10), 1, 3, id="three-timesteps"),
    pytest.param((1, 1, 1), 1, 1, id="smallest"),
    pytest.param((30, 130, 70, 3), 1, 2, id="partial-banks"),
    pytest.param((33, 9, 100, 5, 2), 1, 1, id="slow-layer-late"),
    pytest.param((41, 24, 3, 10), 2, 3, id="two-lanes"),
    pytest.param((30, 66, 9, 3), 4, 2, id="four-lanes"),
    pytest.param((50, 9, 20, 3, 2), 8, 1, id="eight-lanes"),
]


def _spikes(inputs: int, images: int, timesteps: int, seed: int) -> np.ndarray:
    """Spikes whose density differs a lot between timesteps: none, all, and all between."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0, 0.02, 0.1, 0.3, 0.7, 1], size=(images, timesteps, 1))
    return rng.random((images, timesteps, inputs)) < density


@pytest.mark.parametrize(("sizes", "lanes", "timesteps"), CASES)
def test_random_networks(sizes, lanes, timesteps, tmp_path):
    """Several networks of one shape run on one build: weights are data."""
    model = None
    for seed in range(4):
        network = random_network(sizes, seed)
        weight_file = save(network, tmp_path)
        model = model or cosimulation.chip_model(network, lanes=lanes, optimise=False)
        folder = build_folder() / "tests" / f"random-{'-'.join(map(str, sizes))}-{lanes}"
        spikes = _spikes(sizes[0], 120, timesteps, seed)
        images = range(len(spikes))
        found = cosimulation.run(
            weight_file, Given(spikes), images, folder, lanes=lanes, model=model
        )
        (outcome,) = found.outcomes
        assert outcome.first is None
        assert not any(outcome.mismatches.values())
        assert len(outcome.labels) == 120
        assert outcome.spikes[0].tolist() == spikes.sum(axis=2).reshape(-1).tolist()
