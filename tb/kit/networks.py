"""Networks for tests: some that no training made, and why trained ones may have to wait."""

import dataclasses
import itertools
import random
from pathlib import Path

import numpy as np

from tb.kit.oracles import (
    random_convolution,
    random_dense,
    random_layer,
    random_maps,
    random_neuron,
)
from trispike import golden
from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import INTEGRATE_AND_FIRE, Neuron
from trispike.models.network.numbers import CONSTANT_MAX, LANES, PIXEL_MAX, POTENTIAL_MAX
from trispike.models.network.origin import Made, Trained
from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume

NO_MNIST = (
    "MNIST is not part of the repository: name a folder with its files by "
    f"{datasets.FOLDER_VARIABLE} to run this test"
)
"""Reason of a skip."""


def random_network(sizes: tuple[int, ...], seed: int, name: str = "random") -> Network:
    """A random network of the seed's neurons in layers of ``sizes``, the same for the same seed."""
    return random_network_of(NetworkShape.dense(name=name, sizes=sizes), seed)


def random_network_of(shape: NetworkShape, seed: int) -> Network:
    """A random network of ``shape``, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        layers = tuple(random_layer(rng, layer) for layer in shape.layers)
        try:
            return Network(
                name=shape.name,
                layers=layers,
                read_out=shape.read_out,
                encoder=shape.input.encoder,
                groups=shape.groups,
                skip=rng.randint(1, 3) if shape.skips else 0,
                stability=min(1, shape.stability_bits) if shape.stops else None,
            )
        except BadInput as error:  # another draw may be one that can
            if "can never answer" not in str(error):
                raise


def spread(network: Network, spikes: np.ndarray) -> Network:
    """``network`` with the stability by which images of ``spikes`` end most differently."""
    others = [
        dataclasses.replace(network, stability=1 << k) for k in range(network.shape.stability_bits)
    ]
    return max(
        others or [network],
        key=lambda other: len(np.unique(golden.run(other, spikes, keep_potentials=False).decided)),
    )


def random_shape(seed: int) -> NetworkShape:
    """One to four layers and any lanes; mostly with thresholds, biases and potentials of their own.

    Of each three seeds two have POTENTIAL as read-out.
    """
    rng = random.Random(f"shape {seed}")
    sizes = [rng.choice([1, 2, 9, 30, 66, 130]) for _ in range(rng.randint(1, 4))]
    sizes.append(rng.choice([1, 2, 3, 10, 17]))
    read_out = ReadOut.POTENTIAL if seed % 3 else ReadOut.COUNT
    layers = []
    for k, (inputs, neurons) in enumerate(itertools.pairwise(sizes), 2):
        silent = k == len(sizes) and read_out is ReadOut.POTENTIAL
        each = rng.choice([Threshold.EACH, Threshold.EACH, Threshold.ONE])
        layers.append(
            Dense(
                inputs=inputs,
                neurons=neurons,
                threshold=Threshold.NONE if silent else each,
                bias=rng.choice([Bias.EACH, Bias.EACH, Bias.TERNARY]),
            )
        )
    return NetworkShape.of("random", tuple(layers), read_out).with_lanes(rng.choice(LANES))


def random_neurons(seed: int) -> NetworkShape:
    """One to four layers, each of neurons of its own, with any read-out and lanes.

    One layer in five has the seed's neurons.

    One in five takes pixels. In every second images may stop early, and every third skips.
    """
    rng = random.Random(f"neurons {seed}")
    sizes = [rng.choice([1, 2, 9, 30, 66, 130]) for _ in range(rng.randint(1, 4))]
    sizes.append(rng.choice([1, 2, 3, 10, 17]))
    read_out = rng.choice(list(ReadOut))
    neurons = [random_neuron(rng) if rng.random() < 0.8 else INTEGRATE_AND_FIRE for _ in sizes[1:]]
    pairs = zip(itertools.pairwise(sizes), neurons, strict=True)
    layers = [random_dense(rng, *pair, neuron=neuron) for pair, neuron in pairs]
    if read_out is ReadOut.POTENTIAL:
        layers[-1] = dataclasses.replace(layers[-1], threshold=Threshold.NONE, step=Step.THRESHOLD)
    pixels = rng.random() < 0.2
    if pixels:
        shifts = layers[0].neuron.phases - 1
        few = ((PIXEL_MAX * sizes[0] + CONSTANT_MAX) << shifts) <= POTENTIAL_MAX
        neuron = layers[0].neuron if few else dataclasses.replace(layers[0].neuron, phases=1)
        layers[0] = dataclasses.replace(layers[0], pixels=True, neuron=neuron)
    cut = rng.randint(1, sizes[-1])
    groups = (cut, sizes[-1] - cut) if cut < sizes[-1] and rng.random() < 0.5 else ()
    stops = seed % 2 == 0 and (sizes[-1] > 1 or read_out is ReadOut.FIRST)
    more = {"groups": () if stops else groups, "skips": seed % 3 == 0, "stops": stops}
    encoder = Encoder.DIRECT if pixels else Encoder.RATE
    shape = NetworkShape.of("random", tuple(layers), read_out, encoder, **more)
    return shape.with_lanes(rng.choice(LANES))


def random_convolutions(seed: int) -> NetworkShape:
    """One to three convolutions and one or two dense layers, of any neurons and lanes.

    Kernels, strides, paddings, pools and maps are of every size, small ones above all; one network
    in four takes pixels.
    """
    rng = random.Random(f"convolutions {seed}")
    while True:
        try:
            shape = _any_convolutions(rng, pixels=seed % 4 == 0, skips=seed % 5 == 0)
        except (BadInput, ValueError):  # too many inputs of a window, or sums that do not fit
            continue
        return shape.with_lanes([rng.choice(LANES) for _ in shape.layers])


def _any_convolutions(rng: random.Random, *, pixels: bool, skips: bool) -> NetworkShape:
    read_out, outputs = rng.choice(list(ReadOut)), rng.choice([2, 3, 10, 17])
    height, width = rng.choices(range(1, 33), [32 - n for n in range(32)], k=2)
    volume = Volume(channels=rng.choice([1, 2, 3, 4, 8, 9, 16]), height=height, width=width)
    layers = []
    for k in range(rng.randint(1, 3)):
        maps = random_maps(rng, volume)
        few = [1, 2, 3, 8, 20] if maps.rows * maps.columns > 64 else [1, 2, 8, 31, 66, 130]
        fields = {"neuron": _any_neuron(rng), "pixels": pixels and k == 0}
        layers.append(random_convolution(rng, maps, rng.choice(few), **fields))
        volume = layers[-1].output
    between = rng.random() < 0.5
    silent = {"threshold": Threshold.NONE} if read_out is ReadOut.POTENTIAL else {}
    last = {"neuron": _any_neuron(rng), **silent}
    if between or volume.positions > 1:
        maps, channels = Maps.whole(volume), 9 if between else outputs
        fields = {"neuron": _any_neuron(rng)} if between else last
        layers.append(random_convolution(rng, maps, channels, **fields))
    if between or volume.positions == 1:
        layers.append(random_dense(rng, layers[-1].output.size, outputs, **last))
    encoder = Encoder.DIRECT if pixels else Encoder.RATE
    shape = NetworkShape.of("random", tuple(layers), read_out, encoder, skips=skips)
    random_network_of(shape, 0)
    return shape


def _any_neuron(rng: random.Random) -> Neuron:
    return INTEGRATE_AND_FIRE if rng.random() < 0.5 else random_neuron(rng)


def save(network: Network, folder: Path) -> Path:
    """Weight file of ``network`` in ``folder``, with a card that claims nothing."""
    path = folder / f"{network.name}.npz"
    card = Card(shape=network.shape, origin=Made(how="random, for a test"))
    weights.save(path, network, card)
    return path


def real_network(sizes, seed: int, name: str = "real") -> RealNetwork:
    """Weights in eighths, whose sums float32 holds exactly in any order."""
    rng = np.random.default_rng(seed)
    layers = tuple(
        RealLayer(
            weights=rng.integers(-9, 10, (inputs, neurons)) / 8.0,
            bias=rng.integers(-9, 10, neurons) / 8.0,
            threshold=float(rng.integers(-3, 4)),
        )
        for inputs, neurons in itertools.pairwise(sizes)
    )
    return RealNetwork(name=name, layers=layers)


def card_of(network, data="digits") -> Card:
    """A card for ``network`` that claims nothing but its data set."""
    origin = Trained(
        data=data, data_sha256={}, recipe={"name": "random"}, seed=0, epochs=0, threads=1
    )
    return Card(shape=network.shape, origin=origin)
