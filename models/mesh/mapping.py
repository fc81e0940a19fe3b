"""Where the layers of a network stand on a mesh of nodes (TW-SNN sec. 4.3, fig. 8)."""

import dataclasses
import functools
import itertools
from collections.abc import Iterable

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.mesh import flits, multicast
from trispike.models.mesh.multicast import Send
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MAX_SIDE, MeshShape, Node
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.shape import NetworkShape

HOST: Node = (0, 0, 0)
"""The node beside which the host stands: input spikes enter there, output spikes leave there."""

FULL_NODE = NodeShape()
"""TW-SNN's node: 256 neurons, 1024 inputs."""

VIRTUAL_NEURONS = 256
"""Input spikes k * 256 to k * 256 + 255 come from the host's virtual node k."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """Neurons ``first`` to ``first + neurons - 1`` of layer ``layer`` (0 takes the input)."""

    layer: int
    first: int
    neurons: int

    def __str__(self):
        return f"layer {self.layer + 1}: {self.first}-{self.first + self.neurons - 1}"


def parts(shape: NetworkShape, node: NodeShape = FULL_NODE) -> tuple[Part, ...]:
    """The layers of ``shape`` in order, cut into parts that fit a ``node``."""
    return tuple(
        Part(layer=k, first=first, neurons=min(node.neurons, layer.neurons - first))
        for k, layer in enumerate(shape.layers)
        for first in range(0, layer.neurons, node.neurons)
    )


def node_for(shape: NetworkShape) -> NodeShape:
    """The full node that can hold each layer of ``shape``, if there is one: see `check_room`."""
    neurons = [layer.neuron for layer in shape.layers]
    neuron = next((each for each in neurons if each != each.memoryless), neurons[0])
    return dataclasses.replace(
        FULL_NODE,
        thresholds=any(layer.threshold is Threshold.EACH for layer in shape.layers),
        biases=any(layer.bias is Bias.EACH for layer in shape.layers),
        potentials=not shape.layers[-1].fires,
        neuron=neuron,
        step=_step(layer for layer in shape.layers if layer.neuron == neuron),
        forgets=neuron != neuron.memoryless and neuron.memoryless in neurons,
    )


def _step(layers: Iterable[Dense]) -> Step:
    """What spikes subtract on nodes that can hold each of ``layers``."""
    subtract = [layer for layer in layers if layer.subtracts]
    if all(layer.step is Step.THRESHOLD for layer in subtract):
        return Step.THRESHOLD
    own = Step.EACH, Threshold.EACH
    return Step.EACH if any(_taken(layer) in own for layer in subtract) else Step.ONE


def _taken(layer: Dense) -> Step | Threshold:
    """How many values a spike subtracts in ``layer``."""
    return layer.threshold if layer.step is Step.THRESHOLD else layer.step


def virtual_nodes(shape: NetworkShape) -> range:
    """Numbers of the virtual nodes from which the host sends the input spikes of ``shape``."""
    return range(-(-shape.sizes[0] // VIRTUAL_NEURONS))


def smallest_mesh(nodes: int) -> MeshShape:
    """The mesh with the least sum of sides that has ``nodes``, of those the one of the fewest."""
    sides = itertools.product(range(1, MAX_SIDE + 1), repeat=3)
    fitting = [(x, y, z) for x, y, z in sides if x >= y >= z and x * y * z >= nodes]
    if not fitting:
        raise BadInput(f"no mesh has {nodes} nodes: the largest is 8x8x8")
    x, y, z = min(fitting, key=lambda mesh: (sum(mesh), mesh[0] * mesh[1] * mesh[2]))
    return MeshShape(x=x, y=y, z=z)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """Who sends spikes to a node.

    - ``from_host``: a virtual node of the host.
    - ``number``: its number, or the `models.mesh.flits.node_code` of a node.
    - ``first``: input that its neuron 0 is.
    """

    from_host: bool
    number: int
    first: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Destination:
    """To whom a node sends its spikes: to ``node``, or to the host beside it.

    - ``multicast``: the nodes on the way get copies.
    - ``copied``: it gets copies of what goes to another one, and no flit of its own.
    """

    to_host: bool
    node: Node
    multicast: bool = False
    copied: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mapping:
    """A network on a mesh.

    - ``shape``: the network.
    - ``mesh``: the nodes.
    - ``places``: the node of each of the network's `parts`, no two the same.
    - ``node``: what the nodes are.
    - ``unicast``: a flit for each receiver, as in TW-SNN; no multicasts.
    """

    shape: NetworkShape
    mesh: MeshShape
    places: tuple[Node, ...]
    node: NodeShape = FULL_NODE
    unicast: bool = False

    def __post_init__(self):
        wanted = len(self.parts)
        check_room(self.shape, self.mesh, self.node)
        if len(self.places) != wanted:
            raise BadInput(f"a mapping of {self.shape} must have {wanted} places")
        if len(set(self.places)) != wanted or not all(map(self.mesh.holds, self.places)):
            raise BadInput(f"the places of a mapping must be different nodes of {self.mesh}")

    @functools.cached_property
    def parts(self) -> tuple[Part, ...]:
        """The network's parts, in the order of ``places``."""
        return parts(self.shape, self.node)

    def sources(self, part: int) -> tuple["Source", ...]:
        """Who sends to part number ``part``: entries of its AER look-up table, in order."""
        layer = self.parts[part].layer
        if layer == 0:
            return tuple(
                Source(from_host=True, number=k, first=k * VIRTUAL_NEURONS)
                for k in virtual_nodes(self.shape)
            )
        return tuple(
            Source(from_host=False, number=flits.node_code(place), first=other.first)
            for place, other in zip(self.places, self.parts, strict=True)
            if other.layer == layer - 1
        )

    def destinations(self, part: int) -> tuple["Destination", ...]:
        """To whom part number ``part`` sends: entries of its address look-up table, in order."""
        layer = self.parts[part].layer
        if layer == len(self.shape.layers) - 1:
            return (Destination(to_host=True, node=HOST),)
        sent = {send.destination: send for send in self.sends(part)}
        return tuple(
            Destination(
                to_host=False,
                node=place,
                multicast=place in sent and sent[place].multicast,
                copied=place not in sent,
            )
            for place in self.places_of(layer + 1)
        )

    def places_of(self, layer: int) -> tuple[Node, ...]:
        """Where the parts of ``layer`` stand, in their order."""
        pairs = zip(self.places, self.parts, strict=True)
        return tuple(place for place, part in pairs if part.layer == layer)

    def sends(self, part: int) -> tuple[Send, ...]:
        """With which flits part number ``part`` reaches the next layer, in order."""
        receivers = self.places_of(self.parts[part].layer + 1)
        return multicast.sends(self.places[part], receivers, unicast=self.unicast)

    def host_sends(self) -> tuple[Send, ...]:
        """With which flits the host reaches the first layer, in order."""
        return multicast.sends(HOST, self.places_of(0), unicast=self.unicast)

    @property
    def numbers(self) -> np.ndarray:
        """Node numbers of the host and of each part: int64, shape (parts + 1,)."""
        return np.array([self.mesh.number(node) for node in (HOST, *self.places)])


def check_room(shape: NetworkShape, mesh: MeshShape, node: NodeShape = FULL_NODE) -> None:
    """`BadInput` if ``shape`` does not fit a ``mesh`` of such nodes; it says why."""
    if shape.skips or shape.stops:
        raise BadInput(
            f"{shape.name} skips timesteps or stops early, which a mesh cannot: leave MESH= out, "
            "or make it without skip and stability"
        )
    if shape.has_maps:
        raise BadInput(
            f"{shape.name} has convolutions, and a node takes no maps: leave MESH= out, so that it "
            "runs on a fixed chip"
        )
    every = parts(shape, node)
    if len(every) > mesh.nodes:
        raise BadInput(
            f"{shape.name} ({shape}) needs {len(every)} nodes of {node.neurons} neurons, and a "
            f"mesh of {mesh} has {mesh.nodes}: name a larger one by MESH="
        )
    for k, layer in enumerate(shape.layers, 1):
        if layer.inputs > node.inputs:
            raise BadInput(
                f"layer {k} of {shape.name} has {layer.inputs} inputs, and a node {node.inputs}"
            )
        if layer.pixels:
            raise BadInput(
                f"layer {k} of {shape.name} takes pixels, and a flit of a mesh carries a spike: "
                "run it on a fixed chip"
            )
        _check_neuron(shape, k, node)
        if not layer.fires and not node.potentials:
            raise BadInput(
                f"layer {k} of {shape.name} gives potentials out, and a node {node} sends spikes "
                "only"
            )
        own = {
            "thresholds": layer.threshold is Threshold.EACH and not node.thresholds,
            "biases": layer.bias is Bias.EACH and not node.biases,
            "steps": _step((layer, node.layer)) is not node.step,
        }
        for what in (name for name, lacks in own.items() if lacks):
            raise BadInput(
                f"the neurons of layer {k} of {shape.name} have {what} of their own, and those of "
                f"a node {node} do not"
            )
    counts = [len(virtual_nodes(shape)), *np.bincount([part.layer for part in every]).tolist()]
    for k, count in enumerate(counts[:-1]):
        if count > node.sources:
            raise BadInput(
                f"layer {k + 1} of {shape.name} receives from {count} nodes, and the AER LUT of a "
                f"node has {node.sources} entries"
            )
        if k and counts[k + 1] > node.destinations:
            raise BadInput(
                f"layer {k} of {shape.name} sends to {counts[k + 1]} nodes, and the address LUT "
                f"of a node has {node.destinations} entries"
            )


def _check_neuron(shape: NetworkShape, k: int, node: NodeShape) -> None:
    """`BadInput` if the neurons of layer ``k`` of ``shape``, from 1, are none of ``node``'s."""
    neurons = [layer.neuron for layer in shape.layers]
    mine, held = neurons[k - 1], node.neuron
    if mine == held or (node.forgets and mine == held.memoryless):
        return
    if held not in neurons:
        raise BadInput(f"the neurons of layer {k} of {shape.name} are not those of a node {node}")
    first, second = sorted((k, neurons.index(held) + 1))
    raise BadInput(
        f"layers {first} and {second} of {shape.name} have different neurons, and all nodes of a "
        "mesh have the same: run it on a fixed chip"
    )
