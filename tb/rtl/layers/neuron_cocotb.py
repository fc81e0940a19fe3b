"""Testbench of layers of any neurons, dense or with maps."""

import collections
import dataclasses
import random

import numpy as np

from tb.kit.bench import Bench, scenario, signed
from tb.kit.oracles import (
    random_convolution,
    random_dense,
    random_layer,
    random_maps,
    random_vector,
    random_volume,
)
from trispike import golden
from trispike.models.errors import BadInput
from trispike.models.network.layers import Layer, Threshold
from trispike.models.network.neuron import INTEGRATE_AND_FIRE
from trispike.models.network.numbers import PIXEL_BITS, PIXEL_MAX, POTENTIAL_BITS
from trispike.rtl.chip.program import layer_writes
from trispike.rtl.layers.configuration import write_layout
from trispike.rtl.neuron.operations import states


def shape_of(number: int, *, lanes: int, maps: bool = False, **fixed) -> Layer:
    """Random layer ``number``: of 12 inputs and 5 neurons, or of 4 maps and 5 channels."""
    rng = random.Random(number)
    if not maps:
        return random_dense(rng, 12, 5, lanes=lanes, **fixed)
    maps = random_maps(rng, random_volume(rng, channels=4, longest=6), widest=3)
    return random_convolution(rng, maps, 5, lanes=lanes, **fixed)


class NeuronBench(Bench):
    """Loads a random layer, sends images, compares potentials as they fire and what comes out.

    - ``inside``: whether potentials can be seen, as in a netlist of gates they cannot.
    """

    limit = 60_000

    def __init__(
        self, pins, rng, *, number, lanes, pixels, maps=False, memoryless=False, inside=True
    ):
        super().__init__(pins, rng)
        fixed = {"neuron": INTEGRATE_AND_FIRE} if memoryless else {}
        self.shape = shape_of(number, lanes=lanes, pixels=pixels, maps=maps, **fixed)
        self.writes = self.driver("configuration", write_layout([self.shape]).size)
        self.bits = PIXEL_BITS if pixels else 1
        self.input = self.driver("i", self.shape.volume.channels * self.bits)
        self.output = self.monitor("o")
        self.firings: collections.deque[list[int]] = collections.deque()  # potentials to come
        self.fire = states(self.shape).FIRE.value
        self.inside = inside

    def watch(self):
        if self.inside and self.pins.peek("flow.state") == self.fire:
            assert self.firings, f"cycle {self.cycle}: fires without a timestep"
            every = range(self.shape.neurons)
            got = [signed(self.pins.peek(f"pe_{k}.potential"), POTENTIAL_BITS) for k in every]
            want = self.firings.popleft()
            assert got == want, f"cycle {self.cycle}: potentials {got}, expected {want}"

    async def reset(self):
        self.firings.clear()
        await super().reset()

    async def load(self, timesteps, layer=None):
        """Load ``layer``, a random one if None, and the number of timesteps of its images."""
        await self.drain()
        while not self.pins.get("configuration__ready"):  # PEs are still resetting
            await self.step()
        self.layer = layer or random_layer(self.rng, self.shape)
        self.timesteps = timesteps
        if self.shape.counts_timesteps:
            self.pins.set("timesteps", timesteps)
        for write in layer_writes(self.layer):
            self.writes.send(write)
        await self.drain()

    def _inputs(self, image):
        volume, ones = self.shape.volume, (1 << self.bits) - 1
        maps = [
            [[p >> self.bits * c & ones for p in positions] for c in range(volume.channels)]
            for positions in image
        ]
        kind = np.uint8 if self.shape.pixels else bool
        return np.array(maps, dtype=kind).reshape(len(image), volume.size)

    def meeting(self, layer, image):
        """``layer`` with thresholds that potentials of ``image`` meet, or exceed by one."""
        potentials = golden.run_layer(layer, self._inputs(image)).potentials
        met = potentials[self.shape.neuron.phases - 1].reshape(self.shape.neurons, -1)[:, 0]
        met = met - [self.rng.choice([0, 1]) for _ in met]
        one = self.shape.threshold is Threshold.ONE
        try:
            return dataclasses.replace(layer, threshold=int(met[0]) if one else met)
        except BadInput:  # out of their range
            return layer

    def send(self, image):
        """Queue an ``image``, a list of positions for each timestep, and what has to come of it."""
        did = golden.run_layer(self.layer, self._inputs(image))
        for t, positions in enumerate(image):
            for position in positions:
                self.input.send(position)
            self.expected += self._outputs(did, t)
            self.firings += did.potentials[t].reshape(self.shape.neurons, -1).T.tolist()

    def _outputs(self, did, t):
        if self.shape.fires:
            maps = did.spikes[t].reshape(self.shape.neurons, -1)
            return [sum(1 << int(k) for k in np.flatnonzero(position)) for position in maps.T]
        words = [int(v) & ((1 << POTENTIAL_BITS) - 1) for v in did.potentials[t]]
        words.append(t + 1 == self.timesteps)
        return [sum(word << POTENTIAL_BITS * k for k, word in enumerate(words))]

    def random_image(self):
        """An image of spikes of any density, or of pixels many of which are 0."""
        positions = range(self.shape.volume.positions)
        return [[self._vector() for _ in positions] for _ in range(self.timesteps)]

    def _vector(self):
        channels, rng = self.shape.volume.channels, self.rng
        given = random_vector(rng, channels)
        if not self.shape.pixels:
            return given
        pixels = [rng.choice([1, PIXEL_MAX, rng.randint(1, PIXEL_MAX)]) for _ in range(channels)]
        return sum(p << PIXEL_BITS * k for k, p in enumerate(pixels) if given >> k & 1)


@scenario(NeuronBench)
async def random_images(bench):
    """Random parameters, numbers of timesteps and stalls."""
    more = [6] * 12 if bench.shape.firings == 1 else []  # parameters, of images that are short
    for timesteps in (1, 2, 5, 20, *more):
        await bench.load(timesteps)
        bench.stall(never=timesteps == 2)
        for _ in range(4):
            bench.send(bench.random_image())
    await bench.drain()


@scenario(NeuronBench)
async def thresholds_that_are_met(bench):
    """Potentials on the threshold, which do not fire, and those above by one, which do."""
    if not bench.shape.fires:
        return
    bench.timesteps = 2 * bench.shape.neuron.phases
    for _ in range(12 if bench.shape.firings == 1 else 2):
        image = bench.random_image()
        layer = bench.meeting(random_layer(bench.rng, bench.shape), image)
        await bench.load(bench.timesteps, layer)
        bench.stall()
        bench.send(image)
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
