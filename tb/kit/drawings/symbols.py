"""Symbols of digital circuits that schemdraw has in other sizes."""

from schemdraw.elements import Element

from tb.kit.drawings.sheet import Box, Point, Sheet
from tb.kit.drawings.style import INK, PAPER, Kind


def multiplexer(sheet: Sheet, box: Box, *, leftward: bool = False) -> Point:
    """A multiplexer as large as ``box``, whose inputs come from the wide side; its output."""
    slope = min(box.h / 4, box.w / 2)
    wide, narrow = (box.x + box.w, box.x) if leftward else (box.x, box.x + box.w)
    top, bottom = box.y, box.y + box.h
    sheet.polygon([(wide, top), (narrow, top + slope), (narrow, bottom - slope), (wide, bottom)])
    return narrow, box.y + box.h / 2


def clocked(sheet: Sheet, register: Box, at: float = 0.5) -> Point:
    """The wedge of a clock input at the lower side of ``register``; where the clock comes in."""
    x, y = register.bottom(at)
    sheet.polygon([(x - 6, y), (x, y - 9), (x + 6, y)], Kind.REGISTER)
    return x, y


def gate(sheet: Sheet, kind: type[Element], at: Point) -> tuple[list[Point], Point]:
    """A logic gate of schemdraw, its uppermost input at ``at``; its inputs, and its output."""
    element = kind(lw=1.6, color=INK, fill=PAPER)
    if "in2" in element.anchors:
        element.anchor("in1")
    sheet.place(element, at, 34)
    pins = {name: (float(x), -float(y)) for name, (x, y) in element.absanchors.items()}
    return [pins[name] for name in ("in1", "in2") if name in pins], pins["out"]
