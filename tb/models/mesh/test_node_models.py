"""What a node is, what it is loaded with, and the flits of timesteps and memory in words."""

import dataclasses

import numpy as np
import pytest

from tb.kit.networks import random_network, random_network_of
from trispike.models.errors import BadInput
from trispike.models.mesh import flits, transactions
from trispike.models.mesh.flits import MEMORY, SPIKE, Access, Command, pack
from trispike.models.mesh.mapping import Destination, Mapping, Source, check_room, node_for
from trispike.models.mesh.memory_map import Line
from trispike.models.mesh.node_image import image
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape
from trispike.models.mesh.transactions import Reason
from trispike.models.network import memory_image
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import CONTINUOUS, LEAKY, WEIGHTED, Neuron, Reset
from trispike.models.network.parameters import Network
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut

HOST = (0, 0, 0)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"inputs": 1056}, "node inputs must be from 32 to 1024 and a multiple of 32, not 1056"),
        ({"inputs": 40}, "node inputs must be from 32 to 1024 and a multiple of 32, not 40"),
        ({"neurons": 288}, "node neurons must be from 32 to 256 and a multiple of 32, not 288"),
        ({"sources": 9}, "node sources must be from 1 to 8, not 9"),
        ({"destinations": 0}, "node destinations must be from 1 to 8, not 0"),
        ({"destinations": True}, "node destinations must be from 1 to 8, not True"),
        ({"biases": 1}, "node biases must be True or False, not 1"),
        ({"forgets": True}, "node forgets must be False, as its neurons carry nothing on"),
        (
            {"step": Step.ONE},
            "a layer whose spikes do not subtract must not have a step of its own",
        ),
    ],
)
def test_bad_node(how, message):
    """One line that says what and from where to where."""
    with pytest.raises(BadInput, match=f"^{message}$"):
        NodeShape(**how)


def test_image():
    """Weights and biases stand as in the banks of the fixed chip; tables name who and whither."""
    network = random_network((784, 300, 10), 1)
    mesh = MeshShape(x=2, y=2, z=1)
    mapping = Mapping(shape=network.shape, mesh=mesh, places=((1, 0, 0), (0, 1, 0), (0, 0, 0)))
    weights, bias, constants, neurons, aer, addresses = image(mapping, network, 0, 5)
    rows = weights.words.reshape(784, 4, 8).astype("<u2")
    for bank in range(4):
        words = [int.from_bytes(row.tobytes(), "little") for row in rows[:, bank]]
        assert words == memory_image.weight_words(network.layers[0], bank)
        word = bias.words.astype("<u2")[8 * bank : 8 * bank + 8].tobytes()
        assert [int.from_bytes(word, "little")] == memory_image.neuron_words(
            network.layers[0], bank
        )
    assert [each.address for each in (weights, bias)] == [0, 8 * Line.BIAS]
    held = network.layers[0]
    low = held.a | held.b << 8 | (held.threshold & 0x3FFFF) << 16
    assert constants.words[:3].tolist() == [low >> 16 * k & 0xFFFF for k in range(3)]
    assert neurons.words.tolist() == [256, *[0] * 7]
    assert aer.words[:5].tolist() == [
        3,
        3 | 1 << 2 | 8 << 11,
        3 | 2 << 2 | 16 << 11,
        3 | 3 << 2 | 24 << 11,
        0,
    ]
    assert addresses.words.tolist() == [1, *[0] * 7]  # node 0.0.0, where layer 2 stands
    *_, aer, addresses = image(mapping, network, 2, 5)
    assert aer.words[:3].tolist() == [1 | 1 << 2, 1 | 8 << 2 | 8 << 11, 0]
    assert addresses.words[0] == 3  # the host beside 0.0.0
    assert image(mapping, network, 1, 5)[3].words[0] == 44


def _on_the_way(**how):
    """Layers of 600 and 300 neurons: the way to 2.1.0 leads past others of the first layer."""
    network = random_network((784, 600, 300, 10), 1)
    places = ((1, 0, 0), (2, 0, 0), (2, 1, 0), (0, 0, 0), (0, 1, 0), (1, 1, 0))
    mesh = MeshShape(x=3, y=2, z=1)
    return network, Mapping(shape=network.shape, mesh=mesh, places=places, **how)


def test_multicasts_of_a_mapping():
    """A multicast where all nodes of its way receive; the entries say so, and who gets copies."""
    network, mapping = _on_the_way()
    assert [send.reaches for send in mapping.host_sends()] == [((1, 0, 0), (2, 0, 0), (2, 1, 0))]
    assert [send.multicast for send in mapping.host_sends()] == [True]
    assert [send.reaches for send in mapping.sends(0)] == [((0, 0, 0), (0, 1, 0))]
    assert [send.reaches for send in mapping.sends(1)] == [((0, 0, 0),), ((0, 1, 0),)]
    assert mapping.sends(5) == ()
    assert mapping.destinations(0) == (
        Destination(to_host=False, node=(0, 0, 0), copied=True),
        Destination(to_host=False, node=(0, 1, 0), multicast=True),
    )
    copied = 1 << 11
    entries = [image(mapping, network, part, 5)[-1].words[:3].tolist() for part in (0, 1, 5)]
    assert entries[0] == [1 | copied, 3 | 8 << 2, 0]
    assert entries[1] == [1, 1 | 8 << 2, 0]
    assert entries[2] == [3, 0, 0]


def test_unicast_mapping():
    """A flit for each receiver."""
    network, mapping = _on_the_way(unicast=True)
    assert [send.reaches for send in mapping.host_sends()] == [(n,) for n in mapping.places[:3]]
    assert not any(to.multicast or to.copied for to in mapping.destinations(0))
    assert image(mapping, network, 0, 5)[-1].words[:3].tolist() == [1, 1 | 8 << 2, 0]


def test_who_sends_whither():
    """Sources and destinations of parts; the host's virtual nodes; the host at the end."""
    shape = NetworkShape.dense(name="cut", sizes=(300, 260, 5))
    places = ((1, 0, 0), (0, 1, 0), (1, 1, 0))
    mapping = Mapping(shape=shape, mesh=MeshShape(x=2, y=2, z=1), places=places)
    virtual = tuple(Source(from_host=True, number=k, first=256 * k) for k in range(2))
    assert mapping.sources(0) == mapping.sources(1) == virtual
    assert mapping.sources(2) == (
        Source(from_host=False, number=1, first=0),
        Source(from_host=False, number=8, first=256),
    )
    assert mapping.destinations(0) == (Destination(to_host=False, node=(1, 1, 0)),)
    assert mapping.destinations(2) == (Destination(to_host=True, node=HOST),)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"sources": 1}, "layer 1 of cut receives from 2 nodes, and the AER LUT of a node has 1"),
        ({"sources": 2, "neurons": 64}, "layer 2 of cut receives from 3 nodes"),
        (
            {"destinations": 2, "neurons": 64},
            "layer 1 of cut sends to 4 nodes, and the addr",
        ),
        ({"inputs": 128}, "layer 1 of cut has 300 inputs, and a node 128"),
    ],
)
def test_tables_too_small(how, message):
    """A network whose nodes would need more entries or inputs is refused, and it is said why."""
    shape = NetworkShape.dense(name="cut", sizes=(300, 150, 200, 5))
    with pytest.raises(BadInput, match=f"^{message}"):
        check_room(shape, MeshShape(x=4, y=4, z=1), NodeShape(**how))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"threshold": Threshold.EACH}, "the neurons of layer 2 of some have thresholds of their"),
        ({"bias": Bias.EACH}, "the neurons of layer 2 of some have biases of their own, and those"),
        ({"threshold": Threshold.NONE}, "layer 2 of some gives potentials out, and a node 1024x2"),
    ],
)
def test_lacks_of_a_node(layer, message):
    """A plain node holds no value for each neuron, and sends no potentials."""
    layers = Dense(inputs=9, neurons=9), Dense(inputs=9, neurons=9, **layer)
    silent = layer.get("threshold") is Threshold.NONE
    shape = NetworkShape.of("some", layers, ReadOut.POTENTIAL if silent else ReadOut.COUNT)
    with pytest.raises(BadInput, match=f"^{message}"):
        check_room(shape, MeshShape(x=2, y=1, z=1))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (LEAKY, CONTINUOUS),
        (WEIGHTED, CONTINUOUS),
        (WEIGHTED, Neuron()),  # which has no phases
        (Neuron(), WEIGHTED),
        (Neuron(carries=True, reset=Reset.ZERO), LEAKY),
    ],
)
def test_different_neurons(first, second):
    """All nodes are one netlist: what that cannot be is refused, both layers by number."""
    plain, step = (Dense(inputs=9, neurons=9, neuron=each) for each in (first, second))
    if step.subtracts:
        step = dataclasses.replace(step, step=Step.EACH)
    shape = NetworkShape.of("some", (plain, plain, step))
    wanted = "^layers 1 and 3 of some have different neurons, and all nodes of a mesh have the same"
    with pytest.raises(BadInput, match=wanted):
        check_room(shape, MeshShape(x=2, y=2, z=1), node_for(shape))


def test_other_nodes():
    """A node of a neuron, or of a step, that no layer has; pixels, which no flit carries."""
    mesh = MeshShape(x=2, y=2, z=1)
    layer = Dense(inputs=9, neurons=9, neuron=CONTINUOUS, step=Step.ONE)
    with pytest.raises(BadInput, match=r"are not those of a node \w+_forgets_carries_leak_4$"):
        check_room(NetworkShape.of("some", (layer,)), mesh, NodeShape(neuron=LEAKY, forgets=True))
    each = dataclasses.replace(layer, step=Step.THRESHOLD, threshold=Threshold.EACH)
    for some, node in (((layer,), "threshold"), ((each,), "one"), ((layer, each), "one")):
        held = NodeShape(neuron=CONTINUOUS, step=Step(node), thresholds=True)
        with pytest.raises(BadInput, match=f"layer {len(some)} of some have steps of their own"):
            check_room(NetworkShape.of("some", some), mesh, held)
    pixels = dataclasses.replace(layer, pixels=True)
    shape = NetworkShape.of("some", (pixels,), encoder=Encoder.DIRECT)
    with pytest.raises(BadInput, match=r"^layer 1 of some takes pixels, and a flit"):
        check_room(shape, mesh, node_for(shape))


def test_image_of_carrying_neurons():
    """Steps, which a layer may have as thresholds; timesteps of an image; who forgets."""
    one = Dense(inputs=9, neurons=9, neuron=LEAKY, threshold=Threshold.EACH)
    two = Dense(inputs=9, neurons=9, neuron=LEAKY, step=Step.ONE)
    last = Dense(inputs=9, neurons=9, threshold=Threshold.NONE)
    network = random_network_of(NetworkShape.of("mixed", (one, two, last), ReadOut.POTENTIAL), 3)
    mesh, places = MeshShape(x=3, y=1, z=1), ((0, 0, 0), (1, 0, 0), (2, 0, 0))
    mapping = Mapping(shape=network.shape, mesh=mesh, places=places, node=node_for(network.shape))
    steps = network.layers[0].threshold.tolist(), [network.layers[1].step] * 9, [0] * 9
    for part, (wanted, silent) in enumerate(zip(steps, (0, 0, 1), strict=True)):
        words = {s.address // 8: s.words for s in image(mapping, network, part, 77)}
        wide = words[Line.STEPS].view("<u4").tolist()
        assert wide == [value & 0x3FFFF for value in wanted] + [0] * 247
        told = 9 | silent << 9 | 77 << 10 | silent << 18
        assert words[Line.NEURONS].view("<u4")[0] == told


def test_image_of_own_parameters():
    """A node with thresholds and biases holds a layer that has less of its own."""
    shape = NetworkShape.of("mixed", (Dense(inputs=40, neurons=40),))
    layer = random_network_of(shape, 3).layers[0]
    node = NodeShape(inputs=64, neurons=32, thresholds=True, biases=True)
    mesh = MeshShape(x=2, y=1, z=1)
    mapping = Mapping(shape=shape, mesh=mesh, places=((0, 0, 0), (1, 0, 0)), node=node)
    segments = image(mapping, Network(name="mixed", layers=(layer,)), 1, 5)
    words = {segment.address // 8: segment.words for segment in segments}
    bias = words[Line.BIASES].view("<u4").tolist()
    assert bias == [value & 0x3FFFF for value in layer.biases[32:].tolist()] + [0] * 24
    thresholds = words[Line.THRESHOLDS].view("<u4").tolist()
    assert thresholds == [layer.threshold & 0x3FFFF] * 8 + [0] * 24
    assert words[Line.CONSTANTS].tolist() == [layer.a, *[0] * 7]
    assert Line.BIAS not in words


def test_words():
    """Flits in words."""
    spike = {"x": 1, "source_y": 2, "step": 3}
    said = {
        "spike 0.2.0 -> 1.0.0 step 3 end": {"control": 1},
        "spike 0.2.0 -> 1.0.0 step 3 credit": {"control": 1, "neuron": 1},
        "spike 0.2.0 -> 1.0.0 step 3 control 9": {"control": 1, "neuron": 9},
        "spike host's 0.2.0 -> 1.0.0 step 3 neuron 0": {"from_host": 1},
        "spike 0.2.0 -> host at 0.0.0 step 3 neuron 4": {"x": 0, "to_host": 1, "neuron": 4},
        "spike 0.2.0 ->> 1.0.0 step 3 neuron 4": {"to_host": 1, "neuron": 4},
        "spike host's 0.2.0 ->> 1.0.0 step 3 end": {"to_host": 1, "from_host": 1, "control": 1},
    }
    for words, values in said.items():
        assert flits.text(pack(SPIKE, **spike | values)) == words


def test_transactions():
    """Requests flit by flit, and an answer read."""
    to = (1, 0, 0)
    write = [flits.text(int(flit)) for flit in transactions.write(to, 5, [7, 8], host=(0, 0, 1))]
    assert write == [
        "memory -> 1.0.0 burst write kept 0x00040",
        "memory -> 1.0.0 burst write kept 0x00005",
        "memory -> 1.0.0 burst write kept 0x00007",
        "memory -> 1.0.0 burst write done 0x00008",
    ]
    read = [flits.text(int(flit)) for flit in transactions.read(to, 0x1FFFF, host=HOST)]
    assert read[1] == "memory -> 1.0.0 single read done 0x1ffff"
    assert len(transactions.read(to, 3, 9, host=HOST)) == 3
    common = {"type": 1, "access": int(Access.BURST_READ), "answer": 1}
    contents = [(Command.KEPT, 1), (Command.KEPT, 0xBEEF), (Command.CANCELLED, 1)]
    got = [pack(MEMORY, **common, command=int(c), content=content) for c, content in contents]
    answer = transactions.answer(np.array(got, dtype=np.uint32))
    assert answer.node == to
    assert answer.words.tolist() == [0xBEEF]
    assert (answer.status, answer.reason) == (Command.CANCELLED, Reason.NO_SUCH_ADDRESS)
