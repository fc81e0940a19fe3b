"""Claims about `rtl.noc.route.RouteUnit`, which is combinational."""

from collections.abc import Callable

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Member, Out

from trispike.models.mesh.topology import Port, RouterShape, Routing
from trispike.rtl.noc.flit import Node
from trispike.rtl.noc.route import DeadLinkEntry, RouteUnit, detour_code
from trispike.sim.formal.claims import Bench, Claims, exactly_one


class RouteBench(Bench):
    """A route unit beside a second description of its function, case by case."""

    def __init__(self, *, shape: RouterShape, unit: Callable = RouteUnit):
        self._shape, self._unit = shape, unit
        members = {"here": In(Node), "destination": In(Node), "port": Out(len(Port))}
        super().__init__({**members, **dead_links(shape)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(shape=self._shape)
        claims = Claims(m)
        entries = list(self.dead_links) if self._shape.dead_links else []
        self.join(m, unit, "here", "destination", "port", *dead_links(self._shape))
        expected_port = expected(m, self._shape, self.here, self.destination, entries)
        claims.always("exactly_one_port", exactly_one(self.port))
        claims.always("as_specified", self.port == expected_port)
        if entries and self._shape.routing is Routing.DETOUR:
            dead = dead_here(entries, self.here)
            if len(entries) == 1:
                up, down = self.port[Port.UP], self.port[Port.DOWN]
                claims.always("never_into_the_dead_link", ~(up & dead[0] | down & dead[1]))
            claims.reached("goes_round", dead[0] & self.port[Port.EAST])
        for port in Port:
            claims.reached(f"port_{port.name.lower()}", self.port[port])
        return m


def dead_links(shape: RouterShape) -> dict[str, Member]:
    """The port for the table of dead links, if ``shape`` has one; its name is the RTL's."""
    entries = shape.dead_links
    return {"dead_links": In(data.ArrayLayout(DeadLinkEntry, entries))} if entries else {}


def dead_here(entries: list, here: data.View) -> tuple[Value, Value]:
    """Whether the links up and down from ``here`` are dead."""
    columns = [entry.valid & (entry.x == here.x) & (entry.y == here.y) for entry in entries]
    pairs = list(zip(columns, entries, strict=True))
    return (
        Cat(column & (entry.z == here.z) for column, entry in pairs).any(),
        Cat(column & (entry.z + 1 == here.z) for column, entry in pairs).any(),
    )


def expected(
    m: Module, shape: RouterShape, here: data.View, destination: data.View, entries: list
) -> Signal:
    """Expected port of a flit, one-hot in `Port`, written independently of the RTL."""
    x, y = Signal(3, name="expected_x"), Signal(3, name="expected_y")
    m.d.comb += [x.eq(destination.x), y.eq(destination.y)]
    if shape.routing is Routing.DETOUR:
        lower = Mux(here.z < destination.z, here.z, destination.z)
        upper = Mux(here.z < destination.z, destination.z, here.z)
        detoured = Signal(name="expected_detour")
        for entry in entries:
            crossed = (lower <= entry.z) & (entry.z < upper)
            in_column = (entry.x == destination.x) & (entry.y == destination.y)
            blocks = Signal(name="expected_blocks")
            m.d.comb += blocks.eq(entry.valid & in_column & crossed & ~detoured)
            with m.If(blocks):
                _step(m, entry, x, y)
            detoured, detoured_before = Signal(name="expected_detour"), detoured
            m.d.comb += detoured.eq(detoured_before | blocks)
    port = Signal(len(Port), name="expected_port")
    number = Signal(range(len(Port)), name="expected_way")
    m.d.comb += [number.eq(_dimension_order(here, x, y, destination.z)), port.eq(1 << number)]
    return port


def copied(flit: Value, here: data.View) -> Value:
    """Whether ``flit``, from a neighbour of the router ``here``, leaves a copy at its node.

    Written independently of the RTL: it is a spike flit to another node than this and the host's.
    """
    destination = flit[1:10]
    return (flit[31] & ~flit[0]) & (destination != 0) & (destination != here.as_value())


def _step(m: Module, entry: data.View, x: Signal, y: Signal) -> None:
    """The column beside a dead link that replaces it."""
    with m.Switch(entry.detour):
        for port in (Port.EAST, Port.WEST, Port.NORTH, Port.SOUTH):
            with m.Case(detour_code(port)):
                m.d.comb += [x.eq(entry.x + port.step[0]), y.eq(entry.y + port.step[1])]


def _dimension_order(here: data.View, x: Value, y: Value, z: Value) -> Value:
    """Port number of dimension-order routing: x first, then y, then z."""
    number = Mux(z > here.z, Port.UP, Mux(z < here.z, Port.DOWN, Port.LOCAL))
    number = Mux(y > here.y, Port.NORTH, Mux(y < here.y, Port.SOUTH, number))
    return Mux(x > here.x, Port.EAST, Mux(x < here.x, Port.WEST, number))
