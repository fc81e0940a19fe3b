# amaranth: UnusedElaboratable=no
"""What the RTL says of parameters that it cannot build."""

import pytest

from trispike.models.errors import BadInput
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.aer import AEREncoder


@pytest.mark.parametrize("inputs", [0, -1, 8193])
def test_encoder_inputs(inputs):
    with pytest.raises(BadInput, match=rf"^encoder inputs must be from 1 to 8192, not {inputs}$"):
        AEREncoder(inputs=inputs)


def test_chip_layers():
    with pytest.raises(BadInput, match=r"^a chip must have 16 layers or fewer, not 17$"):
        Chip(shape=NetworkShape.dense(name="deep", sizes=(2,) * 18))
    assert (
        Chip(shape=NetworkShape.dense(name="deep", sizes=(2,) * 17)).module_name == "trispike_deep"
    )


def test_block_without_a_module_name():
    class Nameless(Block):
        def __init__(self):
            super().__init__({})

    with pytest.raises(TypeError, match=r"^Nameless must define module_name$"):
        _ = Nameless().module_name
