"""What the blocks must do, in plain Python, and random things to do it with."""

import dataclasses
import random

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.layers import Bias, Convolution, Dense, Layer, Step, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Neuron as NeuronModel
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.numbers import CONSTANT_MAX, PIXEL_MAX, POTENTIAL_MAX
from trispike.models.network.parameters import LayerParameters
from trispike.models.network.volume import Volume

DENSITIES = (0.0, 0.02, 0.1, 0.5, 0.9, 1.0)
"""Spike densities of random vectors."""

MOST_INPUTS = 1024
"""Fan-in of the seed's widest layers: their potentials fit with every scale constant."""


class Neuron:
    """One neuron, operation by operation; None where nothing is defined yet."""

    def __init__(self):
        self.potential: int | None = None
        self.spike: int | None = None

    def bias(self, code: int, b: int) -> None:
        """Start a timestep."""
        self.potential = _times(code, b)

    def integrate(self, code: int, a: int) -> None:
        """Take one presynaptic spike."""
        self.potential += _times(code, a)

    def fire(self, threshold: int, code: int, b: int) -> None:
        """End a timestep and start the next one."""
        self.spike = 1 if self.potential > threshold else 0
        self.bias(code, b)


def _times(code: int, constant: int) -> int:
    return {0b00: 0, 0b01: constant, 0b10: 0, 0b11: -constant}[code]


def ones(vector: int) -> list[int]:
    """Positions of the bits of ``vector`` that are set, ascending."""
    return [k for k in range(vector.bit_length()) if vector >> k & 1]


def busiest_lane(vector: int, lanes: int) -> int:
    """Most spikes of ``vector`` that one lane has."""
    return max(sum(k % lanes == lane for k in ones(vector)) for lane in range(lanes))


def bools(vector: int, width: int) -> np.ndarray:
    """``vector`` as an array of ``width`` bools."""
    return np.array([vector >> k & 1 for k in range(width)], dtype=bool)


def word(values) -> int:
    """Ternary ``values`` as two-bit codes, the first one lowest."""
    return sum({0: 0b00, 1: 0b01, -1: 0b11}[int(v)] << 2 * k for k, v in enumerate(values))


def random_vector(rng: random.Random, width: int) -> int:
    """Spikes of ``width`` neurons, of any density, empty and full included."""
    density = rng.choice(DENSITIES)
    return sum((rng.random() < density) << k for k in range(width))


def random_ternary(rng: random.Random, *shape: int) -> np.ndarray:
    """Array of -1, 0 and +1."""
    count = int(np.prod(shape))
    return np.array(rng.choices((-1, 0, 1), k=count), dtype=np.int8).reshape(shape)


def random_layer(rng: random.Random, shape: Layer) -> LayerParameters:
    """Parameters of a layer whose potentials often lie near the threshold, and often on it.

    No constant is 0, so that every weight and bias matters. Of neurons that carry a potential on
    some have thresholds, steps and biases from their whole range, so that potentials saturate.
    """
    largest = POTENTIAL_MAX >> (shape.neuron.phases - 1)
    most = min(CONSTANT_MAX, (largest - CONSTANT_MAX) // shape.inputs)
    a, b = (rng.choice([1, rng.randint(1, most), most]) for _ in range(2))
    scale = PIXEL_MAX if shape.pixels else a
    far = shape.neuron.carries and rng.random() < 0.4

    def near():
        return scale * rng.randint(-3, 3) + b * rng.randint(-1, 1) + rng.choice([-1, 0, 0, 1])

    def anything(limit):
        return rng.choice([-limit, limit, rng.randint(-limit, limit)])

    def value():
        return anything(largest) if far else near()

    def one_bias():
        limit = largest - scale * shape.inputs
        return anything(limit) if far else max(-limit, min(limit, near()))

    weights = random_ternary(rng, shape.inputs, shape.neurons)
    own_bias = shape.bias is Bias.EACH
    every = range(shape.neurons)
    bias = np.array([one_bias() for _ in every]) if own_bias else random_ternary(rng, shape.neurons)
    each = shape.threshold is Threshold.EACH
    threshold = np.array([value() for _ in every]) if each else value()
    steps = {
        Step.THRESHOLD: lambda: None,
        Step.ONE: value,
        Step.EACH: lambda: np.array([value() for _ in every]),
    }
    return LayerParameters(
        weights=weights,
        bias=bias,
        a=None if shape.pixels else a,
        b=None if own_bias else b,
        threshold=threshold if shape.fires else None,
        neuron=shape.neuron,
        step=steps[shape.step](),
        maps=shape.maps,
    )


def random_neuron(rng: random.Random) -> NeuronModel:
    """Any neuron that something of one timestep reaches the next of."""
    carries = rng.random() < 0.8
    neuron = NeuronModel(
        carries=carries,
        leak=_shifts(rng) if carries else (),
        reset=rng.choice(list(Reset)) if carries else Reset.SUBTRACT,
        order=rng.choice(list(Order)) if carries else Order.LEAK_FIRST,
        synapse=_shifts(rng),
        once=rng.random() < 0.2,
        phases=rng.choice([1, 1, 1, rng.randint(2, 8)]),
    )
    return neuron if neuron.has_state else random_neuron(rng)


def _shifts(rng: random.Random) -> tuple[int, ...]:
    """None, one, or several."""
    return tuple(sorted(rng.sample(range(1, 18), rng.choice([0, 0, 1, 1, 2, 5]))))


def random_dense(rng: random.Random, inputs: int, neurons: int, **fixed) -> Dense:
    """A layer of any `random_neuron`, of thresholds, biases and steps of any kind.

    ``fixed``: fields that are given.
    """
    return _any_fields(rng, Dense(inputs=inputs, neurons=neurons), fixed)


def random_convolution(rng: random.Random, maps: Maps, channels: int, **fixed) -> Convolution:
    """As `random_dense`, on ``maps``."""
    return _any_fields(rng, Convolution(maps=maps, channels=channels), fixed)


def random_volume(rng: random.Random, channels: int, longest: int) -> Volume:
    """Maps of ``channels`` and up to ``longest`` rows and columns."""
    return Volume(channels=channels, height=rng.randint(1, longest), width=rng.randint(1, longest))


def random_maps(rng: random.Random, volume: Volume, widest: int = 7) -> Maps:
    """Windows on ``volume`` of any kernel, stride and padding, and any pool behind them.

    Kernels have up to ``widest`` rows and columns, most as many of each, and one in ten is all of
    the map.
    """
    if rng.random() < 0.1:
        return Maps.whole(volume)
    while True:
        height, width = rng.randint(1, widest), rng.randint(1, widest)
        kernel = (height, width if rng.random() < 0.3 else height)
        try:
            maps = Maps(
                volume=volume,
                kernel=kernel,
                stride=rng.choice([1, 1, 2]),
                padding=rng.randint(0, height),
            )
        except BadInput:  # no window fits
            continue
        side = min(maps.rows, maps.columns, 3)
        return dataclasses.replace(maps, pool=rng.choice([1, rng.randint(1, side)]))


def _any_fields(rng: random.Random, shape: Layer, fixed: dict) -> Layer:
    fields = {
        "threshold": rng.choice([Threshold.EACH, Threshold.ONE]),
        "bias": rng.choice([Bias.EACH, Bias.TERNARY]),
        "neuron": random_neuron(rng),
        **fixed,
    }
    layer = dataclasses.replace(shape, **fields)
    step = rng.choice(list(Step)) if layer.subtracts else Step.THRESHOLD
    return dataclasses.replace(layer, step=step)
