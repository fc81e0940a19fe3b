"""Tables keyed by the description: every room knows every kind of layer, read-out and encoder."""

import pytest

from trispike.golden import model
from trispike.golden.layers import LAYERS as RUNS
from trispike.models.data.encoders import ENCODERS
from trispike.models.network.layers import KINDS
from trispike.models.network.shape import Encoder, ReadOut
from trispike.rtl.layers import LAYERS
from trispike.sim.cosim import judge
from trispike.sim.cosim.cycles import SPIKING_CYCLES, STAGES


@pytest.mark.parametrize(
    "table",
    [RUNS, LAYERS, SPIKING_CYCLES, STAGES],
    ids=["golden", "rtl", "spiking cycles", "stages"],
)
def test_kinds_of_layers(table):
    """Golden model, RTL and cycle model have each kind of layer."""
    assert set(table) == set(KINDS)


@pytest.mark.parametrize("table", [model.SCORES, judge.SCORES], ids=["golden", "judge"])
def test_read_outs(table):
    """Golden model and judge have each read-out."""
    assert set(table) == set(ReadOut)


def test_encoders():
    """Each encoder has its function."""
    assert set(ENCODERS) == set(Encoder)
