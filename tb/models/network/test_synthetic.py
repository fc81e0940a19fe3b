"""Random networks of any size."""

import numpy as np
import pytest

from trispike import golden
from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.models.network import synthetic


@pytest.mark.parametrize("size", ["40x64", "12x1024", "1x10"])
def test_activity_lasts(size):
    """Every layer of a deep network fires about as it should, and the same seed gives the same."""
    network = synthetic.network(size, 3)
    assert str(len(network.layers)) == size.split("x")[0]
    given = spikes.encode(synthetic.images(network, 6), 4, 0)
    fired = golden.run(network, given, keep_potentials=False).spikes
    if network.shape.sizes[0] > 10:
        for layer in fired:
            assert layer.mean() == pytest.approx(synthetic.FIRING, rel=0.5)
    again = synthetic.network(size, 3)
    for one, other in zip(network.layers, again.layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
    assert not np.array_equal(
        network.layers[0].weights, synthetic.network(size, 4).layers[0].weights
    )


@pytest.mark.parametrize("size", ["16", "0x64", "3x9", "3x1025", "3x64x2", "-1x64"])
def test_refused(size):
    """A size that is none."""
    with pytest.raises(BadInput, match="RANDOM must be layers x neurons like 16x1024"):
        synthetic.network(size, 0)
