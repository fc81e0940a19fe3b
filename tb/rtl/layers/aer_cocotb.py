"""Testbench of the AER encoder."""

from tb.kit.bench import Bench, scenario, unpack
from tb.kit.oracles import ones, random_vector
from trispike.rtl.layers.aer import event_layout


class AERBench(Bench):
    """Sends spike vectors and compares the events, and the state of both handshakes each cycle."""

    def __init__(self, pins, rng, *, inputs):
        super().__init__(pins, rng)
        self.inputs = inputs
        self.input = self.driver("i", inputs)
        self.output = self.monitor("o", self._receive)

    def _receive(self, payload):
        self.compare(unpack(event_layout(self.inputs), payload))

    def send(self, vector):
        """Queue a spike vector."""
        events = [{"address": address, "end": 0} for address in ones(vector)]
        events.append({"address": 0, "end": 1})
        self.input.send(vector, lambda: self.expected.extend(events))

    def watch(self):
        open_ = bool(self.expected)
        assert self.pins.get("busy") == open_, f"cycle {self.cycle}: busy"
        assert self.pins.get("o__valid") == open_, f"cycle {self.cycle}: a bubble in the events"
        # The next vector goes in as soon as only one `end` event is left.
        assert self.pins.get("i__ready") == (len(self.expected) <= 1), (
            f"cycle {self.cycle}: {len(self.expected)} events are left"
        )

    async def run_unstalled(self, vectors):
        """Send ``vectors`` back to back: N + 1 cycles each, the first event one cycle later."""
        self.stall(never=True)
        sent, received = len(self.input.taken), len(self.output.taken)
        for vector in vectors:
            self.send(vector)
        await self.drain()
        taken, events = self.input.taken[sent:], self.output.taken[received:]
        at = taken[0]
        assert events == list(range(at + 1, at + 1 + len(events)))
        for vector, cycle in zip(vectors, taken, strict=True):
            assert cycle == at
            at += len(ones(vector)) + 1

    @property
    def full(self):
        """All neurons spike."""
        return (1 << self.inputs) - 1


@scenario(AERBench)
async def silence(bench):
    """Vectors without spikes are one `end` event each."""
    await bench.run_unstalled([0] * 5)


@scenario(AERBench)
async def everything(bench):
    """All neurons spike, between silent vectors and twice in a row."""
    await bench.run_unstalled([0, bench.full, bench.full, 0, 0, bench.full])


@scenario(AERBench)
async def single_spikes(bench):
    """One spike at every position; of large encoders, at both ends of every 8 neurons."""
    every = range(bench.inputs)
    positions = every if bench.inputs <= 256 else [k for k in every if k % 8 in (0, 7)]
    await bench.run_unstalled([1 << k for k in positions])


@scenario(AERBench)
async def all_but_one(bench):
    """One silent neuron, and spikes at the ends alone."""
    gaps = {0, bench.inputs // 2, bench.inputs - 1}
    await bench.run_unstalled([*(bench.full & ~(1 << k) for k in gaps), 1 | 1 << bench.inputs - 1])


@scenario(AERBench)
async def random_back_to_back(bench):
    """Any vectors without stalls: to the cycle."""
    await bench.run_unstalled([random_vector(bench.rng, bench.inputs) for _ in range(12)])


@scenario(AERBench)
async def random_stalls(bench):
    """Any vectors, stalls on both sides."""
    for _ in range(60 if bench.inputs < 256 else 5):
        bench.stall()
        for _ in range(3):
            bench.send(random_vector(bench.rng, bench.inputs))
        await bench.drain()


@scenario(AERBench)
async def reset_in_mid_flight(bench):
    """A reset forgets everything that was at work, wherever it comes."""
    interrupted = 0
    for _ in range(12):
        bench.stall()
        for _ in range(4):
            bench.send(random_vector(bench.rng, bench.inputs) | 1)
        for _ in range(bench.rng.randint(1, 30)):
            await bench.step()
        interrupted += bool(bench.expected)
        await bench.reset()
    assert interrupted > 3
    await bench.run_unstalled([random_vector(bench.rng, bench.inputs) for _ in range(3)])
