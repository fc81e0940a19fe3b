"""Random networks, spike densities from 0 to 1: RTL, golden model and cycle model agree."""

import numpy as np
import pytest

from sim import cosim
from sim.paths import build_folder
from tb.networks import random_network, save

CASES = [
    pytest.param((40, 24, 10), 3, id="three-timesteps"),
    pytest.param((1, 1, 1), 1, id="smallest"),
    pytest.param((30, 130, 70, 3), 2, id="partial-banks"),
    pytest.param((33, 9, 200, 5, 2), 1, id="slow-layer-late"),
]


def _spikes(inputs: int, images: int, timesteps: int, seed: int) -> np.ndarray:
    """Spikes whose density differs a lot between timesteps: none, all, and all between."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0, 0.02, 0.1, 0.3, 0.7, 1], size=(images, timesteps, 1))
    return rng.random((images, timesteps, inputs)) < density


@pytest.mark.parametrize(("sizes", "timesteps"), CASES)
def test_random_networks(sizes, timesteps, tmp_path):
    """Several networks of one shape run on one build: weights are data."""
    model = None
    for seed in range(4):
        network = random_network(sizes, seed)
        weight_file = save(network, tmp_path)
        model = model or cosim.chip_model(network)
        folder = build_folder() / "tests" / f"random-{'-'.join(map(str, sizes))}"
        spikes = _spikes(sizes[0], 120, timesteps, seed)
        (outcome,) = cosim.run(weight_file, spikes, folder, model=model)
        assert outcome.first is None
        assert not any(outcome.mismatches.values())
        assert len(outcome.labels) == 120
        assert outcome.spikes[0] == spikes.sum(axis=2).reshape(-1).tolist()
