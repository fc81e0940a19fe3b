"""Networks of every kind of neuron, on the RTL of nodes."""

import dataclasses
import itertools
import random

import numpy as np
import pytest

from tb.kit.networks import random_network_of
from tb.kit.nodes import NODE, measured
from tb.kit.oracles import random_neuron
from trispike.models.mesh.mapping import node_for
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import FIRST_SPIKE, LEAKY, WEIGHTED, Reset
from trispike.models.network.shape import NetworkShape, ReadOut

WEIGHTED_ZERO = dataclasses.replace(WEIGHTED, reset=Reset.ZERO)

pytestmark = pytest.mark.xdist_group("nodes")


def _random_node(rng):
    """A node of any neuron that carries something on, with or without all that there is."""
    neuron = random_neuron(rng)
    steps = list(Step) if neuron.carries and neuron.reset is Reset.SUBTRACT else [Step.THRESHOLD]
    node = dataclasses.replace(
        NODE,
        neuron=neuron,
        step=rng.choice(steps),
        **{what: rng.random() < 0.5 for what in ("thresholds", "biases", "potentials")},
    )
    return dataclasses.replace(node, forgets=neuron != neuron.memoryless and rng.random() < 0.5)


def _random_layer(rng, node, inputs, neurons):
    """A layer of what ``node`` has, or less."""
    each = node.thresholds and rng.random() < 0.7
    layer = Dense(
        inputs=inputs,
        neurons=neurons,
        threshold=Threshold.EACH if each else Threshold.ONE,
        bias=Bias.EACH if node.biases and rng.random() < 0.7 else Bias.TERNARY,
        neuron=node.neuron.memoryless if node.forgets and rng.random() < 0.4 else node.neuron,
    )
    steps = {
        Step.THRESHOLD: [Step.THRESHOLD],
        Step.ONE: [Step.ONE] if each else [Step.ONE, Step.THRESHOLD],
        Step.EACH: list(Step),
    }
    step = rng.choice(steps[node.step]) if layer.subtracts else Step.THRESHOLD
    return dataclasses.replace(layer, step=step)


def _random_shape(rng, node):
    """Up to five layers on the twelve nodes of `MESH`, with any read-out."""
    sizes = [rng.choice([1, 40, 128]), *(rng.choice([3, 32, 45]) for _ in range(rng.randint(1, 5)))]
    layers = [_random_layer(rng, node, *pair) for pair in itertools.pairwise(sizes)]
    read_out = rng.choice(
        [ReadOut.COUNT, ReadOut.FIRST, *[ReadOut.POTENTIAL] * 3 * node.potentials]
    )
    if read_out is ReadOut.POTENTIAL:
        silent = {"threshold": Threshold.NONE, "step": Step.THRESHOLD}
        layers[-1] = dataclasses.replace(layers[-1], **silent)
    groups = (2, sizes[-1] - 2) if rng.random() < 0.3 else ()
    return NetworkShape.of("random", tuple(layers), read_out, groups=groups)


@pytest.mark.thorough
def test_random_networks(shape_seed, tmp_path):
    """Saturating ones too; with stalls, images of one timestep and of many."""
    rng = random.Random(f"nodes {shape_seed}")
    node = _random_node(rng)
    for seed in range(4 * shape_seed, 4 * shape_seed + 4):
        network = random_network_of(_random_shape(rng, node), seed)
        draws = np.random.default_rng(seed)
        size = (3, rng.randint(1, 12), network.shape.sizes[0])
        given = draws.random(size) < draws.choice([0, 0.1, 0.5, 1], (*size[:2], 1))
        measured(network, given, node, tmp_path, stall=rng.choice([0, 0.3]), seed=seed)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("neuron", "forgets"),
    [(LEAKY, True), (WEIGHTED, True), (FIRST_SPIKE, True), (WEIGHTED_ZERO, False)],
)
def test_silent_last_layer(tmp_path, neuron, forgets):
    """Hidden neurons carry their potentials; the last layer too, or it starts from zero."""
    hidden = Dense(inputs=40, neurons=45, neuron=neuron)
    own = neuron.memoryless if forgets else neuron
    last = Dense(inputs=45, neurons=10, threshold=Threshold.NONE, neuron=own)
    shape = NetworkShape.of("silent", (hidden, last), ReadOut.POTENTIAL)
    node = dataclasses.replace(node_for(shape), inputs=NODE.inputs, neurons=NODE.neurons)
    assert node.forgets == forgets
    network = random_network_of(shape, 5)
    given = np.random.default_rng(5).random((3, 8, 40)) < 0.4
    measured(network, given, node, tmp_path, stall=0.2)
