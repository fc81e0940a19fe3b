"""A scenario of the scalable chip: two nodes and a host exchange timesteps."""

import numpy as np

from trispike.models.mesh import flits, node_image, transactions
from trispike.models.mesh.flits import SPIKE, Control, from_node, pack, to_node
from trispike.models.mesh.mapping import HOST, Mapping
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape
from trispike.models.network.parameters import LayerParameters, Network
from trispike.rtl.node.scalable_chip import ScalableChip
from trispike.sim.waves.probe import bits, unsigned
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios.noc import flit_streams
from trispike.sim.waves.stimulus import Stimulus

_MESH = MeshShape(x=2, y=1, z=1)
_NODE = NodeShape(inputs=32, neurons=32, sources=1, destinations=1)
_RELAY = LayerParameters(
    weights=np.eye(4, dtype=np.int8), bias=np.zeros(4, dtype=np.int8), a=1, b=0, threshold=0
)
"""Neuron k fires when input k does, so that a spike can be followed."""
_NETWORK = Network(name="relay", layers=(_RELAY, _RELAY))
_MAPPING = Mapping(shape=_NETWORK.shape, mesh=_MESH, places=((0, 0, 0), (1, 0, 0)), node=_NODE)
_TIMESTEPS = ((0, 3), (), (2,))
"""Input spikes."""


async def _load(stimulus: Stimulus) -> None:
    """Write the network through the mesh, transaction by transaction."""
    stimulus.set(o__ready=1)
    for part, place in enumerate(_MAPPING.places):
        for segment in node_image.image(_MAPPING, _NETWORK, part, len(_TIMESTEPS)):
            words = segment.words.tolist()
            request = transactions.write(place, segment.address, words, host=HOST)
            await stimulus.send("i", request.tolist())
            while not flits.ends_packet(await stimulus.transfer("o")):
                pass
    await stimulus.cycles(2)
    stimulus.record()


def _step(number: int) -> list[int]:
    """The host's flits of a timestep."""
    common = {**to_node(_MAPPING.places[0]), "from_host": 1, "step": number}
    sent = [pack(SPIKE, **common, neuron=neuron) for neuron in _TIMESTEPS[number]]
    return [*sent, pack(SPIKE, **common, control=1, neuron=Control.END)]


async def _exchange(stimulus: Stimulus) -> None:
    """Send two timesteps at once, the third when a credit has come."""
    await _load(stimulus)
    sending = stimulus.start(stimulus.send("i", _step(0) + _step(1)))
    await _until(stimulus, Control.CREDIT)
    await sending
    await stimulus.send("i", _step(2))
    await _until(stimulus, Control.END)
    last = _MAPPING.places[-1]
    credit = {**to_node(last), **from_node(HOST), "from_host": 1, "control": 1}
    sending = stimulus.start(stimulus.send("i", [pack(SPIKE, **credit, neuron=Control.CREDIT)]))
    for _ in _TIMESTEPS[1:]:
        await _until(stimulus, Control.END)
    await sending
    await stimulus.cycles(4)


async def _until(stimulus: Stimulus, control: Control) -> None:
    """Wait until such a flit has come to the host."""
    while True:
        got = await stimulus.transfer("o")
        if SPIKE["control"].get(got) and SPIKE["neuron"].get(got) == control:
            return


_STATES = ("computing", "sending", "blocked", "quiet")

SCENARIOS = (
    Scenario(
        name="nodes_three_steps",
        about="two nodes whose neurons repeat their inputs: spikes, ends and credits of three "
        "timesteps from the host through both and back",
        block=lambda: ScalableChip(mesh=_MESH, router=RouterShape(), node=_NODE),
        drive=_exchange,
        signals={
            **flit_streams("i"),
            **flit_streams("node_0_0_0.i", "node_0_0_0.o"),
            **{f"node_0_0_0.{name}": bits for name in _STATES},
            **flit_streams("node_1_0_0.i", "node_1_0_0.o"),
            **{f"node_1_0_0.{name}": bits for name in _STATES},
            "node_1_0_0.interface.receiver.steps.due": unsigned,
            **flit_streams("o"),
        },
        limit=10_000,
    ),
)
