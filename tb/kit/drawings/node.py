"""A node: network interface and neuron cluster, after TW-SNN fig. 8(b)."""

from tb.kit.drawings.sheet import Box, Sheet
from tb.kit.drawings.style import PALE, Kind
from trispike.models.mesh.node_shape import CREDITS, NodeShape
from trispike.models.network.numbers import BANK_BITS
from trispike.rtl.node.interface import DEPTH

SHAPE = NodeShape()
_OUT = Kind.REGISTER.edge
"""Colour of the flits that leave."""


def _cluster(sheet: Sheet) -> tuple[Box, Box, Box]:
    """A dense layer; returns its encoder, memory and PEs."""
    banks = SHAPE.layer.banks
    sheet.region(600, 12, 148, 426, "neuron cluster")
    encoder = sheet.box(614, 64, 120, 58, f"AER encoder\n{SHAPE.inputs} bits", Kind.REGISTER)
    memory = f"{len(banks)} banks\n{banks[0].rows} x {banks[0].width} bits,\nbiases,\nconstants"
    memory = sheet.box(614, 200, 120, 82, memory, Kind.MEMORY)
    elements = sheet.box(614, 330, 120, 58, f"{SHAPE.neurons} PEs\na spike vector", Kind.REGISTER)
    sheet.arrow(encoder.bottom(), memory.top())
    sheet.note(682, 161, "address")
    sheet.arrow(memory.bottom(), elements.top())
    sheet.note(682, 306, "weights")
    return encoder, memory, elements


def _receiver(sheet: Sheet, encoder: Box) -> Box:
    """Flits to timesteps; returns the table that they come to."""
    sheet.region(248, 40, 306, 142, "spike receiver")
    table = sheet.box(262, 64, 92, 58, f"AER LUT\n{SHAPE.sources} sources", Kind.REGISTER)
    pending = f"pending spikes\n2 timesteps of\n{SHAPE.inputs} bits"
    pending = sheet.box(394, 64, 146, 58, pending, Kind.REGISTER)
    steps = sheet.box(394, 138, 146, 36, "step controller", Kind.CONTROL, size=12)
    sheet.arrow(table.right(), pending.left())
    sheet.text(373, 82, "row", color=PALE)
    sheet.arrow(table.bottom(), (308, 148), (394, 148))
    sheet.arrow(steps.top(), pending.bottom())
    sheet.arrow(pending.right(), encoder.left(), stream=True)
    sheet.arrow((394, 165), (236, 165), (236, 281), (188, 281), color=_OUT)
    sheet.text(246, 200, "credits", align="left", color=_OUT)
    return table


def _sender(sheet: Sheet, elements: Box) -> None:
    """Spike vectors to flits, each to all destinations."""
    sheet.region(248, 310, 306, 108, "spike sender")
    encoder = sheet.box(430, 330, 110, 58, f"AER encoder\n{SHAPE.neurons} bits", Kind.REGISTER)
    table = f"address LUT\n{SHAPE.destinations} destinations,\n{CREDITS} credits each"
    table = sheet.box(262, 334, 124, 66, table, Kind.REGISTER)
    sheet.arrow(elements.left(), encoder.right(), stream=True)
    sheet.arrow(encoder.left(), (table.right()[0], encoder.left()[1]))
    sheet.arrow((262, 388), (226, 388), (226, 315), (188, 315), color=_OUT)
    sheet.text(219, 408, "spikes,\nends", color=_OUT)


def draw() -> Sheet:
    """Flits come in and leave at the left, timesteps at the right."""
    sheet = Sheet(470)
    sheet.region(96, 12, 472, 426, "network interface")
    router = sheet.box(12, 190, 56, 70, "router", Kind.OUTSIDE)
    arrived = sheet.box(112, 60, 76, 56, f"buffer\n{DEPTH} flits", Kind.REGISTER)
    sort = sheet.box(112, 150, 76, 56, "sort\nby type", Kind.CONTROL)
    output = sheet.box(112, 270, 76, 56, "output\nin turn", Kind.CONTROL)
    leaving = sheet.box(112, 360, 76, 56, f"buffer\n{DEPTH} flits", Kind.REGISTER)
    encoder, memory, elements = _cluster(sheet)
    received = _receiver(sheet, encoder)
    _sender(sheet, elements)
    slave = f"memory slave\nlines of {BANK_BITS} bits"
    slave = sheet.box(300, 217, 140, 48, slave, Kind.CONTROL)

    sheet.arrow(router.top(), (40, 88), arrived.left(), stream=True)
    sheet.arrow(arrived.bottom(), sort.top(), stream=True)
    sheet.arrow((188, 162), (210, 162), (210, 93), received.left())
    sheet.text(218, 74, "spikes,\nends", color=PALE)
    sheet.arrow((188, 178), (220, 178), (220, 241), slave.left())
    sheet.note(242, 230, "requests")
    sheet.arrow((188, 196), (204, 196), (204, 348), (262, 348))
    sheet.text(197, 238, "credits", align="right", color=PALE)
    sheet.arrow(slave.right(), memory.left(), both=True)
    sheet.arrow((320, 265), (320, 298), (188, 298), color=_OUT)
    sheet.text(328, 282, "answers", align="left", color=_OUT)
    sheet.arrow(output.bottom(), leaving.top(), stream=True, color=_OUT)
    sheet.arrow(leaving.left(), (40, 388), router.bottom(), stream=True, color=_OUT)
    sheet.legend(456)
    return sheet
