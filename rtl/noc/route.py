"""The route unit: output port of a flit."""

from collections.abc import Iterable

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import COORDINATE_BITS
from trispike.models.mesh.topology import Port, RouterShape, Routing
from trispike.rtl.noc.flit import Node
from trispike.rtl.parameters import Parameter

DeadLinkEntry = data.StructLayout(
    {"valid": 1, "x": COORDINATE_BITS, "y": COORDINATE_BITS, "z": COORDINATE_BITS, "detour": 2}
)
"""A dead vertical link (`models.mesh.topology.DeadLink`); ``detour`` is the side of the column that
replaces it, as `detour_code`.
"""


def dead_link_members(router: RouterShape) -> dict[str, wiring.Member]:
    """The port ``dead_links``, only there if ``router`` has dead links."""
    layout = data.ArrayLayout(DeadLinkEntry, router.dead_links)
    return {"dead_links": In(layout)} if router.dead_links else {}


_SIDES = (Port.EAST, Port.WEST, Port.NORTH, Port.SOUTH)


def detour_code(port: Port) -> int:
    """Code of the side ``port`` in a `DeadLinkEntry`."""
    return _SIDES.index(port)


def turns(routing: Routing, enters: Port) -> tuple[Port, ...]:
    """Output ports of flits that came in by ``enters``.

    Under XYZ a flit never returns to an earlier axis. Under DETOUR it may return to its column
    after it has gone up or down in another one.
    """
    vertical = (Port.UP, Port.DOWN)
    if enters is Port.LOCAL:
        return tuple(Port)
    ahead = enters.opposite
    if enters in (Port.EAST, Port.WEST):
        return (Port.LOCAL, ahead, Port.NORTH, Port.SOUTH, *vertical)
    if enters in (Port.NORTH, Port.SOUTH):
        return (Port.LOCAL, ahead, *vertical)
    return (Port.LOCAL, ahead, *(_SIDES if routing is Routing.DETOUR else ()))


class RouteUnit(wiring.Component):
    """Computes the output port of a flit from its destination. Combinational.

    ``shape``: routing function and number of dead links.

    Members
    -------
    here : In(Node)
        The router's own node.
    destination : In(Node)
        Destination of the flit.
    dead_links : In(DeadLinkEntry) array
        Present if ``shape`` has dead links.
    port : Out(7)
        Output port, one-hot by `Port`.

    Source: TW-SNN sec. 4.3 (3D mesh); dimension order as usual.
    """

    shape = Parameter(RouterShape)

    def __init__(self, *, shape: RouterShape):
        self.shape = shape
        members = {"here": In(Node), "destination": In(Node), "port": Out(len(Port))}
        members |= dead_link_members(shape)
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        toward = Signal(Node)  # the column to go to, and the layer
        m.d.comb += toward.eq(self.destination)
        if self.shape.routing is Routing.DETOUR and self.shape.dead_links:
            for entry in reversed(list(self.dead_links)):  # the first one in the way counts
                with m.If(self._in_the_way(entry)):
                    m.d.comb += self._stand_in(toward, entry)
        for axis, up, down in (
            ("x", Port.EAST, Port.WEST),
            ("y", Port.NORTH, Port.SOUTH),
            ("z", Port.UP, Port.DOWN),
        ):
            here, there = self.here[axis], toward[axis]
            done = self._all(self.here[k] == toward[k] for k in "xyz"[: "xyz".index(axis)])
            m.d.comb += [
                self.port[up].eq(done & (there > here)),
                self.port[down].eq(done & (there < here)),
            ]
        m.d.comb += self.port[Port.LOCAL].eq(self.here == toward)
        return m

    @staticmethod
    def _all(conditions: Iterable[Value]) -> Value:
        return Cat(C(1, 1), *conditions).all()

    def _in_the_way(self, entry: data.View) -> Value:
        """Whether the link is in the destination's column, between this z and the destination's."""
        column = (entry.x == self.destination.x) & (entry.y == self.destination.y)
        return entry.valid & column & ((self.here.z > entry.z) ^ (self.destination.z > entry.z))

    def _stand_in(self, toward: data.View, entry: data.View) -> list:
        """Route to the column beside the destination's."""
        east, west, north, south = (entry.detour == detour_code(port) for port in _SIDES)
        return [toward.x.eq(entry.x + east - west), toward.y.eq(entry.y + north - south)]
