"""All proofs."""

from collections.abc import Callable, Mapping
from functools import partial

from trispike.models.errors import BadInput
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import Port, RouterShape, Routing
from trispike.models.network.layers import Bias, Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import FIRST_SPIKE, LEAKY, Neuron, Order, Reset
from trispike.models.network.volume import Volume
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.layers.configuration import LayerRegisters
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.neuron.carrying import CarryingElement
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.sim.formal.arbiter import ArbiterBench
from trispike.sim.formal.bias import BiasBench
from trispike.sim.formal.buffer import BufferBench
from trispike.sim.formal.carrying import CarryingBench
from trispike.sim.formal.claims import Bench
from trispike.sim.formal.credits import CreditsBench
from trispike.sim.formal.gating import GateBench, GatedBench
from trispike.sim.formal.input_unit import InputBench
from trispike.sim.formal.memory_slave import MemorySlaveBench
from trispike.sim.formal.output_unit import AllocatorBench, OutputBench
from trispike.sim.formal.pe import PEBench
from trispike.sim.formal.proof import Case, Proof
from trispike.sim.formal.receiver import ReceiverBench
from trispike.sim.formal.route import RouteBench
from trispike.sim.formal.router import RouterBench
from trispike.sim.formal.sender import SenderBench
from trispike.sim.formal.steps import StepsBench
from trispike.sim.synthesis.clock_gates import RECIPES

_MOST = len(Port)
"""Inputs of the largest arbiter."""


def _detour(depth: int, links: int) -> RouterShape:
    return RouterShape(depth=depth, routing=Routing.DETOUR, dead_links=links)


def _cases(bench: Callable[..., Bench], options: Mapping[str, dict]) -> tuple[Case, ...]:
    """A case by the name of its ``options``, for each of them."""
    return tuple(Case(name=name, bench=partial(bench, **each)) for name, each in options.items())


def _numbers(word: str, values: range) -> dict[str, dict]:
    return {f"{word} {value}": {word: value} for value in values}


def _shapes(*shapes: RouterShape | NodeShape) -> dict[str, dict]:
    return {str(shape): {"shape": shape} for shape in shapes}


def _outputs(shape: RouterShape) -> dict[str, dict]:
    return {f"{shape} {port.name.lower()}": {"shape": shape, "output": port} for port in Port}


def _balance(shape: RouterShape, *ports: Port) -> dict[str, dict]:
    names = " ".join(port.name.lower() for port in ports)
    return {f"{shape} {names}": {"shape": shape, "ports": ports}}


def _layer(**options) -> Dense:
    return Dense(inputs=16, neurons=8, **options)


_EACH = {"bias": Bias.EACH, "threshold": Threshold.EACH}
_SILENT = {"bias": Bias.EACH, "threshold": Threshold.NONE}
_RESET_FIRST = Neuron(carries=True, leak=(1, 3), order=Order.RESET_FIRST)
_ZERO = Neuron(carries=True, leak=(2,), reset=Reset.ZERO)

PROOFS = (
    Proof(
        name="arbiter",
        about="grants one request if there is one; a request waits for each other one at most once",
        block="RoundRobinArbiter",
        parameters=f"width 1 to {_MOST}",
        cases=_cases(ArbiterBench, _numbers("width", range(1, _MOST + 1))),
        cycles=12,
    ),
    Proof(
        name="buffer",
        about="no flit dropped, doubled, changed or overtaken; valid and flit stay until taken",
        block="FlitBuffer",
        parameters="depth 2 to 5",
        cases=_cases(BufferBench, _numbers("depth", range(2, 6))),
        cycles=10,
    ),
    Proof(
        name="route",
        about="exactly one port, the same as in a second description",
        block="RouteUnit",
        parameters="xyz; detour with 1, 2, 4 dead links",
        cases=_cases(
            RouteBench,
            _shapes(RouterShape(), RouterShape(dead_links=1), *(_detour(4, n) for n in (1, 2, 4))),
        ),
        cycles=1,
        induction=0,
    ),
    Proof(
        name="input",
        about="the oldest flit requests its ports until taken, or is dropped at once if one is "
        "not alive; none is lost or doubled, nor is a copy",
        block="InputUnit",
        parameters="xyz, depth 2 to 5; detour, depth 2, 1 dead link; of the node",
        cases=_cases(
            InputBench,
            _shapes(*(RouterShape(depth=n) for n in range(2, 6)), _detour(2, 1))
            | {"of the node": {"shape": RouterShape(depth=2), "copies": False}},
        ),
        cycles=10,
    ),
    Proof(
        name="allocator",
        about="grants one input until it has sent its packet; an input waits for at most one "
        "packet of each other",
        block="SwitchAllocator",
        parameters=f"inputs 1 to {_MOST}",
        cases=_cases(AllocatorBench, _numbers("inputs", range(1, _MOST + 1))),
        cycles=12,
    ),
    Proof(
        name="output",
        about="valid and flit stay until ready; takes the flit that it sends; packets do not mix",
        block="OutputUnit",
        parameters=f"inputs 1 to {_MOST}",
        cases=_cases(OutputBench, _numbers("inputs", range(1, _MOST + 1))),
        cycles=8,
    ),
    Proof(
        name="router",
        about="valid and flit stay until ready at every output; flits leave by their port only, "
        "copies by the node's",
        block="Router",
        parameters="7 ports; xyz, depth 2; detour, depth 4, 1 dead link",
        cases=_cases(RouterBench, _outputs(RouterShape(depth=2)) | _outputs(_detour(4, 1))),
        cycles=6,
    ),
    Proof(
        name="balance",
        about="every flit that came was sent, was dropped and counted, or is held; copies aside",
        block="Router",
        parameters="3 ports, depth 2 and 3; xyz, detour with 1 dead link",
        cases=_cases(
            RouterBench,
            _balance(RouterShape(depth=3), Port.LOCAL, Port.EAST, Port.UP)
            | _balance(RouterShape(depth=2), Port.LOCAL, Port.WEST, Port.NORTH)
            | _balance(_detour(2, 1), Port.LOCAL, Port.EAST, Port.UP),
        ),
        cycles=8,
    ),
    Proof(
        name="steps",
        about="accepts the flits of conforming sources; a timestep is complete when all have ended "
        "it; each source gets a credit for each timestep and is never ahead of its credits",
        block="StepController",
        parameters="1 to 4 sources",
        cases=_cases(StepsBench, _numbers("sources", range(1, 5))),
        cycles=14,
    ),
    Proof(
        name="receiver",
        about="a timestep's vector has every spike that was sent for it and no other; each source "
        "gets its credits; a timestep that all have ended is offered soon",
        block="SpikeReceiver",
        parameters="1 source, 32 rows; 2 sources, 64 rows",
        cases=_cases(
            ReceiverBench, {f"sources {n}": {"inputs": 32 * n, "sources": n} for n in (1, 2)}
        ),
        cycles=9,
    ),
    Proof(
        name="credits",
        about="every credit is in the counter, spent on a timestep in flight, or in flight back; a "
        "surplus is reported",
        block="CreditCounter",
        parameters="in its loop; alone",
        cases=_cases(
            CreditsBench, {"loop": {"keeps_rules": True}, "alone": {"keeps_rules": False}}
        ),
        cycles=8,
    ),
    Proof(
        name="sender",
        about="conforms to a source for each destination, also of copies: every spike once, in its "
        "timestep, before the end; no timestep without a credit",
        block="SpikeSender",
        parameters="32 neurons, 1 destination; 64 neurons, 3 destinations",
        cases=_cases(
            SenderBench,
            {
                f"destinations {n}": {"neurons": neurons, "destinations": n}
                for neurons, n in ((32, 1), (64, 3))
            },
        ),
        cycles=9,
    ),
    Proof(
        name="memory",
        about="takes a whole request, then answers; reads and writes the requested words, and "
        "existing lines only; waits 3 cycles at most",
        block="MemorySlave",
        parameters="64 rows, 96 neurons; 1024 rows, 256 neurons",
        cases=_cases(MemorySlaveBench, _shapes(NodeShape(inputs=64, neurons=96), NodeShape())),
        cycles=10,
    ),
    Proof(
        name="pe",
        about="potential and spike are those of its table, as if clocked in every cycle",
        block="ProcessingElement",
        parameters="1, 2, 4 lanes; 2 lanes, own bias; own bias, never fires",
        cases=_cases(
            PEBench,
            {
                **{f"lanes {n}": {"lanes": n} for n in (1, 2, 4)},
                "lanes 2, own bias": {"lanes": 2, "bias": Bias.EACH},
                "own bias, never fires": _SILENT,
            },
        ),
        cycles=6,
    ),
    Proof(
        name="carrying",
        about="potential, current and spike are those of its table, as if clocked in every cycle",
        block="CarryingElement",
        parameters="leak, 2 lanes; leak after the reset; reset to zero; synapse, one spike, state "
        "kept in memory",
        cases=_cases(
            CarryingBench,
            {
                "leak": {"shape": _layer(neuron=LEAKY, lanes=2)},
                "leak after the reset": {"shape": _layer(neuron=_RESET_FIRST)},
                "zero": {"shape": _layer(neuron=_ZERO, bias=Bias.EACH)},
                "synapse, kept": {
                    "shape": Convolution(
                        maps=Maps(volume=Volume(channels=2, height=3, width=3), kernel=(2, 2)),
                        channels=8,
                        neuron=FIRST_SPIKE,
                        bias=Bias.EACH,
                    )
                },
            },
        ),
        cycles=6,
    ),
    Proof(
        name="bias",
        about="a PE whose bias is loaded once starts each timestep as one that loads it in every "
        "cycle between timesteps",
        block="FlowController",
        parameters="ternary bias; own bias",
        cases=_cases(BiasBench, {bias.value: {"shape": _layer(bias=bias)} for bias in Bias}),
        cycles=6,
    ),
    Proof(
        name="gate",
        about="passes a whole high phase of the clock, or nothing of it: as was enabled before",
        block="clock_gate",
        parameters="cells of three libraries",
        cases=tuple(
            Case(
                name=" ".join(kind for kind, _ in recipe.cells.values()),
                bench=partial(GateBench, recipe=recipe),
            )
            for recipe in RECIPES
        ),
        cycles=6,
    ),
    Proof(
        name="gated",
        about="registers and outputs are those of the block without clock gates",
        block="PEs, AEREncoder, FlowController, LayerRegisters",
        parameters="4 PEs; 32, 64 inputs; 8 neurons",
        cases=_cases(
            GatedBench,
            {
                name: {"block": block}
                for name, block in {
                    "PE": ProcessingElement,
                    "PE, 2 lanes, never fires": partial(ProcessingElement, lanes=2, **_SILENT),
                    "PE, leak": partial(CarryingElement, shape=_layer(neuron=LEAKY)),
                    "PE, synapse": partial(CarryingElement, shape=_layer(neuron=FIRST_SPIKE)),
                    "encoder 32": partial(AEREncoder, inputs=32),
                    "encoder 64": partial(AEREncoder, inputs=64),
                    "flow": partial(FlowController, inputs=64),
                    "registers": partial(LayerRegisters, shape=_layer()),
                    "registers, own": partial(LayerRegisters, shape=_layer(**_EACH)),
                }.items()
            },
        ),
        cycles=8,
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
