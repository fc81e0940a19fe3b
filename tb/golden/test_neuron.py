"""Every neuron of the golden model, against the equations of the contract, one number at a time."""

import dataclasses
import random

import numpy as np
import pytest

from tb.kit.equations import HIGH, behaviour_of
from tb.kit.oracles import random_dense, random_layer
from trispike.golden import run, run_layer
from trispike.models.errors import BadInput
from trispike.models.network.layers import Step, Threshold
from trispike.models.network.neuron import (
    CONTINUOUS,
    FIRST_SPIKE,
    LEAKY,
    WEIGHTED,
    Neuron,
    Reset,
)
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import ReadOut


@pytest.mark.parametrize("seed", range(150))
def test_equations(seed):
    rng, choice = np.random.default_rng(seed), random.Random(seed)
    shape = random_dense(choice, choice.randint(1, 20), choice.randint(1, 6))
    if choice.random() < 0.2:
        shape = dataclasses.replace(shape, threshold=Threshold.NONE, step=Step.THRESHOLD)
    if choice.random() < 0.2 and shape.neuron.phases <= 3:
        shape = dataclasses.replace(shape, pixels=True)
    layer = random_layer(choice, shape)
    assert layer.shape == shape
    trains = rng.random((2, int(rng.integers(1, 40)), layer.shape.inputs)) < rng.random()
    if layer.shape.pixels:
        trains = trains * rng.integers(0, 256, trains.shape, dtype=np.uint8)
    did = run_layer(layer, trains)
    for image in range(2):
        for n in range(layer.shape.neurons):
            expected = list(behaviour_of(layer, n, trains[image]))
            got = did.potentials[image, :, n].tolist(), did.spikes[image, :, n].tolist()
            assert list(zip(*got, strict=True)) == expected


def _layer(neuron, threshold=3, weights=((1,),), a=2, **more):
    return LayerParameters(
        weights=np.array(weights, dtype=np.int8),
        bias=np.zeros(len(weights[0]), dtype=np.int32),
        a=a,
        b=None,
        threshold=threshold,
        neuron=neuron,
        **more,
    )


def _spikes(neuron, trains, **more):
    layer = _layer(neuron, **more)
    return run_layer(layer, np.array(trains, dtype=bool)[:, np.newaxis]).spikes[:, 0].tolist()


def test_named_neurons_do_what_their_papers_say():
    # Two a timestep against a threshold of 3: every second timestep, and the rest is carried.
    assert _spikes(CONTINUOUS, [1, 1, 1, 1]) == [False, True, False, True]
    # A leak of 1/16 of 2 rounds to nothing; of 32 it takes 2.
    assert run_layer(_layer(LEAKY, 100, a=32), np.ones((2, 1), bool)).potentials.tolist() == [
        [32],
        [62],
    ]
    # Phases of weight 8, 4, 2, 1.
    did = run_layer(_layer(WEIGHTED, 1000, a=1), np.ones((5, 1), bool))
    assert did.potentials[:, 0].tolist() == [8, 12, 14, 15, 23]
    # The current is still there after its spike; the neuron spikes once.
    assert _spikes(FIRST_SPIKE, [1, 0, 0, 0, 0]) == [False, True, False, False, False]


def test_a_hard_reset_neuron_of_its_own_leak_threshold_and_start():
    """It fires at u >= theta: threshold theta - 1, a leak of 1/4, and a bias a neuron."""
    neuron = Neuron(carries=True, leak=(2,), reset=Reset.ZERO)
    layer = LayerParameters(
        weights=np.array([[1, 1]], dtype=np.int8),
        bias=np.array([1, 4], dtype=np.int32),
        a=3,
        b=None,
        threshold=np.array([6, 9], dtype=np.int32),
        neuron=neuron,
    )
    did = run_layer(layer, np.array([[True], [True], [False], [True]]))
    assert did.potentials.tolist() == [[4, 7], [7, 13], [1, 4], [5, 10]]
    assert did.spikes.tolist() == [[False, False], [True, True], [False, False], [False, True]]


def test_saturations_are_counted_and_stay():
    layer = _layer(CONTINUOUS, threshold=HIGH, weights=((1,),) * 1000, a=127)
    did = run_layer(layer, np.ones((3, 1000), bool))
    assert did.potentials[:, 0].tolist() == [127_000, HIGH, HIGH]
    assert did.saturations == 2
    assert not did.spikes.any()


def test_first_spike_is_the_label_and_silence_is_the_lowest_index():
    network = Network(
        name="first",
        layers=(_layer(CONTINUOUS, weights=np.eye(3, dtype=np.int8)),),
        read_out=ReadOut.FIRST,
    )
    trains = np.array(
        [[[0, 0, 1], [0, 1, 1], [0, 1, 0]], [[0, 1, 1], [1, 1, 1], [0, 0, 0]], np.zeros((3, 3))],
        dtype=bool,
    )
    result = run(network, trains)
    assert result.scores.tolist() == [[0, 253, 254], [0, 254, 254], [0, 0, 0]]
    assert result.labels.tolist() == [2, 1, 0]


def test_groups_of_outputs_tell_a_part_of_the_label_each():
    layer = _layer(Neuron(), weights=np.eye(5, dtype=np.int8))
    network = Network(name="parts", layers=(layer,), groups=(3, 2))
    trains = np.array([[[0, 1, 0, 0, 1]], [[0, 0, 1, 1, 0]]], dtype=bool)
    assert run(_over(network), trains).labels.tolist() == [1 * 2 + 1, 2 * 2 + 0]


def _over(network):
    """``network`` with a threshold that one input reaches."""
    layers = tuple(
        LayerParameters(weights=e.weights, bias=e.bias, a=e.a, b=e.b, threshold=1)
        for e in network.layers
    )
    return Network(name=network.name, layers=layers, groups=network.groups)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(carries=True, leak=(18,)), "shifts from 1 to 17"),
        (lambda: Neuron(carries=True, leak=tuple(range(1, 19))), "ascending shifts from 1 to 17"),
        (lambda: Neuron(carries=True, leak=(3, 3)), "ascending"),
        (lambda: Neuron(synapse=(0,)), "synapse must be ascending shifts"),
        (lambda: Neuron(leak=(1,)), "must not have a leak"),
        (lambda: Neuron(reset=Reset.ZERO), "must not have a leak, or a reset"),
        (lambda: Neuron(phases=0), "phases must be from 1 to 8, not 0"),
        (lambda: Neuron(phases=9), "phases must be from 1 to 8, not 9"),
        (
            lambda: _layer(WEIGHTED, weights=((1,),) * 1000, a=20),
            "at most 131071 in the first of 4 phases",
        ),
        (lambda: _layer(WEIGHTED, threshold=20_000), "threshold must be .* in the first of 4"),
        (lambda: _layer(CONTINUOUS, None, step=3), "do not subtract must not have a step"),
        (lambda: _layer(Neuron(), step=3), "do not subtract must not have a step"),
        (
            lambda: Network(
                name="mute",
                layers=(_layer(Neuron(), threshold=2),),
                read_out=ReadOut.FIRST,
            ),
            "mute can never answer",
        ),
        (
            lambda: Network(
                name="mute", layers=(_layer(CONTINUOUS, None),), read_out=ReadOut.FIRST
            ),
            "layer 1 must have a threshold with read-out first",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(BadInput, match=message):
        make()
