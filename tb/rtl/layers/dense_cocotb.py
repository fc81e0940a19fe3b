"""Testbench of a layer."""

import collections

import numpy as np
from amaranth.hdl import Shape

from tb.kit.bench import Bench, scenario, signed
from tb.kit.oracles import bools, busiest_lane, random_layer, random_ternary, random_vector, word
from trispike import golden
from trispike.models.network.description import LayerParameters, LayerShape
from trispike.models.network.numbers import (
    BANK_NEURONS,
    CONSTANT_MAX,
    MAX_INPUTS,
    POTENTIAL_BITS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
)
from trispike.rtl.chip.program import layer_writes, pack
from trispike.rtl.layers.configuration import Constants, Target, Write
from trispike.rtl.neuron.pe import PEState

WRITE_BITS = Shape.cast(Write).width


class LayerBench(Bench):
    """Sends vectors and configuration writes; compares output spikes, and potentials at firing.

    It keeps its own copy of what was written: a vector meets the contents of the cycle that it was
    taken in, as writes are taken only between timesteps.
    """

    limit = 60_000

    def __init__(self, pins, rng, *, inputs, neurons, lanes):
        super().__init__(pins, rng)
        self.shape = LayerShape(inputs=inputs, neurons=neurons, lanes=lanes)
        # In this order: a write meets the vector that is taken in the same cycle.
        self.writes = self.driver("configuration", WRITE_BITS)
        self.input = self.driver("i", inputs)
        self.output = self.monitor("o")
        self.at_work: collections.deque[list[int]] = collections.deque()  # potentials to come
        self.held_back = 0  # cycles in which a write had to wait
        self.weights = np.zeros((inputs, neurons), dtype=np.int8)
        self.biases = np.zeros(neurons, dtype=np.int8)
        self.constants = {"a": 0, "b": 0, "threshold": 0}

    def watch(self):
        ready = self.pins.get("configuration__ready")
        assert ready == (not self.at_work), f"cycle {self.cycle}: configuration.ready is {ready}"
        self.held_back += not ready and not self.writes.idle
        if self.pins.peek("flow.state") == PEState.FIRE.value:
            assert self.at_work, f"cycle {self.cycle}: fires without a timestep"
            got = [
                signed(self.pins.peek(f"pe_{k}.potential"), POTENTIAL_BITS)
                for k in range(self.shape.neurons)
            ]
            want = self.at_work.popleft()
            assert got == want, f"cycle {self.cycle}: potentials {got}, expected {want}"

    @property
    def contents(self):
        """What the layer holds now."""
        return LayerParameters(weights=self.weights, bias=self.biases, **self.constants)

    def send(self, vector):
        """Queue a spike vector."""

        def taken():
            contents = self.contents
            values = golden.potentials(contents, bools(vector, self.shape.inputs))
            self.at_work.append(values.tolist())
            fired = np.flatnonzero(values > contents.threshold).tolist()
            self.expected.append(sum(1 << k for k in fired))

        self.input.send(vector, taken)

    def send_random(self, count):
        """Queue ``count`` random vectors."""
        for _ in range(count):
            self.send(random_vector(self.rng, self.shape.inputs))

    def _write(self, target, data, then, **where):
        self.writes.send(pack(Write, target=target.value, data=data, **where), then)

    def write_row(self, bank, row, values):
        """Queue a row of weights for a bank."""
        first = bank * BANK_NEURONS

        def taken():
            self.weights[row, first : first + len(values)] = values

        self._write(Target.WEIGHTS, word(values), taken, bank=bank, row=row)

    def write_biases(self, bank, values):
        """Queue the biases of a bank's neurons."""
        first = bank * BANK_NEURONS

        def taken():
            self.biases[first : first + len(values)] = values

        self._write(Target.BIAS, word(values), taken, bank=bank)

    def write_constants(self, **constants):
        """Queue the constants."""
        data = pack(Constants, **constants)
        self._write(Target.CONSTANTS, data, lambda: self.constants.update(constants))

    def write_without_effect(self, target, **where):
        """Queue a write of noise that the layer must accept and ignore."""
        self._write(target, self.rng.getrandbits(128), lambda: None, **where)

    def load(self, layer):
        """Queue all of ``layer``, in any order."""
        tasks = [lambda: self.write_constants(a=layer.a, b=layer.b, threshold=layer.threshold)]
        for bank in range(len(self.shape.banks)):
            here = slice(bank * BANK_NEURONS, (bank + 1) * BANK_NEURONS)
            tasks.append(lambda b=bank, h=here: self.write_biases(b, layer.bias[h]))
            for row in range(self.shape.inputs):
                tasks.append(
                    lambda b=bank, r=row, h=here: self.write_row(b, r, layer.weights[r, h])
                )
        self.rng.shuffle(tasks)
        for task in tasks:
            task()

    async def load_random(self):
        """Load random contents."""
        self.load(random_layer(self.rng, self.shape.inputs, self.shape.neurons))
        await self.drain()

    def neurons_of(self, bank):
        """Number of neurons of a bank."""
        return self.shape.banks[bank].neurons

    async def reset(self):
        self.at_work.clear()
        await super().reset()

    async def finish(self):
        await super().finish()
        assert not self.at_work


@scenario(LayerBench)
async def random_networks(bench):
    """Random contents and vectors, stalls everywhere."""
    for _ in range(2):
        bench.stall(never=True)
        await bench.load_random()
        for _ in range(3):
            bench.stall()
            bench.send_random(3)
            await bench.drain()


@scenario(LayerBench)
async def empty_and_full(bench):
    """No spikes and all spikes, in every order, with and without stalls."""
    await bench.load_random()
    full = (1 << bench.shape.inputs) - 1
    for never in (True, False):
        bench.stall(never=never)
        for vector in (0, 0, full, full, 0, full, 0, 0):
            bench.send(vector)
        await bench.drain()


@scenario(LayerBench)
async def unstalled(bench):
    """N spikes in the busiest lane: N + 1 cycles a timestep, the output N + 3 after the input."""
    await bench.load_random()
    bench.stall(never=True)
    vectors = [random_vector(bench.rng, bench.shape.inputs) for _ in range(8)]
    sent = len(bench.input.taken)
    for vector in vectors:
        bench.send(vector)
    await bench.finish()
    at = bench.input.taken[sent]
    for vector, taken, out in zip(
        vectors, bench.input.taken[sent:], bench.output.taken, strict=True
    ):
        spikes = busiest_lane(vector, bench.shape.lanes)
        assert (taken, out) == (at, at + spikes + 3)
        at += spikes + 1


@scenario(LayerBench)
async def reset_in_mid_flight(bench):
    """After a reset the loaded network runs on, and nothing from before comes out."""
    await bench.load_random()
    interrupted = 0
    longest = min(40, 3 * bench.shape.inputs // bench.shape.lanes)
    for _ in range(10):
        bench.stall()
        bench.send_random(4)
        for _ in range(bench.rng.randint(2, longest)):
            await bench.step()
        interrupted += bool(bench.expected)
        await bench.reset()
        bench.stall()
        bench.send_random(1)
        await bench.drain()
    assert interrupted > 3


@scenario(LayerBench)
async def rewrites_between_timesteps(bench):
    """Writes of every kind while vectors come: they wait for the timestep at work."""
    await bench.load_random()
    rng, shape = bench.rng, bench.shape
    for _ in range(9):
        bench.stall()
        bench.send_random(3)
        for _ in range(rng.randint(1, 6)):
            bank = rng.randrange(len(shape.banks))
            kind = rng.choice(["row", "biases", "constants"])
            if kind == "row":
                values = random_ternary(rng, bench.neurons_of(bank))
                bench.write_row(bank, rng.randrange(shape.inputs), values)
            elif kind == "biases":
                bench.write_biases(bank, random_ternary(rng, bench.neurons_of(bank)))
            else:
                a, b = rng.randint(0, CONSTANT_MAX), rng.randint(0, CONSTANT_MAX)
                bench.write_constants(a=a, b=b, threshold=rng.randint(-2 * a, 2 * a))
        for _ in range(rng.randint(0, 40)):
            await bench.step()
        await bench.drain()
    assert bench.held_back


@scenario(LayerBench)
async def writes_without_effect(bench):
    """Banks and rows that the layer does not have, and what is not the layer's."""
    await bench.load_random()
    rows = bench.shape.banks[0].rows * bench.shape.lanes
    for bank in range(len(bench.shape.banks), 16):
        bench.write_without_effect(Target.WEIGHTS, bank=bank, row=0)
        bench.write_without_effect(Target.BIAS, bank=bank)
    for row in range(rows, 1024, 61):
        bench.write_without_effect(Target.WEIGHTS, bank=0, row=row)
    bench.write_without_effect(Target.TIMESTEPS)
    bench.stall()
    await bench.drain()
    bench.send((1 << bench.shape.inputs) - 1)
    for row in range(min(bench.shape.inputs, 70)):
        bench.send(1 << row)
    await bench.drain()


@scenario(LayerBench)
async def program_of_a_layer(bench):
    """The writes of `rtl.chip.program` load what the layer was given."""
    layer = random_layer(bench.rng, bench.shape.inputs, bench.shape.neurons)
    bench.weights[:], bench.biases[:] = layer.weights, layer.bias
    bench.constants = {"a": layer.a, "b": layer.b, "threshold": layer.threshold}
    for write in layer_writes(layer):
        bench.writes.send(write)
    await bench.drain()
    bench.send_random(10)
    await bench.drain()


@scenario(LayerBench)
async def both_extremes(bench):
    """Potentials furthest from zero and zero; the threshold on them, one below, at the ends."""
    inputs, neurons = bench.shape.inputs, bench.shape.neurons
    signs = np.array([(1, -1)[k % 2] for k in range(neurons)], dtype=np.int8)
    bench.load(
        LayerParameters(
            weights=np.tile(signs, (inputs, 1)),
            bias=signs,
            a=CONSTANT_MAX,
            b=CONSTANT_MAX,
            threshold=0,
        )
    )
    await bench.drain()
    extreme = inputs * CONSTANT_MAX + CONSTANT_MAX
    assert inputs < MAX_INPUTS or extreme == 130_175
    ends = (POTENTIAL_MIN, POTENTIAL_MAX)
    corners = [(CONSTANT_MAX, t) for t in (extreme, extreme - 1, -extreme, -extreme - 1, *ends)]
    for constant, threshold in (*corners, (0, 0), (0, -1)):
        bench.write_constants(a=constant, b=constant, threshold=threshold)
        await bench.drain()
        bench.send((1 << inputs) - 1)
        await bench.drain()
