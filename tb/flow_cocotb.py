"""Testbench of the flow controller: it plays the bank and one neuron itself."""

from rtl.aer import event_layout
from rtl.pe import PEState
from rtl.program import pack
from tb.bench import Bench, scenario, unpack
from tb.oracles import Neuron

WEIGHTS = {0b00: 0, 0b01: 1, 0b11: -1}
PLUS = 0b01


class FlowBench(Bench):
    """Sends timesteps as events, obeys ``read`` and ``state``, and checks with what it fires.

    Bias, a and b are 1; ``expected`` holds the potentials of the timesteps that were ended.
    """

    def __init__(self, pins, rng, *, inputs):
        super().__init__(pins, rng)
        self.layout = event_layout(inputs)
        self.events = self.driver("events", self.layout.size)
        self.rows = [rng.choice(list(WEIGHTS)) for _ in range(1 << self.layout["address"].width)]
        self.shown = 0b00  # by the bank
        self.neuron = Neuron()
        self.sum: int | None = None  # of the timestep whose events come; None between timesteps
        self.offered = False  # an output vector waits to be taken
        self.ready = False
        self.pace = 1.0
        self.waits = 0

    def send(self, addresses):
        """Queue one timestep."""
        for address in addresses:
            self.events.send(pack(self.layout, address=address), lambda a=address: self._spike(a))
        self.events.send(pack(self.layout, end=1), self._end)

    def _spike(self, address):
        self.sum = (1 if self.sum is None else self.sum) + WEIGHTS[self.rows[address]]

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
        if state == PEState.FIRE:
            self.compare(self.neuron.potential)
            self.neuron.bias(PLUS, 1)
        elif state == PEState.BIAS:
            self.neuron.bias(PLUS, 1)
        elif state == PEState.INTEGRATE:
            self.neuron.integrate(self.shown, 1)
        event = unpack(self.layout, self.pins.get("events__payload"))
        reads = self.pins.get("events__valid") and not event["end"] and not waits
        assert self.pins.get("read") == reads, f"cycle {self.cycle}: read"
        if reads:
            self.shown = self.rows[event["address"]]
        self.offered = fires or (self.offered and not self.ready)

    async def step(self):
        self.ready = self.rng.random() < self.pace
        self.pins.set("ready", int(self.ready))
        await super().step()

    async def reset(self):
        self.neuron, self.sum, self.offered = Neuron(), None, False
        await super().reset()

    def stall_both(self):
        """Choose at random how often the events pause and the output vector waits."""
        self.stall()
        self.pace = self.rng.choice([1.0, 0.8, 0.4, 0.1])

    def send_random(self):
        """Queue a random timestep, often an empty one."""
        self.send(self.rng.choices(range(len(self.rows)), k=self.rng.choice([0, 0, 1, 2, 12])))


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
