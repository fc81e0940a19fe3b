"""A sheet of paper to draw blocks and arrows on, in pixels from the upper left corner."""

import itertools
import re
from typing import NamedTuple
from xml.etree import ElementTree

import schemdraw
from schemdraw.backends import svg
from schemdraw.elements import Element
from schemdraw.segments import Segment, SegmentCircle, SegmentPath, SegmentPoly, SegmentText

from tb.kit.drawings.style import INK, LEGEND, PALE, PAPER, SIZE, SMALL, WIDTH, Kind

Point = tuple[float, float]

_LINE = 1.35
"""Distance of two lines of text, in sizes of their letters."""

_WIDEST = 1.15
"""Width of text in DejaVu Sans, the widest usual font, by what schemdraw takes for it."""

_DOWN = 0.35
"""From the middle of letters to where they stand, in their sizes."""

_MARGIN = 4


class Box(NamedTuple):
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    def left(self, at: float = 0.5) -> Point:
        """A point of the left side, ``at`` from 0, the top, to 1."""
        return self.x, self.y + at * self.h

    def right(self, at: float = 0.5) -> Point:
        """A point of the right side."""
        return self.x + self.w, self.y + at * self.h

    def top(self, at: float = 0.5) -> Point:
        """A point of the upper side, ``at`` from 0, the left, to 1."""
        return self.x + at * self.w, self.y

    def bottom(self, at: float = 0.5) -> Point:
        """A point of the lower side."""
        return self.x + at * self.w, self.y + self.h

    def meets(self, other: "Box") -> bool:
        """Whether they have a point inside of both."""
        across = self.x < other.x + other.w and other.x < self.x + self.w
        return across and self.y < other.y + other.h and other.y < self.y + self.h

    def within(self, other: "Box") -> bool:
        """Whether no part of it is outside of ``other``."""
        right, bottom = other.x + other.w, other.y + other.h
        across = other.x <= self.x and self.x + self.w <= right
        return across and other.y <= self.y and self.y + self.h <= bottom

    def inside(self, by: float) -> "Box":
        """The box without a border of ``by``."""
        return Box(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)


def text_width(line: str, size: float) -> float:
    """Pixels that ``line`` takes at most."""
    return _WIDEST * svg.text_size(line, size=size)[0]


class Sheet:
    """What a drawing is drawn on; `svg` refuses one that does not read well.

    ``height``: pixels; all sheets are `style.WIDTH` wide.
    """

    def __init__(self, height: float):
        self._page = Box(0, 0, WIDTH, height)
        self._drawing = schemdraw.Drawing(canvas="svg", show=False)
        self._drawing.config(inches_per_unit=1 / 72, unit=1, margin=0)
        self._texts: list[tuple[str, Box]] = []
        self._boxes: list[Box] = []
        self._regions: list[Box] = []
        self._kinds: set[Kind] = set()
        self._lines: list[tuple[Point, Point]] = []

    def add(self, segment, zorder: int = 2) -> None:
        """Draw a segment of schemdraw, whose y grows upward."""
        element = Element(zorder=zorder)
        element.segments.append(segment)
        self.place(element, (0, 0))

    def place(self, element: Element, at: Point, scale: float = 1) -> Element:
        """Draw an element of schemdraw, ``scale`` pixels for its unit; returns it."""
        x, y = at
        return self._drawing.add(element.at((x, -y)).theta(0).scale(scale))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        align: str = "center",
        size: float = SMALL,
        color: str = INK,
        turned: bool = False,
    ) -> None:
        """Write lines, whose middle is at ``y``; ``turned`` ones read upward, round the point."""
        lines = text.splitlines()
        for k, line in enumerate(lines):
            off = (k - (len(lines) - 1) / 2) * _LINE * size
            at = (x + off, y) if turned else (x, y + off)
            self._line(*at, line, align, size, color, turned)

    def note(self, x: float, y: float, text: str) -> None:
        """Write a remark that begins at ``x``."""
        self.text(x, y, text, align="left", color=PALE)

    def _line(self, x, y, line, align, size, color, turned) -> None:
        width = text_width(line, size)
        start = {"left": 0, "center": width / 2, "right": width}[align]
        where = Box(x - start, y - size / 2, width, size)
        if turned:
            where = Box(x - size / 2, y - width + start, size, width)
        self._texts.append((line, where))
        down = _DOWN * size
        at = (x + down, -y) if turned else (x, -y - down)
        kwargs = {"rotation": 90, "rotation_mode": "anchor"} if turned else {}
        segment = SegmentText(
            at, line, align=(align, "base"), fontsize=size, color=color, font="sans", **kwargs
        )
        self.add(segment, 4)

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        text: str = "",
        kind: Kind = Kind.LOGIC,
        *,
        size: float = SIZE,
        dashed: bool = False,
    ) -> Box:
        """A block; the first line of ``text`` is its name. `ValueError` if it does not fit."""
        box = Box(x, y, w, h)
        self._boxes.append(box)
        self._kinds.add(kind)
        self._rectangle(box, kind.fill, kind.edge, 4, dashed)
        name, *more = text.split("\n")
        height = len(more) * _LINE * SMALL
        for line, letters in [(name, size), *((each, SMALL) for each in more)]:
            if text_width(line, letters) > w - _MARGIN or height + size > h:
                raise ValueError(f"{line!r} does not fit into its box of {w} x {h}")
        if name:
            self.text(x + w / 2, y + (h - height) / 2, name, size=size)
        if more:
            middle = y + (h - height) / 2 + _LINE * (size + SMALL) / 2
            for k, line in enumerate(more):
                self.text(x + w / 2, middle + k * _LINE * SMALL - 1, line, color=PALE)
        return box

    def region(self, x: float, y: float, w: float, h: float, title: str = "") -> Box:
        """A frame round blocks, with a title in its upper left corner."""
        region = Box(x, y, w, h)
        self._regions.append(region)
        self._rectangle(region, "#f7f8fa", "#9aa3ae", 8, True, zorder=0)
        if title:
            self.note(x + 10, y + 14, title)
        return region

    def frame(self, box: Box) -> None:
        """A thick frame that marks what is inside."""
        (x, y), (right, bottom) = (box.x, -box.y), (box.x + box.w, -box.y - box.h)
        corners = [(x, y), (right, y), (right, bottom), (x, bottom)]
        self.add(SegmentPoly(corners, color=INK, lw=3), 4)

    def _rectangle(self, box: Box, fill: str, edge: str, radius: float, dashed, zorder=1) -> None:
        left, top, right, bottom = box.x, -box.y, box.x + box.w, -box.y - box.h
        r = radius
        path = ["M", (left + r, top), "L", (right - r, top), "Q", (right, top), (right, top - r)]
        path += ["L", (right, bottom + r), "Q", (right, bottom), (right - r, bottom)]
        path += ["L", (left + r, bottom), "Q", (left, bottom), (left, bottom + r)]
        path += ["L", (left, top - r), "Q", (left, top), (left + r, top)]
        style = {"fill": fill, "color": edge, "lw": 1.3, "ls": "5,3" if dashed else "-"}
        self.add(SegmentPath(path, **style), zorder)

    def polygon(self, points: list[Point], kind: Kind = Kind.LOGIC) -> None:
        """A block that is no rectangle."""
        corners = [(x, -y) for x, y in points]
        self.add(SegmentPoly(corners, fill=kind.fill, color=kind.edge, lw=1.3), 1)

    def arrow(
        self,
        *points: Point,
        stream: bool = False,
        color: str = INK,
        head: bool = True,
        dashed: bool = False,
        behind: bool = False,
        both: bool = False,
    ) -> None:
        """An arrow along ``points``, thick for the data's main way; ``behind``: under blocks."""
        if not behind:
            self._lines += itertools.pairwise(points)
        segment = Segment(
            [(x, -y) for x, y in points],
            arrow="<->" if both else "->" if head else None,
            arrowwidth=9 if stream else 7,
            arrowlength=10 if stream else 8,
            lw=2.6 if stream else 1.3,
            ls="5,3" if dashed else "-",
            color=color,
        )
        self.add(segment, 0 if behind else 3)

    def dot(self, at: Point) -> None:
        """Where a wire branches."""
        x, y = at
        self.add(SegmentCircle((x, -y), 3, fill=INK, color=INK, lw=0.5), 3)

    def legend(self, y: float) -> None:
        """What the colours say that are used, in a line at ``y``."""
        x = 20
        for kind, text in LEGEND.items():
            if kind in self._kinds:
                self._rectangle(Box(x, y - 6, 16, 12), kind.fill, kind.edge, 2, False)
                self.note(x + 22, y, text)
                x += 38 + text_width(text, SMALL)

    def faults(self) -> list[str]:
        """What does not read well: text on text or beyond the page, arrows across text or boxes."""
        found = [
            f"{line!r} leaves the page"
            for line, where in self._texts
            if where.x < 2
            or where.x + where.w > self._page.w - 2
            or where.y < 2
            or where.y + where.h > self._page.h - 2
        ]
        for (one, first), (other, second) in itertools.combinations(self._texts, 2):
            if first.inside(1).meets(second.inside(1)):
                found.append(f"{one!r} overlaps {other!r}")
        for frame in (*self._boxes, *self._regions):
            found += [
                f"{line!r} lies on the border of {frame}"
                for line, where in self._texts
                if where.meets(frame) and not where.inside(1).within(frame)
            ]
        for line in self._lines:
            found += [f"a line crosses {t!r}" for t, where in self._texts if _cross(line, where)]
            found += [f"a line crosses {b}" for b in self._boxes if _cross(line, b.inside(2))]
        return found

    def svg(self) -> str:
        """The drawing as an SVG file; `ValueError` with its faults."""
        if faults := self.faults():
            raise ValueError("; ".join(faults))
        root = ElementTree.fromstring(self._drawing.get_imagedata("svg"))
        size = f"{self._page.w:g}", f"{self._page.h:g}"
        paper = ElementTree.Element("rect", width=size[0], height=size[1], rx="10", fill=PAPER)
        root.attrib.clear()
        root.set("viewBox", " ".join(("0 0", *size)))
        root.set("width", size[0])
        root.set("height", size[1])
        root.set("font-family", "sans-serif")
        root.insert(0, paper)
        _simplify(root)
        return ElementTree.tostring(root, encoding="unicode") + "\n"


def _simplify(root: ElementTree.Element) -> None:
    """An element a line, without what schemdraw says that goes without saying."""
    for each in list(root):
        if each.tag.endswith("}defs"):
            root.remove(each)  # clips of a timing diagram, at the wrong place
        each.attrib.pop("clip-path", None)
        if "d" in each.attrib:
            each.set("d", re.sub(r"-?\d+\.\d+", _rounded, each.get("d")))
        if "style" in each.attrib:
            style = each.get("style").replace("stroke-dasharray:-;", "")
            style = style.replace("url(#hatch)", "#e4e7eb")
            each.set("style", style.rstrip(";"))
        if each.tag.endswith("}text"):
            (line,) = list(each)
            baseline = float(each.get("y")) + float(line.get("dy"))
            if each.get("dominant-baseline") == "central":
                baseline += _DOWN * float(each.get("font-size"))
            each.set("x", f"{float(each.get('x')):.1f}")
            each.set("y", f"{baseline:.1f}")
            each.text = line.text
            each.remove(line)
            del each.attrib["font-family"], each.attrib["dominant-baseline"]
    ElementTree.indent(root, "")


def _rounded(number: re.Match) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _cross(line: tuple[Point, Point], box: Box) -> bool:
    """Whether a horizontal or vertical line runs through ``box``; others are not judged."""
    (x0, y0), (x1, y1) = line
    if x0 != x1 and y0 != y1:
        return False
    return box.meets(Box(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)))
