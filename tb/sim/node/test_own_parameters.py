"""Networks whose neurons have thresholds and biases of their own, on the RTL of nodes."""

import dataclasses
import itertools
import random

import numpy as np
import pytest

from tb.kit.networks import random_network_of
from tb.kit.nodes import MESH, NODE, measured
from trispike import golden
from trispike.models.mesh.mapping import node_for
from trispike.models.mesh.topology import MeshShape
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import CONTINUOUS, Neuron
from trispike.models.network.numbers import POTENTIAL_MAX
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import NetworkShape, ReadOut

pytestmark = pytest.mark.xdist_group("nodes")

BIASES = dataclasses.replace(NODE, biases=True)
BOTH = dataclasses.replace(NODE, thresholds=True, biases=True)
POTENTIALS = dataclasses.replace(NODE, potentials=True)
SMALL_MESH = MeshShape(x=2, y=2, z=1)
ALL = dataclasses.replace(BOTH, potentials=True)


def _random_shape(rng, node):
    """Layers that have what ``node`` has, or less, on the twelve nodes of `MESH`."""
    sizes = [rng.choice([1, 40, 128]), *(rng.choice([3, 32, 45]) for _ in range(rng.randint(1, 4)))]
    layers = []
    for inputs, neurons in itertools.pairwise(sizes):
        each = node.thresholds and rng.random() < 0.7
        bias = Bias.EACH if node.biases and rng.random() < 0.7 else Bias.TERNARY
        threshold = Threshold.EACH if each else Threshold.ONE
        layers.append(Dense(inputs=inputs, neurons=neurons, threshold=threshold, bias=bias))
    if node.potentials:
        layers[-1] = dataclasses.replace(layers[-1], threshold=Threshold.NONE)
        return NetworkShape.of("random", tuple(layers), ReadOut.POTENTIAL)
    return NetworkShape.of("random", tuple(layers))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("seed", "node"),
    [
        (0, BIASES),
        *((seed, BOTH) for seed in range(1, 6)),
        (6, POTENTIALS),
        *((seed, ALL) for seed in range(7, 12)),
    ],
)
def test_random_networks(tmp_path, seed, node):
    """Layers with and without, mixed, on nodes that have all of it."""
    rng = random.Random(seed)
    network = random_network_of(_random_shape(rng, node), seed)
    draws = np.random.default_rng(seed)
    given = draws.random((2, 3, network.shape.sizes[0])) < draws.random((2, 3, 1))
    measured(network, given, node, tmp_path, stall=rng.choice([0, 0.3]), seed=seed)


@pytest.mark.thorough
def test_corners(tmp_path):
    """Potentials of -(2^17 - 1) and 2^17 - 1, against the thresholds next to them and beyond."""
    inputs, neurons = 60, 32
    sign = np.where(np.arange(neurons) % 2, -1, 1)
    beside = np.array([-1, 0, -POTENTIAL_MAX, -2 * POTENTIAL_MAX - 1])
    first = LayerParameters(
        weights=np.tile(sign, (inputs, 1)).astype(np.int8),
        bias=sign * (POTENTIAL_MAX - inputs),
        a=1,
        b=None,
        threshold=np.clip(
            sign * POTENTIAL_MAX + beside[np.arange(neurons) // 2 % 4],
            -POTENTIAL_MAX - 1,
            POTENTIAL_MAX,
        ),
    )
    last = random_network_of(NetworkShape.dense(name="last", sizes=(neurons, 10)), 0).layers[0]
    network = Network(name="corners", layers=(first, last))
    given = np.ones((2, 2, inputs), dtype=bool)
    given[1, 1, 0] = False
    result = golden.run(network, given)
    assert set(np.abs(result.potentials[0][0]).ravel().tolist()) == {POTENTIAL_MAX}
    assert 0 < result.spikes[0].sum() < result.spikes[0].size
    measured(network, given, BOTH, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize(("mesh", "neurons"), [(SMALL_MESH, 40), (MESH, 70)])
def test_corners_of_potentials(tmp_path, mesh, neurons):
    """Potentials of -(2^17 - 1) to 2^17 - 1 from the last layer, which is alone on its mesh."""
    values = np.linspace(-POTENTIAL_MAX, POTENTIAL_MAX, neurons).astype(int)
    layer = LayerParameters(
        weights=np.sign(values)[np.newaxis].astype(np.int8),
        bias=values - np.sign(values),
        a=1,
        b=None,
        threshold=None,
    )
    network = Network(name="corners", layers=(layer,), read_out=ReadOut.POTENTIAL)
    given = np.ones((3, 2, 1), dtype=bool)
    given[1:, 0] = False
    done = measured(network, given, ALL, tmp_path, mesh=mesh, stall=0.2)
    assert done.outputs.values[0, 0].tolist() == values.tolist()
    assert done.outputs.scores[0, [0, -1]].tolist() == [-2 * POTENTIAL_MAX, 2 * POTENTIAL_MAX]


@pytest.mark.thorough
def test_a_plain_layer_on_nodes_that_can_send_potentials(tmp_path):
    """Spikes, unless the node is told to send potentials."""
    network = random_network_of(NetworkShape.dense(name="plain", sizes=(40, 45, 10)), 3)
    given = np.random.default_rng(3).random((2, 3, 40)) < 0.4
    measured(network, given, POTENTIALS, tmp_path, stall=0.2)


def test_node_for():
    """A node has what some layer of the network has."""
    each = Dense(inputs=9, neurons=9, threshold=Threshold.EACH)
    own = Dense(inputs=9, neurons=9, bias=Bias.EACH)
    wanted = {(): (False, False), (each,): (True, False), (own, each): (True, True)}
    for layers, (thresholds, biases) in wanted.items():
        shape = NetworkShape.of("some", (Dense(inputs=9, neurons=9), *layers))
        node = node_for(shape)
        assert (node.thresholds, node.biases) == (thresholds, biases)
        assert node.inputs == 1024
        assert not node.potentials
        assert (node.neuron, node.step, node.forgets) == (Neuron(), Step.THRESHOLD, False)
    silent = Dense(inputs=9, neurons=9, threshold=Threshold.NONE)
    assert node_for(NetworkShape.of("some", (silent,), ReadOut.POTENTIAL)).potentials
    carrying = [
        Dense(inputs=9, neurons=9, neuron=CONTINUOUS, threshold=threshold, step=step)
        for threshold, step in (
            (Threshold.ONE, Step.THRESHOLD),
            (Threshold.EACH, Step.THRESHOLD),
            (Threshold.EACH, Step.ONE),
            (Threshold.ONE, Step.EACH),
        )
    ]
    steps = {
        (0,): Step.THRESHOLD,
        (0, 1): Step.THRESHOLD,
        (0, 2): Step.ONE,
        (1, 2): Step.EACH,
        (2, 3): Step.EACH,
    }
    for which, step in steps.items():
        layers = (*(carrying[k] for k in which), silent)
        node = node_for(NetworkShape.of("some", layers, ReadOut.POTENTIAL))
        assert (node.neuron, node.step, node.forgets) == (CONTINUOUS, step, True)
        assert not node_for(NetworkShape.of("some", layers[:-1])).forgets
