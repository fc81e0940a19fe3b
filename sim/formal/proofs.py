"""All proofs."""

from functools import partial

from trispike.models.errors import BadInput
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import Port, RouterShape, Routing
from trispike.sim.formal.arbiter import ArbiterBench
from trispike.sim.formal.buffer import BufferBench
from trispike.sim.formal.credits import CreditsBench
from trispike.sim.formal.input_unit import InputBench
from trispike.sim.formal.memory_slave import MemorySlaveBench
from trispike.sim.formal.output_unit import AllocatorBench, OutputBench
from trispike.sim.formal.proof import Case, Proof
from trispike.sim.formal.receiver import ReceiverBench
from trispike.sim.formal.route import RouteBench
from trispike.sim.formal.router import RouterBench
from trispike.sim.formal.sender import SenderBench
from trispike.sim.formal.steps import StepsBench

_MOST = len(Port)
"""Inputs of the largest arbiter."""


def _detour(depth: int, links: int) -> RouterShape:
    return RouterShape(depth=depth, routing=Routing.DETOUR, dead_links=links)


def _cases(word: str, bench, values: range) -> tuple[Case, ...]:
    return tuple(
        Case(name=f"{word} {value}", bench=partial(bench, **{word: value})) for value in values
    )


def _outputs(shape: RouterShape) -> tuple[Case, ...]:
    return tuple(
        Case(
            name=f"{shape} {port.name.lower()}",
            bench=partial(RouterBench, shape=shape, output=port),
        )
        for port in Port
    )


def _balance(shape: RouterShape, *ports: Port) -> Case:
    names = " ".join(port.name.lower() for port in ports)
    return Case(name=f"{shape} {names}", bench=partial(RouterBench, shape=shape, ports=ports))


def _shapes(bench, *shapes: RouterShape) -> tuple[Case, ...]:
    return tuple(Case(name=str(shape), bench=partial(bench, shape=shape)) for shape in shapes)


PROOFS = (
    Proof(
        name="arbiter",
        about="grants one request if there is one; a request waits for each other one at most once",
        block="RoundRobinArbiter",
        parameters=f"width 1 to {_MOST}",
        cases=_cases("width", ArbiterBench, range(1, _MOST + 1)),
        cycles=12,
    ),
    Proof(
        name="buffer",
        about="no flit dropped, doubled, changed or overtaken; valid and flit stay until taken",
        block="FlitBuffer",
        parameters="depth 2 to 5",
        cases=_cases("depth", BufferBench, range(2, 6)),
        cycles=10,
    ),
    Proof(
        name="route",
        about="exactly one port, the same as in a second description",
        block="RouteUnit",
        parameters="xyz; detour with 1, 2, 4 dead links",
        cases=_shapes(
            RouteBench,
            RouterShape(),
            RouterShape(dead_links=1),
            *(_detour(4, links) for links in (1, 2, 4)),
        ),
        cycles=1,
        induction=0,
    ),
    Proof(
        name="input",
        about="the oldest flit requests its port until taken, or is dropped at once if that is "
        "not alive, never both; none is lost or doubled",
        block="InputUnit",
        parameters="xyz, depth 2 to 5; detour, depth 2, 1 dead link",
        cases=_shapes(
            InputBench, *(RouterShape(depth=depth) for depth in range(2, 6)), _detour(2, 1)
        ),
        cycles=10,
    ),
    Proof(
        name="allocator",
        about="grants one input until it has sent its packet; an input waits for at most one "
        "packet of each other",
        block="SwitchAllocator",
        parameters=f"inputs 1 to {_MOST}",
        cases=_cases("inputs", AllocatorBench, range(1, _MOST + 1)),
        cycles=12,
    ),
    Proof(
        name="output",
        about="valid and flit stay until ready; takes the flit that it sends; packets do not mix",
        block="OutputUnit",
        parameters=f"inputs 1 to {_MOST}",
        cases=_cases("inputs", OutputBench, range(1, _MOST + 1)),
        cycles=8,
    ),
    Proof(
        name="router",
        about="valid and flit stay until ready at every output; flits leave by their port only",
        block="Router",
        parameters="7 ports; xyz, depth 2; detour, depth 4, 1 dead link",
        cases=(*_outputs(RouterShape(depth=2)), *_outputs(_detour(4, 1))),
        cycles=6,
    ),
    Proof(
        name="balance",
        about="every flit that came was sent, was dropped and counted, or is held",
        block="Router",
        parameters="3 ports, depth 2 and 3; xyz, detour with 1 dead link",
        cases=(
            _balance(RouterShape(depth=3), Port.LOCAL, Port.EAST, Port.UP),
            _balance(RouterShape(depth=2), Port.LOCAL, Port.WEST, Port.NORTH),
            _balance(_detour(2, 1), Port.LOCAL, Port.EAST, Port.UP),
        ),
        cycles=8,
    ),
    Proof(
        name="steps",
        about="accepts the flits of conforming sources; a timestep is complete when all have ended "
        "it; each source gets a credit for each timestep and is never ahead of its credits",
        block="StepController",
        parameters="1 to 4 sources",
        cases=_cases("sources", StepsBench, range(1, 5)),
        cycles=14,
    ),
    Proof(
        name="receiver",
        about="a timestep's vector has every spike that was sent for it and no other; each source "
        "gets its credits; a timestep that all have ended is offered soon",
        block="SpikeReceiver",
        parameters="1 source, 32 rows; 2 sources, 64 rows",
        cases=tuple(
            Case(
                name=f"sources {sources}",
                bench=partial(ReceiverBench, inputs=32 * sources, sources=sources),
            )
            for sources in (1, 2)
        ),
        cycles=9,
    ),
    Proof(
        name="credits",
        about="every credit is in the counter, spent on a timestep in flight, or in flight back; a "
        "surplus is reported",
        block="CreditCounter",
        parameters="in its loop; alone",
        cases=(
            Case(name="loop", bench=partial(CreditsBench, keeps_rules=True)),
            Case(name="alone", bench=partial(CreditsBench, keeps_rules=False)),
        ),
        cycles=8,
    ),
    Proof(
        name="sender",
        about="conforms to a source for each destination: every spike once, in its timestep, "
        "before the end; no timestep without a credit",
        block="SpikeSender",
        parameters="32 neurons, 1 destination; 64 neurons, 3 destinations",
        cases=tuple(
            Case(
                name=f"destinations {destinations}",
                bench=partial(SenderBench, neurons=neurons, destinations=destinations),
            )
            for neurons, destinations in ((32, 1), (64, 3))
        ),
        cycles=9,
    ),
    Proof(
        name="memory",
        about="takes a whole request, then answers; reads and writes the requested words, and "
        "existing lines only; waits 3 cycles at most",
        block="MemorySlave",
        parameters="64 rows, 96 neurons; 1024 rows, 256 neurons",
        cases=tuple(
            Case(name=str(shape), bench=partial(MemorySlaveBench, shape=shape))
            for shape in (NodeShape(inputs=64, neurons=96), NodeShape())
        ),
        cycles=10,
    ),
)


def find(name: str) -> Proof:
    """The proof called ``name``; `BadInput` if there is none."""
    for proof in PROOFS:
        if proof.name == name:
            return proof
    raise BadInput(
        f"PROOF must be one of {', '.join(proof.name for proof in PROOFS)}, not {name!r}"
    )
