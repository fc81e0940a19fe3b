"""What the neighbours of a block promise, beyond streams that stand until taken.

Only with these a mutant is equivalent that differs on inputs which never come.
"""

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import data

from tb.kit.oracles import MOST_INPUTS
from tb.mutate.verilog.equivalence import Rules, Sides
from trispike.models.mesh.flits import MEMORY, FlitType
from trispike.models.mesh.topology import MAX_SIDE, Port
from trispike.models.network.numbers import CONSTANT_MAX, WEIGHT_BITS
from trispike.rtl.hierarchy import Block, leave_out
from trispike.rtl.layers.configuration import Target, constants_layout, write_layout
from trispike.rtl.layers.convolution import ConvolutionLayer
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.neuron.pe import PEState, ProcessingElement, multiples_layout
from trispike.rtl.noc.flit import Node as Place
from trispike.rtl.noc.flit import destination
from trispike.rtl.noc.route import DeadLinkEntry, detour_code, turns
from trispike.rtl.noc.router import Router
from trispike.rtl.node.node import Node
from trispike.sim.formal.claims import every, implies
from trispike.sim.formal.route import expected

_EXTREME = (MOST_INPUTS + 1) * CONSTANT_MAX
"""No potential is further from zero: that is checked where a network is made."""


def rules(block: Block) -> Rules:
    """The rules for ``block``, which is only asked what it is."""
    leave_out(block)

    def add(m: Module, sides: Sides) -> None:
        for kind, made in _RULES.items():
            if isinstance(block, kind):
                made(m, block, sides)

    return add


def _element(m: Module, block: ProcessingElement, sides: Sides) -> None:
    """Multiples of one constant in INTEGRATE, of another of which only the first is looked at.

    In HOLD they are 0.
    """
    given, inputs = sides.claims.given, sides.inputs
    lanes = len(inputs["weights"]) // WEIGHT_BITS
    layout = multiples_layout(lanes)
    plus, minus = (data.View(layout, inputs[name]) for name in ("plus", "minus"))
    given((plus[0] >= 0) & (plus[0] <= CONSTANT_MAX))
    given(implies(inputs["state"] == PEState.HOLD, plus[0] == 0))
    adding = inputs["state"] == PEState.INTEGRATE
    for k in range(lanes):
        given(implies(adding | (k == 0), plus[k] == plus[0] * (k + 1)))
        given(minus[k] == -plus[k])
    if lanes > 1:
        given(implies(~adding, inputs["weights"] == 0))
    potential = sides.outputs["potential"].as_signed()
    given((potential <= _EXTREME) & (potential >= -_EXTREME))


def _layer(m: Module, block: DenseLayer | ConvolutionLayer, sides: Sides) -> None:
    """Constants to scale by, none of which is negative."""
    inputs, layout = sides.inputs, constants_layout(block.shape)
    write = data.View(write_layout([block.shape]), inputs["configuration__payload"])
    constants = data.View(layout, write.data[: layout.size])
    legal = every(constants[name] >= 0 for name in ("a", "b") if name in layout.members)
    written = inputs["configuration__valid"] & (write.target == Target.CONSTANTS)
    sides.claims.given(implies(written, legal))


def _flow(m: Module, block: FlowController, sides: Sides) -> None:
    """Writes wait for the timestep at work, in the encoder too."""
    busy = sides.outputs["busy"] | sides.inputs["events__valid"]
    if not block.sequence:
        sides.claims.given(implies(sides.inputs["reload"], ~busy))


def _bank(m: Module, block: SRAMBank, sides: Sides) -> None:
    """One port: it reads or writes, and only rows that there are."""
    inputs = sides.inputs
    sides.claims.given(~(inputs["read"] & inputs["write"]))
    sides.claims.given(inputs["address"] < block.shape.rows)


def _router(m: Module, block: Router, sides: Sides) -> None:
    """A place and dead links that stay; no flit that another router would not have sent here."""
    claims, inputs = sides.claims, sides.inputs
    claims.constant(inputs["here"])
    here, entries = data.View(Place, inputs["here"]), []
    if block.shape.dead_links:
        claims.constant(inputs["dead_links"])
        layout = data.ArrayLayout(DeadLinkEntry, block.shape.dead_links)
        entries = list(data.View(layout, inputs["dead_links"]))
        claims.given(every(implies(each.valid, _has_way_round(each)) for each in entries))
    for port in block.ports:
        name = port.name.lower()
        flit = inputs[f"i_{name}__payload"]
        way = expected(m, block.shape, here, destination(flit), entries)
        legal = every(~way[other] for other in _never(block, port))
        claims.given(implies(inputs[f"i_{name}__valid"], legal))


def _has_way_round(entry: data.View) -> Value:
    """Whether the column that replaces that of a dead link is one of a mesh."""
    outside = {
        Port.EAST: entry.x == MAX_SIDE - 1,
        Port.WEST: entry.x == 0,
        Port.NORTH: entry.y == MAX_SIDE - 1,
        Port.SOUTH: entry.y == 0,
    }
    return ~Cat((entry.detour == detour_code(port)) & out for port, out in outside.items()).any()


def _never(block: Router, enters: Port) -> list[Port]:
    """Ports by which no flit leaves that came in by ``enters``."""
    return [port for port in Port if port not in turns(block.shape.routing, enters)]


def _interface(m: Module, block: Node, sides: Sides) -> None:
    """A part of a node: a place that stays, lines no wider than a bank.

    Alone the memory gets no flits of spikes; answers go to the host.
    """
    width = max(bank.width for bank in block.shape.layer.banks)
    if "here" in sides.inputs:
        sides.claims.constant(sides.inputs["here"])
    if "quiet" in sides.inputs:
        flit = sides.inputs["i__payload"]
        asks = (flit[0] == FlitType.MEMORY) & ~flit[MEMORY["answer"].lowest]
        sides.claims.given(implies(sides.inputs["i__valid"], asks))
    line = sides.inputs["memory__read_line"]
    sides.claims.given(line[width:] == 0)
    sides.unseen["memory__write_line"] = (1 << len(line)) - (1 << width)


_RULES = {
    Node: _interface,
    DenseLayer: _layer,
    ConvolutionLayer: _layer,
    ProcessingElement: _element,
    FlowController: _flow,
    SRAMBank: _bank,
    Router: _router,
}
