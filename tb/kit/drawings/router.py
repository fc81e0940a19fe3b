"""A router: one input unit, one output unit, and which inputs lead to which outputs."""

from tb.kit.drawings.sheet import Box, Sheet
from tb.kit.drawings.style import PALE, Kind
from tb.kit.drawings.symbols import multiplexer
from trispike.models.mesh.flits import FLIT_BITS
from trispike.models.mesh.topology import Port, RouterShape
from trispike.rtl.noc.route import turns

SHAPE = RouterShape()
_FLIT = 110
"""Height at which flits go through."""


def _input_unit(sheet: Sheet) -> None:
    sheet.region(60, 14, 340, 264, f"input unit, one for each of {len(Port)} ports")
    sheet.arrow((8, _FLIT), (84, _FLIT), stream=True)
    sheet.text(8, _FLIT - 14, "i_PORT", align="left")
    for k in range(SHAPE.depth):
        sheet.box(84 + 34 * k, 86, 30, 48, kind=Kind.REGISTER)
    end = 84 + 34 * SHAPE.depth - 4
    sheet.text(
        (84 + end) / 2, 58, f"buffer of {SHAPE.depth} flits,\n{FLIT_BITS} bits each", color=PALE
    )
    sheet.arrow((end, _FLIT), (590, _FLIT), stream=True)
    sheet.text(330, _FLIT - 14, "oldest flit", color=PALE)
    route = sheet.box(118, 166, 128, 58, "route\nits destination\nagainst here")
    alive = sheet.box(288, 166, 92, 58, "alive?\nport is there,\nlink works")
    sheet.arrow((232, _FLIT), (232, 166))
    sheet.dot((232, _FLIT))
    sheet.arrow(route.right(), alive.left())
    sheet.text(267, 183, "port", color=PALE)
    sheet.arrow(alive.bottom(), (334, 260), (240, 260))
    sheet.text(232, 260, "no: drop, and count", align="right")
    sheet.arrow(alive.right(), (480, 195))
    sheet.text(435, 183, "request", color=PALE)
    sheet.text(434, 220, "two of a\nmulticast", color=PALE)


def _output_unit(sheet: Sheet) -> None:
    sheet.region(468, 14, 228, 264, f"output unit, one for each of {len(Port)} ports")
    allocator = sheet.box(480, 166, 92, 58, "allocator\nround robin", Kind.CONTROL)
    owner = sheet.box(480, 236, 92, 36, "owner", Kind.REGISTER)
    chosen = multiplexer(sheet, Box(590, 52, 28, 92))
    sheet.note(477, 72, "flits of the\nother inputs")
    sheet.arrow((568, 66), (590, 66))
    sheet.arrow((568, 82), (590, 82))
    sheet.arrow((chosen[0], chosen[1]), (752, chosen[1]), stream=True)
    sheet.text(752, chosen[1] - 14, "o_PORT", align="right")
    sheet.arrow(allocator.right(), (604, 195), (604, 142))
    sheet.note(612, 184, "grant: which")
    sheet.note(612, 200, "flit leaves")
    sheet.arrow(owner.top(), allocator.bottom())
    sheet.note(580, 248, "keeps the output")
    sheet.note(580, 263, "to a packet's end")


def _turns(sheet: Sheet, x: float, y: float) -> None:
    """A table of input ports (rows) and output ports (columns)."""
    wide, high = 56, 19
    sheet.text(x - 14, y, "from, to", align="right", color=PALE)
    for k, port in enumerate(Port):
        sheet.text(x + wide * (k + 0.5), y, port.name)
        sheet.text(x - 14, y + high * (k + 1), port.name, align="right")
        ways = turns(SHAPE.routing, port)
        for other in Port:
            at = Box(x + wide * other, y + high * (k + 0.5), wide, high)
            wired = other in ways
            sheet.box(*at, "•" if wired else "", Kind.CONTROL if wired else Kind.OUTSIDE)
        inputs = sum(port in turns(SHAPE.routing, each) for each in Port)
        sheet.text(x + wide * (k + 0.5), y + high * (len(Port) + 1), str(inputs), color=PALE)
    sheet.text(x - 14, y + high * (len(Port) + 1), "inputs", align="right", color=PALE)
    about = "a flit that came by EAST\ngoes west: on, or it turns\nto y or z, or is there"
    sheet.note(x + wide * len(Port) + 14, y + 2 * high, about)


def draw() -> Sheet:
    """What a flit goes through in a cycle, and the turns that it can make."""
    sheet = Sheet(490)
    _input_unit(sheet)
    _output_unit(sheet)
    sheet.note(20, 304, f"green: requests that are wired, with {SHAPE.routing.value} routing")
    _turns(sheet, 150, 326)
    return sheet
