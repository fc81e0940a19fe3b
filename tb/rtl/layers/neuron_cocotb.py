"""Testbench of a layer whose neurons carry something from one timestep to the next."""

import random

import numpy as np

from tb.kit.bench import Bench, scenario
from tb.kit.oracles import random_dense, random_layer, random_vector
from trispike import golden
from trispike.models.network.layers import Dense
from trispike.models.network.numbers import PIXEL_BITS, PIXEL_MAX, POTENTIAL_BITS
from trispike.rtl.chip.program import layer_writes
from trispike.rtl.layers.configuration import write_layout


def shape_of(number: int, *, lanes: int, **fixed) -> Dense:
    """Random layer ``number``, of 12 inputs and 5 neurons."""
    return random_dense(random.Random(number), 12, 5, lanes=lanes, **fixed)


class NeuronBench(Bench):
    """Loads a random layer, sends images, compares what comes out of each timestep."""

    limit = 60_000

    def __init__(self, pins, rng, *, number, lanes, pixels):
        super().__init__(pins, rng)
        self.shape = shape_of(number, lanes=lanes, pixels=pixels)
        self.writes = self.driver("configuration", write_layout([self.shape]).size)
        self.input = self.driver("i", self.shape.inputs * (PIXEL_BITS if pixels else 1))
        self.output = self.monitor("o")

    async def load(self, timesteps):
        """Load a random layer, and the number of timesteps of its images."""
        await self.drain()
        while not self.pins.get("configuration__ready"):  # PEs are still resetting
            await self.step()
        self.layer = random_layer(self.rng, self.shape)
        self.timesteps = timesteps
        self.pins.set("timesteps", timesteps)
        for write in layer_writes(self.layer):
            self.writes.send(write)
        await self.drain()

    def send(self, vectors):
        """Queue an image's ``vectors``, and what has to come of them."""
        bits = PIXEL_BITS if self.shape.pixels else 1
        ones = (1 << bits) - 1
        inputs = [[v >> bits * k & ones for k in range(self.shape.inputs)] for v in vectors]
        kind = np.uint8 if self.shape.pixels else bool
        did = golden.run_layer(self.layer, np.array(inputs, dtype=kind))
        for t, vector in enumerate(vectors):
            self.input.send(vector)
            self.expected.append(self._output(did, t))

    def _output(self, did, t):
        if self.shape.fires:
            return sum(1 << int(k) for k in np.flatnonzero(did.spikes[t]))
        words = [int(v) & ((1 << POTENTIAL_BITS) - 1) for v in did.potentials[t]]
        words.append(t + 1 == self.timesteps)
        return sum(word << POTENTIAL_BITS * k for k, word in enumerate(words))

    def random_image(self):
        """An image of spikes of any density, or of pixels many of which are 0."""
        return [self._vector() for _ in range(self.timesteps)]

    def _vector(self):
        inputs, rng = self.shape.inputs, self.rng
        given = random_vector(rng, inputs)
        if not self.shape.pixels:
            return given
        pixels = [rng.choice([1, PIXEL_MAX, rng.randint(1, PIXEL_MAX)]) for _ in range(inputs)]
        return sum(p << PIXEL_BITS * k for k, p in enumerate(pixels) if given >> k & 1)


@scenario(NeuronBench)
async def random_images(bench):
    """Random parameters, numbers of timesteps and stalls."""
    for timesteps in (1, 2, 5, 20):
        await bench.load(timesteps)
        bench.stall(never=timesteps == 2)
        for _ in range(4):
            bench.send(bench.random_image())
    await bench.drain()


@scenario(NeuronBench)
async def reset_in_mid_flight(bench):
    """After a reset an image begins: nothing is carried over from before."""
    await bench.load(7)
    for _ in range(4):
        bench.stall()
        bench.send(bench.random_image())
        for _ in range(bench.rng.randint(1, 80)):
            await bench.step()
        await bench.reset()
        bench.stall()
        bench.send(bench.random_image())
        await bench.drain()
