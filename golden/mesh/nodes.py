"""A network on a mesh: which flits each sender sends to each receiver, in which order.

Written from docs/node.md, from the spikes that the network has by itself: a mesh must not change
them. It says nothing of cycles, nor of the order between flits of different senders.
"""

import dataclasses
import functools
from collections.abc import Iterable

import numpy as np

from trispike.golden.mesh.routes import Routes
from trispike.golden.model import SCORES, Result, labels_of
from trispike.models.mesh.flits import (
    POTENTIAL_FLITS,
    SPIKE,
    Control,
    FlitType,
    coordinates,
    from_node,
    node_code,
    pack,
    to_node,
)
from trispike.models.mesh.mapping import HOST, VIRTUAL_NEURONS, Mapping, Part
from trispike.models.mesh.multicast import Send
from trispike.models.mesh.topology import MeshShape, Node
from trispike.models.network.numbers import POTENTIAL_BITS


def host_receiver(mesh: MeshShape) -> int:
    """What stands for the host of ``mesh`` where others have their node number."""
    return mesh.nodes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flow:
    """Flits from one sender to one receiver whose order is kept: spikes and ends, or credits.

    - ``sender``, ``receiver``: node numbers, or `host_receiver`. Each virtual node of the host has
      flows of its own, but a node's credits for all of them are one flow.
    - ``address``: what all its flits have in common: all but step and word.
    - ``copies``: its flits are copies of multicasts on their way to another node, which
      ``address`` has as their destination.
    - ``layer``: 0 host spikes; 1 to L layer k; L + 1 host credits.
    - ``neurons``: whose spikes they are, as numbered in their layer; none of credits.
    - ``credits``: credits for each timestep, 0 of spikes and ends.
    - ``potentials``: all ``neurons`` send potentials, and none sends spikes.
    """

    sender: int
    receiver: int
    address: int
    layer: int
    copies: bool = False
    neurons: range = range(0)
    credits: int = 0
    potentials: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Party:
    """A node or the host: its number, and the name that it has in flits."""

    number: int
    name: Node
    host: bool = False


def _address(sender: _Party, destination: Node, *, to_host: bool) -> int:
    return pack(
        SPIKE,
        type=FlitType.SPIKE,
        **from_node(sender.name),
        from_host=int(sender.host),
        **to_node(destination),
        to_host=int(to_host),
    )


def _spikes(sender: _Party, receiver: _Party, layer: int, neurons: range, send: Send) -> Flow:
    """What ``receiver`` gets by ``send``."""
    return Flow(
        sender=sender.number,
        receiver=receiver.number,
        address=_address(sender, send.destination, to_host=send.multicast),
        layer=layer,
        copies=send.destination != receiver.name,
        neurons=neurons,
    )


def _outputs(sender: _Party, host: _Party, layer: int, neurons: range, potentials: bool) -> Flow:
    return Flow(
        sender=sender.number,
        receiver=host.number,
        address=_address(sender, host.name, to_host=True),
        layer=layer,
        neurons=neurons,
        potentials=potentials,
    )


def _credits(giver: _Party, receiver: _Party, layer: int, count: int = 1) -> Flow:
    word = pack(SPIKE, control=1, neuron=Control.CREDIT)
    return Flow(
        sender=giver.number,
        receiver=receiver.number,
        address=_address(giver, receiver.name, to_host=receiver.host) | word,
        layer=layer,
        credits=count,
    )


def _by_receiver(
    mapping: Mapping, source: Node, layer: int, sends: Iterable[Send]
) -> dict[Node, Send]:
    """By which of ``sends``, which enter the mesh at ``source``, each node of ``layer`` is reached.

    Each is reached once, and no other node is.
    """
    routes, reached = Routes(mesh=mapping.mesh), []
    for send in sends:
        copies = routes.path(source, send.destination).copies if send.multicast else ()
        reached += [(node, send) for node in (*copies, send.destination)]
    assert sorted(node for node, _ in reached) == sorted(mapping.places_of(layer))
    return dict(reached)


def flows(mapping: Mapping) -> tuple[Flow, ...]:
    """All flows of ``mapping``: to and from each part's sources, to and from the host."""
    mesh, inputs, last = mapping.mesh, mapping.shape.sizes[0], mapping.parts[-1].layer + 1
    host = _Party(number=host_receiver(mesh), name=HOST, host=True)
    parties = {place: _Party(number=mesh.number(place), name=place) for place in mapping.places}
    neurons = {
        place: range(part.first, part.first + part.neurons)
        for place, part in zip(mapping.places, mapping.parts, strict=True)
    }
    all_flows = []
    from_host = _by_receiver(mapping, HOST, 0, mapping.host_sends())
    given = {
        place: _by_receiver(mapping, place, part.layer + 1, mapping.sends(number))
        for number, (place, part) in enumerate(zip(mapping.places, mapping.parts, strict=True))
    }
    for number, part in enumerate(mapping.parts):
        here, sources = mapping.places[number], mapping.sources(number)
        receiver_party = parties[here]
        for source in sources:
            name = coordinates(source.number)
            if source.from_host:
                virtual = _Party(number=host.number, name=name, host=True)
                those = range(source.first, min(source.first + VIRTUAL_NEURONS, inputs))
                all_flows.append(_spikes(virtual, receiver_party, 0, those, from_host[here]))
            else:
                sender, those = parties[name], neurons[name]
                send = given[name][here]
                all_flows.append(_spikes(sender, receiver_party, part.layer, those, send))
                all_flows.append(_credits(receiver_party, parties[name], part.layer + 1))
        if part.layer == 0:
            all_flows.append(_credits(receiver_party, host, 1, len(sources)))
        if part.layer + 1 == last:
            silent = not mapping.shape.layers[-1].fires
            all_flows.append(_outputs(receiver_party, host, last, neurons[here], silent))
            all_flows.append(_credits(host, receiver_party, last + 1))
    return tuple(all_flows)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """All that senders and receivers exchange while a network runs, images back to back.

    - ``mapping``: the network on its mesh.
    - ``spikes``: of the input and of each layer: bool, shape (steps, neurons).
    - ``potentials``: what the read-out adds up if the last layer never fires: int32, shape (steps,
      outputs).
    - ``timesteps``: of each image.
    - ``first_image``: index of the first image in its data set.
    """

    mapping: Mapping
    spikes: tuple[np.ndarray, ...]
    potentials: np.ndarray
    timesteps: int
    first_image: int = 0

    @property
    def steps(self) -> int:
        """Timesteps of all images."""
        return len(self.spikes[0])

    @functools.cached_property
    def flows(self) -> tuple[Flow, ...]:
        """All flows."""
        return flows(self.mapping)

    def flits(self, flow: Flow) -> np.ndarray:
        """The flits of ``flow`` in order: uint32, shape (flits,)."""
        if flow.credits:
            step = np.repeat(np.arange(self.steps, dtype=np.uint32), flow.credits)
            return flow.address | SPIKE["step"].put(step)
        those, end = slice(flow.neurons.start, flow.neurons.stop), len(flow.neurons)
        if flow.potentials:
            return flow.address | self._potentials(those)
        sent = np.ones((self.steps, end + 1), dtype=bool)  # the end is what comes last in a step
        sent[:, :end] = self.spikes[flow.layer][:, those]
        step, neuron = (numbers.astype(np.uint32) for numbers in np.nonzero(sent))
        ends = neuron == end
        neuron[ends] = Control.END
        word = pack(SPIKE, step=step, control=ends.astype(np.uint32), neuron=neuron)
        return flow.address | word

    def _potentials(self, those: slice) -> np.ndarray:
        """Step and word of the flits with potentials of neurons ``those``, and of their ends."""
        low = self.potentials[:, those, np.newaxis] >> 8 * np.arange(POTENTIAL_FLITS)
        words = np.full((self.steps, low[0].size + 1), int(Control.END))
        words[:, :-1] = (low & SPIKE["neuron"].mask).reshape(self.steps, -1)
        ends = np.arange(words.shape[1]) == words.shape[1] - 1
        step = np.arange(self.steps)[:, np.newaxis]
        flits = pack(SPIKE, step=step, control=ends.astype(int), neuron=words)
        return flits.reshape(-1).astype(np.uint32)

    def count(self, flow: Flow) -> int:
        """How many flits ``flow`` has."""
        if flow.potentials:
            return self.steps * (POTENTIAL_FLITS * len(flow.neurons) + 1)
        if flow.credits:
            return self.steps * flow.credits
        those = slice(flow.neurons.start, flow.neurons.stop)
        return self.steps + int(np.count_nonzero(self.spikes[flow.layer][:, those]))


def exchange(
    mapping: Mapping, input_spikes: np.ndarray, result: Result, *, first_image: int = 0
) -> Exchange:
    """What a run exchanges whose golden ``result`` on ``input_spikes`` is known.

    ``input_spikes`` is bool of shape (images, timesteps, inputs), as `golden.model.run` had it;
    ``first_image`` is the index of the first image in its data set.
    """
    spikes = tuple(each.reshape(-1, each.shape[-1]) for each in (input_spikes, *result.spikes))
    assert tuple(each.shape[1] for each in spikes) == mapping.shape.sizes
    return Exchange(
        mapping=mapping,
        spikes=spikes,
        potentials=np.diff(result.running_scores, axis=1, prepend=0).reshape(len(spikes[0]), -1),
        timesteps=input_spikes.shape[1],
        first_image=first_image,
    )


def named_source(flits: np.ndarray) -> np.ndarray:
    """`models.mesh.flits.node_code` of the source that spike ``flits`` name; same shape."""
    return node_code(tuple(SPIKE[f"source_{axis}"].get(flits) for axis in "xyz"))


def is_end(flits: np.ndarray) -> np.ndarray:
    """Which of the spike ``flits`` end a timestep of their source: bool, same shape."""
    control, word = SPIKE["control"].get(flits), SPIKE["neuron"].get(flits)
    return (control == 1) & (word == Control.END)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Outputs:
    """What a network on a mesh told the host.

    - ``values``: spikes of the last layer, or its potentials: int32, (images, timesteps, outputs).
    - ``scores``: what the network's read-out makes of these: int32, shape (images, outputs).
    - ``labels``: see `golden.model.labels_of`: int64, shape (images,).
    """

    values: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


def outputs(mapping: Mapping, received: np.ndarray, *, images: int, timesteps: int) -> Outputs:
    """What the host was told by the spike flits that it ``received``, uint32 of shape (flits,).

    They stand in order of arrival. Each source's timesteps are counted by its ends; flits that make
    no sense are passed over, as judging them is `sim.node.judge.judge`'s.
    """
    shape = mapping.shape
    values = np.zeros((images * timesteps, shape.sizes[-1]), dtype=np.int32)
    collect = _collect if shape.layers[-1].fires else _collect_potentials
    sources, last = named_source(received), mapping.parts[-1].layer
    for place, part in zip(mapping.places, mapping.parts, strict=True):
        if part.layer == last:
            collect(part, received[sources == node_code(place)], values)
    values = values.reshape(images, timesteps, -1)
    scores = SCORES[shape.read_out](values.astype(bool), values).sum(axis=1, dtype=np.int32)
    return Outputs(values=values, scores=scores, labels=labels_of(scores, shape.groups))


def _collect_potentials(part: Part, received: np.ndarray, values: np.ndarray) -> None:
    """Set in ``values``, shape (steps, outputs), the potentials that the node of ``part`` sent."""
    step, told = np.cumsum(is_end(received)), SPIKE["control"].get(received) == 0
    words = SPIKE["neuron"].get(received[told]).astype(np.int32)
    firsts = np.searchsorted(step[told], np.arange(1, len(values) + 1))
    for row, some in zip(values, np.split(words, firsts), strict=False):
        if len(some) == POTENTIAL_FLITS * part.neurons:
            places = 8 * np.arange(POTENTIAL_FLITS, dtype=np.int32)
            bits = (some.reshape(-1, POTENTIAL_FLITS) << places).sum(axis=1)
            wide = 1 << POTENTIAL_BITS
            bits &= wide - 1
            row[part.first :][: part.neurons] = np.where(bits < wide // 2, bits, bits - wide)


def _collect(part: Part, received: np.ndarray, spikes: np.ndarray) -> None:
    """Set in ``spikes``, shape (steps, outputs), what the node of ``part`` sent."""
    step, neuron = np.cumsum(is_end(received)), SPIKE["neuron"].get(received)
    sense = (SPIKE["control"].get(received) == 0) & (neuron < part.neurons) & (step < len(spikes))
    spikes[step[sense], part.first + neuron[sense]] = True
