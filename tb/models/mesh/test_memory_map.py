"""The memory map of a node: which lines there are, how values stand in them, its table in docs."""

import pytest

from tb.kit.command import ROOT
from trispike.models.mesh.memory_map import LINE_BITS, Line, memory_map, region_of
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.network.layers import Step
from trispike.models.network.neuron import CONTINUOUS


def _bits(fields):
    """``1:0 weight``, ``0 valid, 1 to_host``."""
    return ", ".join(
        f"{at.lowest + at.width - 1}:{at.lowest} {name}" if at.width > 1 else f"{at.lowest} {name}"
        for name, at in fields.items()
    )


def test_docs_show_the_map():
    """The table in docs/node.md is the declaration, row by row."""
    rows = []
    shared = NodeShape(potentials=True, neuron=CONTINUOUS, step=Step.ONE, forgets=True)
    regions = {**memory_map(OWN), **memory_map(shared)}
    for _, region in sorted(regions.items()):
        last = region.line + region.rows * region.room - 1
        cells = [
            region.name,
            f"{region.line} to {last}" if last > region.line else str(int(region.line)),
            "read, write" if region.writable else "read",
            region.rows,
            region.values,
            region.spacing,
            _bits(region.fields),
        ]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    text = (ROOT / "docs/node.md").read_text()
    head = "| region | lines | access |"
    table = text[text.index(head) :].partition("\n\n")[0].splitlines()[2:]
    assert table == rows


OWN = NodeShape(
    thresholds=True,
    biases=True,
    potentials=True,
    neuron=CONTINUOUS,
    step=Step.EACH,
    forgets=True,
)


@pytest.mark.parametrize("shape", [NodeShape(), NodeShape(inputs=64, neurons=32), OWN])
def test_regions_are_apart(shape):
    """Each region begins at a line, and no line is in two."""
    for line in range(-8, 1 << LINE_BITS):
        regions = [region for region in memory_map(shape).values() if line in region]
        assert len(regions) <= 1
        assert region_of(shape, line) is (regions[0] if regions else None)
    for first, region in memory_map(shape).items():
        assert first == region.line
        assert first in region
        assert first % region.room == 0


def test_lines():
    """Four banks of a full node leave no gap; one bank leaves three of four lines out."""
    full, small = NodeShape(), NodeShape(inputs=64, neurons=32)
    assert all(region_of(full, line) for line in range(Line.STATUS + 1))
    assert not region_of(full, Line.STATUS + 1)
    assert not region_of(full, -1)
    assert [line for line in range(4096) if region_of(small, line)] == list(range(0, 256, 4))
    there = [region_of(small, Line.BIAS + k) is not None for k in range(4)]
    assert there == [True, False, False, False]


def test_fields_that_are_not_there():
    """Those above them take their place: a node that counts timesteps and sends spikes only."""
    fields = memory_map(NodeShape(neuron=CONTINUOUS))[Line.NEURONS].fields
    assert _bits(fields) == "8:0 neurons, 16:9 timesteps"


def test_words():
    """Values stand ``spacing`` bits apart, the first in the lowest bits; the rest of a row is 0."""
    regions = memory_map(NodeShape())
    assert regions[Line.AER_LUT].words([0x1234, 0xFFFF]).tolist() == [0x1234, 0xFFFF, *[0] * 6]
    assert regions[Line.CONSTANTS].words([0x2_ABCD_1234]).tolist() == [0x1234, 0xABCD, 2, *[0] * 5]
    codes = regions[Line.BIAS].words([3, *[0] * 254, 1])
    assert codes.tolist() == [3, *[0] * 30, 1 << 14]
