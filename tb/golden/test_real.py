"""Networks of real weights, by hand: sums that float32 holds exactly."""

import numpy as np

from trispike.golden import run_real, run_real_layer
from trispike.models.network.real_network import RealLayer, RealNetwork

LAYER = RealLayer(
    weights=np.array([[0.5, -1.0], [0.25, 2.0]]), bias=np.array([0.25, 0.0]), threshold=1.0
)


def test_a_layer():
    """A potential that reaches the threshold is no spike."""
    did = run_real_layer(LAYER, np.array([[True, True], [False, True], [False, False]]))
    assert did.potentials.tolist() == [[1.0, 1.0], [0.5, 2.0], [0.25, 0.0]]
    assert did.spikes.tolist() == [[False, False], [False, True], [False, False]]


def test_a_network():
    """Spikes are counted over the timesteps."""
    spikes = np.array([[[False, True], [True, True], [False, True]]])
    result = run_real(RealNetwork(name="real", layers=(LAYER,)), spikes)
    assert result.scores.tolist() == [[0, 2]]
    assert result.labels.tolist() == [1]
    assert result.potentials[0].tolist() == [[[0.5, 2.0], [1.0, 1.0], [0.5, 2.0]]]
