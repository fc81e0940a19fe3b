"""Testbench of the encoder of several lanes."""

from tb.kit.bench import Bench, scenario, unpack
from tb.kit.oracles import busiest_lane, ones, random_vector
from trispike.rtl.layers.lanes import spikes_layout


class LanesBench(Bench):
    """Sends spike vectors; compares what each lane gives in each cycle, and both handshakes."""

    def __init__(self, pins, rng, *, inputs, lanes):
        super().__init__(pins, rng)
        self.inputs, self.lanes = inputs, lanes
        self.layout = spikes_layout(inputs, lanes)
        self.input = self.driver("i", inputs)
        self.output = self.monitor("o", self._receive)

    def _receive(self, payload):
        fields = unpack(self.layout, payload)
        width = self.layout["addresses"].width // self.lanes
        got = {}
        for lane in range(self.lanes):
            address = fields["addresses"] >> lane * width & ((1 << width) - 1)
            if fields["spikes"] >> lane & 1:
                got[lane] = address * self.lanes + lane
            else:
                assert address == 0, f"cycle {self.cycle}: lane {lane} has no spike but an address"
        self.compare(got)

    def send(self, vector):
        """Queue a spike vector."""
        spikes = [[k for k in ones(vector) if k % self.lanes == n] for n in range(self.lanes)]
        cycles = [
            {lane: queue[t] for lane, queue in enumerate(spikes) if t < len(queue)}
            for t in range(busiest_lane(vector, self.lanes) + 1)
        ]
        self.input.send(vector, lambda: self.expected.extend(cycles))

    def watch(self):
        open_ = bool(self.expected)
        assert self.pins.get("busy") == open_, f"cycle {self.cycle}: busy"
        assert self.pins.get("o__valid") == open_, f"cycle {self.cycle}: a bubble in the spikes"
        # The next vector goes in as soon as only the end of this one is left.
        assert self.pins.get("i__ready") == (len(self.expected) <= 1), (
            f"cycle {self.cycle}: {len(self.expected)} payloads are left"
        )


@scenario(LanesBench)
async def unstalled(bench):
    """Back to back: as many cycles as the busiest lane has spikes, and one."""
    full = (1 << bench.inputs) - 1
    one_lane = sum(1 << k for k in range(0, bench.inputs, bench.lanes))
    vectors = [0, full, 0, 0, one_lane, full, full, one_lane << bench.lanes - 1 & full]
    vectors += [1 << k for k in range(min(bench.inputs, 40))]
    vectors += [random_vector(bench.rng, bench.inputs) for _ in range(12)]
    bench.stall(never=True)
    for vector in vectors:
        bench.send(vector)
    await bench.drain()
    at = bench.input.taken[0]
    for vector, cycle in zip(vectors, bench.input.taken, strict=True):
        assert cycle == at
        at += busiest_lane(vector, bench.lanes) + 1


@scenario(LanesBench)
async def one_lane_alone(bench):
    """Each lane has spikes when the others have none, and the others when it has none."""
    full = (1 << bench.inputs) - 1
    for lane in range(bench.lanes):
        alone = sum(1 << k for k in range(lane, bench.inputs, bench.lanes))
        for never in (True, False):
            bench.stall(never=never)
            for vector in (alone, full & ~alone, alone, 0):
                bench.send(vector)
            await bench.drain()


@scenario(LanesBench)
async def random_stalls(bench):
    """Any vectors, stalls on both sides."""
    for _ in range(60 if bench.inputs < 256 else 8):
        bench.stall()
        for _ in range(3):
            bench.send(random_vector(bench.rng, bench.inputs))
        await bench.drain()


@scenario(LanesBench)
async def reset_in_mid_flight(bench):
    """A reset forgets everything that was at work, in every lane."""
    interrupted = 0
    for _ in range(12):
        bench.stall()
        for _ in range(6):
            bench.send(random_vector(bench.rng, bench.inputs) | 1)
        for _ in range(bench.rng.randint(1, 8)):
            await bench.step()
        interrupted += bool(bench.expected)
        await bench.reset()
        bench.stall()
        bench.send(random_vector(bench.rng, bench.inputs))
        await bench.drain()
    assert interrupted > 3
