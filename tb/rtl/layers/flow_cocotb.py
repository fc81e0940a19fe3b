"""Testbench of the flow controller: it plays the banks and one neuron itself."""

from tb.kit.bench import Bench, scenario, unpack
from tb.kit.oracles import Neuron
from trispike.rtl.chip.program import pack
from trispike.rtl.layers.lanes import spikes_layout
from trispike.rtl.neuron.pe import PEState

WEIGHTS = {0b00: 0, 0b01: 1, 0b11: -1}
PLUS = 0b01


class FlowBench(Bench):
    """Sends timesteps cycle by cycle, obeys ``read`` and ``state``, and checks with what it fires.

    Bias, a and b are 1; ``expected`` holds the potentials of the timesteps that were ended.
    """

    def __init__(self, pins, rng, *, inputs, lanes):
        super().__init__(pins, rng)
        self.layout = spikes_layout(inputs, lanes)
        self.lanes = lanes
        self.address_bits = self.layout["addresses"].width // lanes
        self.events = self.driver("events", self.layout.size)
        self.rows = [
            [rng.choice(list(WEIGHTS)) for _ in range(1 << self.address_bits)] for _ in range(lanes)
        ]
        self.shown = []  # by the banks that were read
        self.neuron = Neuron()
        self.sum: int | None = None  # of the timestep whose events come; None between timesteps
        self.offered = False  # an output vector waits to be taken
        self.ready = False
        self.pace = 1.0
        self.waits = 0

    def send(self, timestep):
        """Queue one timestep: for each cycle the address in each lane, None without a spike."""
        for addresses in timestep:
            word = sum((a or 0) << k * self.address_bits for k, a in enumerate(addresses))
            spikes = sum((a is not None) << k for k, a in enumerate(addresses))
            payload = pack(self.layout, addresses=word, spikes=spikes)
            self.events.send(payload, lambda a=addresses: self._spike(a))
        self.events.send(pack(self.layout), self._end)

    def _weights(self, addresses):
        pairs = zip(self.rows, addresses, strict=True)
        return [row[address] for row, address in pairs if address is not None]

    def _spike(self, addresses):
        came = sum(WEIGHTS[code] for code in self._weights(addresses))
        self.sum = (1 if self.sum is None else self.sum) + came

    def _end(self):
        self.expected.append(1 if self.sum is None else self.sum)
        self.sum = None

    def watch(self):
        waits = bool(self.expected) and self.offered and not self.ready
        fires = bool(self.expected) and not waits
        self.waits += waits
        state = PEState(self.pins.get("state"))
        got = [self.pins.get(name) for name in ("busy", "valid", "events__ready")]
        want = [self.sum is not None or bool(self.expected), self.offered, not waits]
        assert got == want, f"cycle {self.cycle}: busy, valid, events.ready"
        assert (state == PEState.FIRE) == fires, f"cycle {self.cycle}: {state}"
        adds = bool(self.shown)
        assert (state == PEState.INTEGRATE) == adds, f"cycle {self.cycle}: {state}"
        if state == PEState.FIRE:
            self.compare(self.neuron.potential)
            self.neuron.bias(PLUS, 1)
        elif state == PEState.BIAS:
            assert self.neuron.potential is None, f"cycle {self.cycle}: PEs have their bias already"
            self.neuron.bias(PLUS, 1)
        elif state == PEState.INTEGRATE:
            for code in self.shown:
                self.neuron.integrate(code, 1)
        event = unpack(self.layout, self.pins.get("events__payload"))
        reads = event["spikes"] if self.pins.get("events__valid") and not waits else 0
        assert self.pins.get("read") == reads, f"cycle {self.cycle}: read"
        mask = (1 << self.address_bits) - 1
        self.shown = self._weights(
            [
                event["addresses"] >> k * self.address_bits & mask if reads >> k & 1 else None
                for k in range(self.lanes)
            ]
        )
        self.offered = fires or (self.offered and not self.ready)

    async def step(self):
        self.ready = self.rng.random() < self.pace
        self.pins.set("ready", int(self.ready))
        await super().step()

    async def reset(self):
        self.neuron, self.sum, self.offered, self.shown = Neuron(), None, False, []
        await super().reset()

    async def reload(self):
        """Between timesteps, PEs get to start from something else than they hold."""
        self.pins.set("reload", 1)
        await self.step()
        self.pins.set("reload", 0)
        self.neuron = Neuron()

    def stall_both(self):
        """Choose at random how often the events pause and the output vector waits."""
        self.stall()
        self.pace = self.rng.choice([1.0, 0.8, 0.4, 0.1])

    def send_random(self):
        """Queue a random timestep, often an empty one."""
        rng = self.rng
        timestep = []
        for _ in range(rng.choice([0, 0, 1, 2, 12])):
            spikes = rng.randrange(1, 1 << self.lanes)
            addresses = [rng.randrange(1 << self.address_bits) for _ in range(self.lanes)]
            timestep.append([a if spikes >> k & 1 else None for k, a in enumerate(addresses)])
        self.send(timestep)


@scenario(FlowBench)
async def random_timesteps(bench):
    """Events with pauses between them, output vectors that wait."""
    for _ in range(60):
        bench.stall_both()
        for _ in range(6):
            bench.send_random()
        await bench.drain()
    assert bench.waits


@scenario(FlowBench)
async def another_bias(bench):
    """It is loaded once, in time for a timestep that is taken in the cycle that changes it."""
    for _ in range(60):
        bench.stall_both()
        bench.send_random()
        await bench.drain()
        for _ in range(bench.rng.randint(0, 2)):
            await bench.reload()
            for _ in range(bench.rng.randint(0, 3)):
                await bench.step()


@scenario(FlowBench)
async def reset_in_mid_flight(bench):
    """Nothing of before a reset is left, wherever it comes."""
    for _ in range(60):
        bench.stall_both()
        for _ in range(4):
            bench.send_random()
        for _ in range(bench.rng.randint(1, 15)):
            await bench.step()
        await bench.reset()
        bench.send_random()
        for _ in range(bench.rng.randint(0, 4)):
            await bench.step()
