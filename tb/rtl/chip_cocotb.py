"""Testbench of the fixed chip."""

import dataclasses
import itertools
import random

import numpy as np
from amaranth.hdl import Shape

from tb.kit.bench import Bench, scenario, unpack
from tb.kit.oracles import bools, random_layer, random_vector
from trispike import golden
from trispike.models.network.numbers import COUNT_BITS, MAX_TIMESTEPS
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.program import layer_writes, network_writes
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.layers.configuration import Write
from trispike.sim.cosim import cycles

NAME = "bench"


class ChipBench(Bench):
    """Loads networks, sends images and compares predictions with the golden model."""

    limit = 60_000

    def __init__(self, pins, rng, *, sizes, lanes, stability=None):
        super().__init__(pins, rng)
        shape = NetworkShape.dense(name=NAME, sizes=tuple(sizes), lanes=lanes)
        self.shape = dataclasses.replace(shape, stops=stability is not None)
        self.stability = stability
        self.input = self.driver("i", sizes[0])
        self.writes = self.driver("configuration", Shape.cast(Write).width)
        self.output = self.monitor("result", self._receive)
        self.timesteps = 1
        self.ties = self.early = 0

    def _receive(self, payload):
        got = unpack(result_layout(self.shape.sizes[-1], stops=self.shape.stops), payload)
        counts = [
            got["counts"] >> COUNT_BITS * k & ((1 << COUNT_BITS) - 1)
            for k in range(self.shape.sizes[-1])
        ]
        self.compare((got["label"], counts, got.get("timesteps", self.timesteps)))

    def random_network(self):
        """A network of random layers, whose predictions depend on the image."""
        images = self.random_images(20)
        layers = ()
        for shape in self.shape.layers:
            while True:
                network = Network(name=NAME, layers=(*layers, random_layer(self.rng, shape)))
                scores = golden.run(network, images).scores
                if len(np.unique(scores, axis=0)) >= 4:
                    break
            layers = network.layers
        return dataclasses.replace(network, stability=self.stability)

    async def load(self, network, timesteps):
        """Write ``network`` and ``timesteps`` into the idle chip."""
        self.network, self.timesteps = network, timesteps
        self.rewrite()
        await self.drain()

    def rewrite(self):
        """Queue once more what the chip holds already."""
        for write in network_writes(self.network, self.timesteps):
            self.writes.send(write)

    def random_images(self, count):
        """Spikes of ``count`` images: bool, shape (count, timesteps, inputs)."""
        inputs = self.shape.sizes[0]
        vectors = [random_vector(self.rng, inputs) for _ in range(count * self.timesteps)]
        spikes = np.array([bools(vector, inputs) for vector in vectors])
        return spikes.reshape(count, self.timesteps, inputs)

    def send(self, images):
        """Queue ``images``; returns what the golden model does with them."""
        result = golden.run(self.network, images)
        every = (result.labels.tolist(), result.scores.tolist(), result.decided.tolist())
        for label, counts, timesteps in zip(*every, strict=True):
            self.expected.append((label, counts, timesteps))
            self.early += timesteps < self.timesteps
            self.ties += counts.count(max(counts)) > 1
        for vector in images.reshape(-1, images.shape[2]):
            self.input.send(sum(1 << k for k in np.flatnonzero(vector).tolist()))
        return result

    async def reset(self):
        for driver in self.drivers:
            driver.clear()
        await super().reset()


@scenario(ChipBench)
async def networks_in_turn(bench):
    """Other weights and timesteps whenever the chip is idle, stalls everywhere."""
    for timesteps in (1, 3, 2, 3, 1, 7, *([9] * 4 if bench.shape.stops else [])):
        bench.stall()
        await bench.load(bench.random_network(), timesteps)
        for _ in range(3):
            bench.stall()
            bench.send(bench.random_images(3))
            await bench.drain()
    assert bench.ties > 3
    assert bench.early > 3 or not bench.shape.stops


@scenario(ChipBench)
async def to_the_cycle(bench):
    """Without stalls every prediction comes in the cycle that the cycle model says."""
    bench.stall(never=True)
    for timesteps in (1, 3):
        for _ in range(3):
            await bench.load(bench.random_network(), timesteps)
            images = bench.random_images(6)
            sent, received = len(bench.input.taken), len(bench.output.taken)
            result = bench.send(images)
            await bench.drain()
            counts = cycles.spiking_cycles(bench.shape, (images, *result.spikes[:-1]))
            schedule = cycles.schedule(bench.shape, counts, timesteps, result.decided)
            # The first vector is taken as soon as it is valid: the chip was idle.
            start = bench.input.taken[sent]
            assert [c - start for c in bench.output.taken[received:]] == schedule.result.tolist()


@scenario(ChipBench)
async def rewrites_at_work(bench):
    """Writes that wait for a layer at work, or go into the idle one beside it, disturb nothing."""
    for timesteps in (1, 3):
        await bench.load(bench.random_network(), timesteps)
        for _ in range(3):
            bench.stall()
            bench.rewrite()
            bench.send(bench.random_images(8))
            await bench.drain()


@scenario(ChipBench)
async def rewrites_behind_the_last_vector(bench):
    """Other weights, written while the last images are still at work: no layer takes them early."""
    await bench.load(bench.random_network(), 2)
    for _ in range(8):
        bench.stall()
        bench.send(bench.random_images(2))
        while not bench.input.idle:
            await bench.step()
        bench.network = bench.random_network()
        for index, layer in enumerate(bench.network.layers):
            for write in layer_writes(layer, index):
                bench.writes.send(write)
        await bench.drain()


@scenario(ChipBench)
async def predictions_that_wait(bench):
    """Nobody takes the predictions: the chip fills up, stops, and loses nothing."""
    for timesteps in (1, 3):
        await bench.load(bench.random_network(), timesteps)
        bench.stall(never=True)
        bench.output.pace = 0.0
        bench.send(bench.random_images(20))
        for _ in range(400):
            await bench.step()
        assert not bench.input.idle
        bench.output.pace = 0.2
        await bench.drain()


@scenario(ChipBench)
async def reset_in_mid_flight(bench):
    """A reset forgets the prediction at work, and neither the network nor the timesteps."""
    interrupted = 0
    for n in range(16):
        if n % 8 == 0:
            await bench.load(bench.random_network(), (3, 1)[n // 8])
        bench.stall()
        if n % 2:
            bench.output.pace = 0.0  # so that predictions stand at the exit
        bench.send(bench.random_images(3))
        for _ in range(bench.rng.randint(5, 80)):
            await bench.step()
        interrupted += not bench.input.idle
        await bench.reset()
        bench.stall()
        bench.send(bench.random_images(2))
        await bench.drain()
    assert interrupted > 3


@scenario(ChipBench)
async def ties_and_full_counts(bench):
    """All outputs fire at all of 255 timesteps: the counters reach their end, the lowest wins."""
    *hidden, outputs = bench.shape.layers
    layers = [
        LayerParameters(
            weights=np.zeros((n.inputs, n.neurons), dtype=np.int8),
            bias=np.zeros(n.neurons, dtype=np.int8),
            a=1,
            b=1,
            threshold=threshold,
        )
        for n, threshold in (*((n, 0) for n in hidden), (outputs, -1))
    ]
    network = Network(name=NAME, layers=tuple(layers), stability=bench.stability)
    await bench.load(network, MAX_TIMESTEPS)
    bench.stall(never=True)
    bench.send(np.zeros((2, MAX_TIMESTEPS, bench.shape.sizes[0]), dtype=bool))
    assert list(bench.expected) == [(0, [MAX_TIMESTEPS] * outputs.neurons, MAX_TIMESTEPS)] * 2
    await bench.drain()


@scenario(ChipBench)
async def long_images(bench):
    """Images of many timesteps, no two alike: every bit of what counts timesteps and spikes."""
    bits = bench.shape.stability_bits if bench.shape.stops else 0
    for timesteps, ends in ((MAX_TIMESTEPS, bits), (MAX_TIMESTEPS - 90, bits - 3)):
        network = bench.random_network()
        if bits:
            network = dataclasses.replace(network, stability=(1 << ends) - 1)
        await bench.load(network, timesteps)
        bench.stall(never=True)
        bench.send(bench.random_images(3))
        await bench.drain()


def _passing_on(shape):
    """A network whose outputs are the first inputs, or differences of two where it narrows."""
    layers = []
    for layer in shape.layers:
        weights = np.zeros((layer.inputs, layer.neurons), dtype=np.int8)
        for k in range(layer.neurons):
            weights[k % layer.inputs, k] = 1
            if k >= layer.inputs:
                weights[(k + 1) % layer.inputs, k] = -1
        nothing = np.zeros(layer.neurons, dtype=np.int8)
        layers.append(LayerParameters(weights=weights, bias=nothing, a=1, b=1, threshold=0))
    return Network(name=NAME, layers=tuple(layers))


async def _pairs(bench, mask):
    """Counts of two outputs that differ by a bit, either is larger; ``mask`` flips other bits.

    These are many cycles.
    """
    if not bench.pins.quick:
        return
    rng, network, outputs = bench.rng, _passing_on(bench.shape), bench.shape.sizes[-1]
    if bench.shape.stops:  # none does
        network = dataclasses.replace(network, stability=(1 << bench.shape.stability_bits) - 1)
    await bench.load(network, MAX_TIMESTEPS)
    bench.stall(never=True)
    alike = random.Random(1)  # for either mask
    for pair in ((0, 1), (0, outputs // 2), (outputs - 2, outputs - 1)):
        for bit in range(COUNT_BITS):
            common = (alike.randrange(1 << COUNT_BITS) ^ mask) & ~(1 << bit)
            for larger, smaller in (pair, pair[::-1]):
                image = np.zeros((1, MAX_TIMESTEPS, bench.shape.sizes[0]), dtype=bool)
                for k, count in ((larger, common | 1 << bit), (smaller, common)):
                    image[0, rng.sample(range(MAX_TIMESTEPS), count), k] = True
                bench.send(image)
    await bench.drain()


@scenario(ChipBench)
async def pairs_of_counts(bench):
    """See `_pairs`."""
    await _pairs(bench, 0)


@scenario(ChipBench)
async def pairs_of_other_counts(bench):
    """See `_pairs`."""
    await _pairs(bench, (1 << COUNT_BITS) - 1)


@scenario(ChipBench)
async def labels_that_are_stable(bench):
    """One output leads by more and more, others are nearly alike: images end when it is enough."""
    if not bench.shape.stops or not bench.pins.quick:
        return
    rng = bench.rng
    bench.stall(never=True)
    for share, others in itertools.product((1.0, 1.0, 0.9, 0.7), (0, 0.2, 0.4, 0.4, 0.6, 0.6)):
        theta = rng.randrange(1 << rng.choice([8, 10, 12, 14, 15]))
        network = dataclasses.replace(_passing_on(bench.shape), stability=theta)
        await bench.load(network, MAX_TIMESTEPS)
        image = np.zeros((1, MAX_TIMESTEPS, bench.shape.sizes[0]), dtype=bool)
        leader = rng.randrange(bench.shape.sizes[-1])
        for t in range(MAX_TIMESTEPS):
            common = rng.random() < others
            for k in range(bench.shape.sizes[-1]):
                image[0, t, k] = common ^ (rng.random() < 0.03)
            image[0, t, leader] = rng.random() < share
        bench.send(image)
        await bench.drain()


@scenario(ChipBench)
async def every_tie(bench):
    """Every set of outputs that fire alike: the label is the lowest of them."""
    outputs = bench.shape.sizes[-1]
    layers = [random_layer(bench.rng, n) for n in bench.shape.layers[:-1]]
    for fires in range(1 << outputs):
        last = LayerParameters(
            weights=np.zeros((bench.shape.sizes[-2], outputs), dtype=np.int8),
            bias=bools(fires, outputs).astype(np.int8),
            a=1,
            b=1,
            threshold=0,
        )
        network = Network(name=NAME, layers=(*layers, last), stability=bench.stability)
        await bench.load(network, 1)
        bench.send(bench.random_images(1))
        await bench.drain()
