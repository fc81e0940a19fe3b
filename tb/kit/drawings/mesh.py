"""The 3D mesh, the way of one flit through it, and the seven ports of a router."""

import itertools

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import Kind
from trispike.golden.mesh.routes import Routes
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import MeshShape, Node, Port, node_name

SHAPE = MeshShape(x=3, y=2, z=3)
FLIT = ((0, 0, 0), (2, 1, 2))
"""Source and destination of the flit that is shown."""

_AXES = ((112, 0), (56, -38), (0, -106))
"""Pixels of a step along x, y and z."""

_W, _H = 48, 22


def _at(node: Node, left: float = 132, bottom: float = 284) -> tuple[float, float]:
    x, y = (sum(n * step[k] for n, step in zip(node, _AXES, strict=True)) for k in (0, 1))
    return left + x, bottom + y


def _mesh(sheet: Sheet) -> None:
    path = Routes(mesh=SHAPE).path(*FLIT).nodes
    for node in SHAPE.every():
        for port in SHAPE.ports(node):
            if port in (Port.EAST, Port.NORTH, Port.UP):
                there = tuple(a + d for a, d in zip(node, port.step, strict=True))
                sheet.arrow(_at(node), _at(there), head=False, color="#9aa3ae", behind=True)
    for one, other in itertools.pairwise(path):
        sheet.arrow(_at(one), _at(other), head=False, stream=True, color="#b23b3b", behind=True)
    for node in SHAPE.every():
        x, y = _at(node)
        kind = Kind.SPIKE if node in path else Kind.REGISTER
        sheet.box(x - _W / 2, y - _H / 2, _W, _H, node_name(node), kind, size=12)
    x, y = _at(HOST)
    host = sheet.box(14, y - 16, 62, 32, "host", Kind.OUTSIDE)
    sheet.arrow(host.right(), (x - _W / 2, y), both=True)
    source, destination = map(node_name, FLIT)
    about = f"red: a flit from {source} to {destination} goes along x, then y, then z"
    sheet.note(14, 330, about)


def _ports(sheet: Sheet, x: float, y: float) -> None:
    """A router at ``x``, ``y`` with its ports; LOCAL leads to its node."""
    router = sheet.box(x - 38, y - 24, 76, 48, "router\nx.y.z", Kind.REGISTER)
    ways = {
        Port.EAST: (router.right(), (x + 96, y), (x + 100, y), "left"),
        Port.WEST: (router.left(), (x - 96, y), (x - 100, y), "right"),
        Port.UP: (router.top(), (x, y - 78), (x, y - 96), "center"),
        Port.DOWN: (router.bottom(), (x, y + 78), (x, y + 96), "center"),
        Port.NORTH: (router.top(0.8), (x + 70, y - 58), (x + 74, y - 68), "left"),
        Port.SOUTH: (router.bottom(0.2), (x - 70, y + 58), (x - 74, y + 68), "right"),
        Port.LOCAL: (router.bottom(0.8), (x + 62, y + 54), (x + 66, y + 60), "left"),
    }
    for port, (start, end, at, align) in ways.items():
        sheet.arrow(start, end, both=True)
        axis = next((f"{a}{d:+d}" for a, d in zip("xyz", port.step, strict=True) if d), "its node")
        sheet.text(*at, f"{port.name}\n{axis}", align=align)


def draw() -> Sheet:
    """A mesh of 3x2x3 at the left, a router at the right."""
    sheet = Sheet(346)
    _mesh(sheet)
    _ports(sheet, 614, 160)
    return sheet
