"""Testbench of a layer."""

import collections
import dataclasses

import numpy as np

from tb.kit.bench import Bench, scenario, signed
from tb.kit.oracles import (
    MOST_INPUTS,
    bools,
    busiest_lane,
    random_layer,
    random_ternary,
    random_vector,
    word,
)
from trispike import golden
from trispike.models.network.layers import Bias, Dense, Threshold
from trispike.models.network.numbers import (
    BANK_NEURONS,
    CONSTANT_MAX,
    POTENTIAL_BITS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
)
from trispike.models.network.parameters import LayerParameters
from trispike.rtl.chip.program import layer_writes, pack
from trispike.rtl.layers.configuration import Target, constants_layout, write_layout
from trispike.rtl.neuron.pe import PEState


class LayerBench(Bench):
    """Sends vectors and configuration writes; compares output spikes, and potentials at firing.

    It keeps its own copy of what was written: a vector meets the contents of the cycle that it was
    taken in, as writes are taken only between timesteps.
    """

    limit = 60_000

    def __init__(
        self,
        pins,
        rng,
        *,
        inputs,
        neurons,
        lanes,
        threshold="one",
        bias="ternary",
        readable=False,
    ):
        super().__init__(pins, rng)
        self.shape = Dense(
            inputs=inputs,
            neurons=neurons,
            lanes=lanes,
            threshold=Threshold(threshold),
            bias=Bias(bias),
        )
        self.layout = write_layout([self.shape])
        # In this order: a write meets the vector that is taken in the same cycle.
        self.writes = self.driver("configuration", self.layout.size)
        self.input = self.driver("i", inputs)
        self.output = self.monitor("o")
        self.at_work: collections.deque[list[int]] = collections.deque()  # potentials to come
        self.held_back = 0  # cycles in which a write had to wait
        self.weights = np.zeros((inputs, neurons), dtype=np.int8)
        self.values = {f.name: np.zeros(neurons, np.int32) for f in self.shape.neuron_fields}
        self.constants = {"b": None, "threshold": None}
        self.constants |= {field.name: 0 for field in self.shape.layer_fields}
        self.readable, self.read, self.shown = readable, None, None  # rows
        self.timestep, self.timesteps = 0, rng.randint(1, 5)
        if self.shape.counts_timesteps:
            pins.set("timesteps", self.timesteps)

    def watch(self):
        ready = self.pins.get("configuration__ready")
        assert ready == (not self.at_work), f"cycle {self.cycle}: configuration.ready is {ready}"
        self.held_back += not ready and not self.writes.idle
        if self.shown is not None:
            got, want = self.pins.get("readback__weights"), word(self.weights[self.shown])
            assert got == want, f"cycle {self.cycle}: row {self.shown} is {got:#x}, not {want:#x}"
        self.shown = self.shown if self.read is None else self.read
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
        return LayerParameters(weights=self.weights, **{**self.constants, **self.values})

    def send(self, vector):
        """Queue a spike vector."""

        def taken():
            contents = self.contents
            values = golden.run_layer(contents, bools(vector, self.shape.inputs)).potentials
            self.at_work.append(values.tolist())
            if self.shape.fires:
                fired = np.flatnonzero(values > contents.threshold).tolist()
                self.expected.append(sum(1 << k for k in fired))
            else:
                self.timestep = (self.timestep + 1) % self.timesteps
                words = [int(v) & ((1 << POTENTIAL_BITS) - 1) for v in values]
                words.append(self.timestep == 0)
                self.expected.append(sum(w << POTENTIAL_BITS * k for k, w in enumerate(words)))

        self.input.send(vector, taken)

    def send_random(self, count):
        """Queue ``count`` random vectors."""
        for _ in range(count):
            self.send(random_vector(self.rng, self.shape.inputs))

    def _write(self, target, data, then, **where):
        self.writes.send(pack(self.layout, target=target.value, data=data, **where), then)

    def write_row(self, bank, row, values):
        """Queue a row of weights for a bank."""
        first = bank * BANK_NEURONS

        def taken():
            self.weights[row, first : first + len(values)] = values

        self._write(Target.WEIGHTS, word(values), taken, bank=bank, row=row)

    def write_biases(self, bank, values):
        """Queue the ternary biases of a bank's neurons."""
        first = bank * BANK_NEURONS

        def taken():
            self.values["bias"][first : first + len(values)] = values

        self._write(Target.BIAS, word(values), taken, bank=bank)

    def write_fields(self, bank, layer):
        """Queue what each of a bank's neurons has of ``layer``, laid out here once more by hand."""
        first = bank * BANK_NEURONS
        if [field.name for field in self.shape.neuron_fields if field.ternary] == ["bias"]:
            self.write_biases(bank, layer.bias[first : first + BANK_NEURONS])
        wide = [field.name for field in self.shape.neuron_fields if not field.ternary]
        row = 0 if len(wide) == len(self.shape.neuron_fields) else 1
        for name in wide:
            for at in range(first, first + BANK_NEURONS, 4):
                part = getattr(layer, name)[at : at + 4].tolist()

                def taken(name=name, at=at, part=part):
                    self.values[name][at : at + 4] = part

                data = sum((v & 0x3FFFF) << 32 * k for k, v in enumerate(part))
                self._write(Target.BIAS, data, taken, bank=bank, row=row)
                row += 1

    def write_constants(self, **constants):
        """Queue the constants."""
        data = pack(constants_layout(self.shape), **constants)
        self._write(Target.CONSTANTS, data, lambda: self.constants.update(constants))

    def write_without_effect(self, target, **where):
        """Queue a write of noise that the layer must accept and ignore."""
        self._write(target, self.rng.getrandbits(128), lambda: None, **where)

    def load(self, layer):
        """Queue all of ``layer``, in any order."""
        constants = {field.name: getattr(layer, field.name) for field in self.shape.layer_fields}
        tasks = [lambda: self.write_constants(**constants)]
        for bank in range(len(self.shape.banks)):
            here = slice(bank * BANK_NEURONS, (bank + 1) * BANK_NEURONS)
            tasks.append(lambda b=bank: self.write_fields(b, layer))
            for row in range(self.shape.inputs):
                tasks.append(
                    lambda b=bank, r=row, h=here: self.write_row(b, r, layer.weights[r, h])
                )
        self.rng.shuffle(tasks)
        for task in tasks:
            task()

    async def load_random(self):
        """Load random contents."""
        self.load(random_layer(self.rng, self.shape))
        await self.drain()

    async def read_row(self, row=None):
        """Read ``row`` in this cycle, or none: the one that was read last must stand."""
        self.read = row
        self.pins.set("readback__read", row is not None)
        self.pins.set(
            "readback__row", self.rng.randrange(self.shape.inputs) if row is None else row
        )
        await self.step()

    def neurons_of(self, bank):
        """Number of neurons of a bank."""
        return self.shape.banks[bank].neurons

    async def reset(self):
        self.at_work.clear()
        self.timestep = 0
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
                bench.write_fields(bank, random_layer(rng, shape))
            else:
                a, b = rng.randint(0, CONSTANT_MAX), rng.randint(0, CONSTANT_MAX)
                constants = {"a": a, "b": b, "threshold": rng.randint(-2 * a, 2 * a)}
                names = [field.name for field in shape.layer_fields]
                bench.write_constants(**{name: constants[name] for name in names})
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
    for row in {*range(rows, 1024, 61), *(1 << bit for bit in range(10) if 1 << bit >= rows)}:
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
    layer = random_layer(bench.rng, bench.shape)
    bench.weights[:] = layer.weights
    bench.values = {f.name: getattr(layer, f.name) for f in bench.shape.neuron_fields}
    constants = {f.name: getattr(layer, f.name) for f in bench.shape.layer_fields}
    bench.constants |= constants
    for write in layer_writes(layer):
        bench.writes.send(write)
    await bench.drain()
    bench.send_random(10)
    await bench.drain()


@scenario(LayerBench)
async def rows_read_back(bench):
    """A row that was read stands from the next cycle until the next read, however late that is."""
    if not bench.readable:
        return
    await bench.load_random()
    for _ in range(3):
        for row in bench.rng.sample(range(bench.shape.inputs), bench.shape.inputs):
            await bench.read_row(row)
            for _ in range(bench.rng.choice([0, 0, 1, 7])):
                await bench.read_row()


@scenario(LayerBench)
async def bits_of_constants(bench):
    """Constants of one bit, and of all but one, times weights of either sign; random biases."""
    rng, shape = bench.rng, bench.shape
    signs = np.array([(1, -1)[k % 2] for k in range(shape.neurons)], dtype=np.int8)
    some = min(shape.inputs, 2 * shape.lanes)
    masks = [1 << bit for bit in range(CONSTANT_MAX.bit_length())]
    names = [field.name for field in shape.layer_fields]
    for weights in (signs, -signs):
        layer = random_layer(rng, shape)
        bench.load(dataclasses.replace(layer, weights=np.tile(weights, (shape.inputs, 1))))
        for constant in (*masks, *(CONSTANT_MAX ^ mask for mask in masks)):
            for bank in range(len(shape.banks)):
                bench.write_fields(bank, random_layer(rng, shape))
            constants = {"a": constant, "b": constant, "threshold": rng.randint(-200, 200)}
            bench.write_constants(**{name: constants[name] for name in names})
            await bench.drain()
            bench.send((1 << some) - 1)
            await bench.drain()


@scenario(LayerBench)
async def both_extremes(bench):
    """Potentials furthest from zero and zero; thresholds on them, one below, and of any one bit."""
    if bench.shape.fields != Dense(inputs=1, neurons=1).fields:
        return await _both_corners(bench)
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
    assert inputs < MOST_INPUTS or extreme == 130_175
    ends = (POTENTIAL_MIN, POTENTIAL_MAX)
    bits = [1 << k for k in range(POTENTIAL_BITS - 1)]
    beside = (extreme, extreme - 1, -extreme, -extreme - 1)
    corners = [(CONSTANT_MAX, t) for t in (*beside, *ends, *bits, *(~bit for bit in bits))]
    for constant, threshold in (*corners, (0, 0), (0, -1)):
        bench.write_constants(a=constant, b=constant, threshold=threshold)
        await bench.drain()
        bench.send((1 << inputs) - 1)
        await bench.drain()


async def _both_corners(bench):
    """Potentials at both ends of the register as far as biases reach, thresholds on either side."""
    shape, neurons = bench.shape, bench.shape.neurons
    signs = np.array([(1, -1)[k % 2] for k in range(neurons)])
    own = shape.bias is Bias.EACH
    a = min(CONSTANT_MAX, (POTENTIAL_MAX - CONSTANT_MAX) // shape.inputs)
    most = POTENTIAL_MAX if own else a * shape.inputs + CONSTANT_MAX
    ends = [most, most - 1, -most, -most - 1]
    for shift in range(len(ends) if shape.fires else 1):
        each = np.array([ends[(k + shift) % len(ends)] for k in range(neurons)])
        one = each if shape.threshold is Threshold.EACH else ends[shift]
        layer = LayerParameters(
            weights=np.tile(signs, (shape.inputs, 1)),
            bias=signs * (most - a * shape.inputs) if own else signs,
            a=a,
            b=None if own else CONSTANT_MAX,
            threshold=one if shape.fires else None,
        )
        bench.load(layer)
        await bench.drain()
        full = (1 << shape.inputs) - 1
        reached = golden.run_layer(layer, bools(full, shape.inputs)).potentials
        assert reached.tolist() == (signs * most).tolist()
        bench.send(full)
        await bench.drain()
