"""Testbench of the processing element."""

from tb.kit.bench import Bench, scenario, signed
from tb.kit.oracles import MOST_INPUTS, Neuron
from trispike.models.network.numbers import (
    CONSTANT_MAX,
    POTENTIAL_BITS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
    WEIGHT_BITS,
)
from trispike.rtl.neuron.pe import PEState, multiples_layout

ZERO, PLUS, UNUSED, MINUS = 0b00, 0b01, 0b10, 0b11
CODES = (ZERO, PLUS, UNUSED, MINUS)


class PEBench(Bench):
    """Drives one operation a cycle and compares potential and spike in every cycle."""

    def __init__(self, pins, rng, *, lanes):
        super().__init__(pins, rng)
        self.lanes = lanes
        self.neuron = Neuron()
        self.fired = 0

    def watch(self):
        potential = signed(self.pins.get("potential"), POTENTIAL_BITS)
        assert self.neuron.potential in (None, potential), (
            f"cycle {self.cycle}: potential {potential}, expected {self.neuron.potential}"
        )
        spike = self.pins.get("spike")
        assert self.neuron.spike in (None, spike), f"cycle {self.cycle}: spike {spike}"

    def _noise(self):
        rng = self.rng
        return {
            "weights": rng.choice(CODES) if self.lanes == 1 else ZERO,
            "bias": rng.choice(CODES),
            "threshold": rng.randint(POTENTIAL_MIN, POTENTIAL_MAX),
        }

    def _multiples(self, constant, among):
        width = multiples_layout(self.lanes).elem_shape.width
        return sum(
            (k * constant & ((1 << width) - 1)) << (k - 1) * width
            for k in range(1, self.lanes + 1)
            if k <= among
        )

    async def _operate(self, state, constant=0, **used):
        among = self.lanes if state in (PEState.INTEGRATE, PEState.HOLD) else 1
        scale = {
            "plus": self._multiples(constant, among),
            "minus": self._multiples(-constant, among),
        }
        driven = {**self._noise(), **scale, **used, "state": state.value}
        driven["threshold"] &= (1 << POTENTIAL_BITS) - 1
        for name, value in driven.items():
            self.pins.set(name, value)
        await self.step()

    async def hold(self):
        """Hold, with noise on every other input."""
        await self._operate(PEState.HOLD)

    async def bias(self, code, b):
        """Load the bias."""
        await self._operate(PEState.BIAS, b, bias=code)
        self.neuron.bias(code, b)

    async def integrate(self, codes, a):
        """Integrate the weights of one cycle, a code for each of the first lanes."""
        weights = sum(code << k * WEIGHT_BITS for k, code in enumerate(codes))
        await self._operate(PEState.INTEGRATE, a, weights=weights)
        for code in codes:
            self.neuron.integrate(code, a)

    def random_codes(self):
        """A code for each lane."""
        return self.rng.choices(CODES, k=self.lanes)

    async def fire(self, threshold, code=ZERO, b=0):
        """Fire; returns whether the neuron must have."""
        await self._operate(PEState.FIRE, b, threshold=threshold, bias=code)
        self.neuron.fire(threshold, code, b)
        self.fired += self.neuron.spike
        return bool(self.neuron.spike)

    async def finish(self):
        for _ in range(3):
            await self.hold()


@scenario(PEBench)
async def from_power_on(bench):
    """Both registers start from 0. No reset touches them: this must be the first scenario."""
    bench.neuron.potential, bench.neuron.spike = 0, 0
    for _ in range(3):
        await bench.hold()


@scenario(PEBench)
async def every_operation(bench):
    """Each state with each code and the corners of the constants, out of each other state."""
    for code in CODES:
        for constant in (0, 1, CONSTANT_MAX):
            await bench.bias(code, constant)
            await bench.hold()
            await bench.integrate([code] * bench.lanes, constant)
            await bench.integrate([code], constant)
            await bench.hold()
            await bench.fire(0, code, constant)
            await bench.integrate([code] * bench.lanes, constant)
            await bench.fire(-1, code, constant)
            await bench.hold()


@scenario(PEBench)
async def random_timesteps(bench):
    """Timesteps of any length, constants that change between them, holds in between."""
    rng = bench.rng
    a, b = CONSTANT_MAX, CONSTANT_MAX
    await bench.bias(rng.choice(CODES), b)
    for _ in range(150):
        for _ in range(rng.choice([0, 1, 2, rng.randint(0, 60)])):
            await bench.integrate(bench.random_codes(), a)
            if rng.random() < 0.2:
                await bench.hold()
        threshold = bench.neuron.potential + rng.choice([-1, 0, 1, rng.randint(-500, 500)])
        b = rng.randint(0, CONSTANT_MAX)
        await bench.fire(threshold, rng.choice(CODES), b)
        a = rng.randint(0, CONSTANT_MAX)
        if rng.random() < 0.3:
            await bench.bias(rng.choice(CODES), rng.randint(0, CONSTANT_MAX))
    assert 20 < bench.fired < 130


@scenario(PEBench)
async def every_sum(bench):
    """Every combination of +1 and -1 in the lanes, in every lane."""
    for plus in range(bench.lanes + 1):
        for minus in range(bench.lanes + 1 - plus):
            codes = [PLUS] * plus + [MINUS] * minus + [ZERO] * (bench.lanes - plus - minus)
            for _ in range(3):
                bench.rng.shuffle(codes)
                await bench.bias(ZERO, 0)
                await bench.integrate(codes, CONSTANT_MAX)
                assert bench.neuron.potential == CONSTANT_MAX * (plus - minus)
                await bench.hold()


@scenario(PEBench)
async def random_operations(bench):
    """Any order of operations."""
    rng = bench.rng
    await bench.bias(PLUS, 1)
    for _ in range(1500):
        code, constant = rng.choice(CODES), rng.randint(0, CONSTANT_MAX)
        state = rng.choice(list(PEState))
        if state == PEState.HOLD:
            await bench.hold()
        elif state == PEState.BIAS:
            await bench.bias(code, constant)
        elif state == PEState.INTEGRATE:
            await bench.integrate(bench.random_codes(), constant)
        else:
            await bench.fire(bench.neuron.potential + rng.randint(-2, 2), code, constant)


@scenario(PEBench)
async def both_extremes(bench):
    """The largest and the smallest potential there is; the comparison is strict there too."""
    for code, sign in ((PLUS, 1), (MINUS, -1)):
        extreme = sign * (MOST_INPUTS * CONSTANT_MAX + CONSTANT_MAX)
        for threshold, fires in ((extreme, False), (extreme - 1, True)):
            await bench.bias(code, CONSTANT_MAX)
            for _ in range(MOST_INPUTS // bench.lanes):
                await bench.integrate([code] * bench.lanes, CONSTANT_MAX)
            assert bench.neuron.potential == extreme
            assert await bench.fire(threshold) is fires


@scenario(PEBench)
async def thresholds(bench):
    """Strictly above: not on the threshold, whatever the signs, and at the register's ends."""
    for potential in (-254, -127, -1, 0, 1, 127, 254):
        code, constant = (PLUS if potential > 0 else MINUS), abs(potential)
        for offset, fires in ((1, False), (0, False), (-1, True)):
            await bench.bias(code, constant // 2)
            await bench.integrate([code], constant - constant // 2)
            assert await bench.fire(potential + offset) is fires
        for threshold, fires in ((POTENTIAL_MAX, False), (POTENTIAL_MIN, True)):
            await bench.bias(code, constant // 2)
            await bench.integrate([code], constant - constant // 2)
            assert await bench.fire(threshold) is fires
