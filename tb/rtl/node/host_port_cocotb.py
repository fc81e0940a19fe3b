"""Testbench of the host's port: two senders share a router's port, and what comes is sorted.

Expected values are from docs/node.md: flits to the host are spike flits to 0.0.0 with ``to_host``
set, or answers. With ``to_host`` set a spike flit to another node is a multicast on its way.
"""

import collections

from tb.kit.bench import Bench, scenario
from trispike.models.mesh import flits
from trispike.models.mesh.flits import FLIT_BITS, MEMORY, SPIKE, Command, FlitType

_HOST, _NODE = 0, 1
_ORIGIN = range(MEMORY["content"].lowest, FLIT_BITS)
"""Bits of a flit, payload to this block, by one of which the bench knows a flit's sender again."""

_DESTINATION = SPIKE["x"].put(7) | SPIKE["y"].put(7) | SPIKE["z"].put(7)


class HostPortBench(Bench):
    """Host and node on one side, the router on the other."""

    def __init__(self, pins, rng):
        super().__init__(pins, rng)
        self.senders = [self.driver(name, FLIT_BITS) for name in ("host_i", "node_i")]
        self.router = self.driver("from_router", FLIT_BITS)
        self.merged = self.monitor("to_router", self._merged)
        self.due = {name: collections.deque() for name in ("host_o", "node_o")}
        self.receivers = {
            name: self.monitor(name, lambda flit, name=name: self._sorted(name, flit))
            for name in self.due
        }
        self.entered = [collections.deque(), collections.deque()]
        self.packets = []  # senders of the packets that the router was given, in order
        self.within = False  # more flits of the last packet follow
        self.mark, self.host_mark = rng.choice(_ORIGIN), rng.randint(0, 1)

    async def reset(self):
        """Reset the block."""
        for queue in (*self.due.values(), *self.entered):
            queue.clear()
        self.packets, self.within = [], False
        await super().reset()

    @property
    def done(self):
        """Everything was sent and has come."""
        return super().done and not any((*self.due.values(), *self.entered))

    def send(self, origin, length=1):
        """Queue a packet of ``length`` flits of the host or the node."""
        for k in range(length):
            flit = self.rng.getrandbits(FLIT_BITS) & ~(1 << self.mark)
            flit |= (origin ^ self.host_mark) << self.mark
            if length == 1:
                flit &= ~SPIKE["type"].put(1)
            else:
                flit |= MEMORY["type"].put(FlitType.MEMORY)
                flit &= ~MEMORY["command"].put(MEMORY["command"].mask)
                last = self.rng.choice([Command.DONE, Command.CORRUPTED, Command.CANCELLED])
                flit |= MEMORY["command"].put(Command.KEPT if k < length - 1 else last)
            self.senders[origin].send(flit, lambda flit=flit: self.entered[origin].append(flit))

    def _merged(self, flit):
        origin = flit >> self.mark & 1 ^ self.host_mark
        where = f"cycle {self.cycle}: {flits.text(flit)}"
        if self.within:
            assert origin == self.packets[-1], f"{where} within a packet of the other"
        else:
            self.packets.append(origin)
        self.within = not flits.ends_packet(flit)
        assert self.entered[origin], f"{where} was not sent"
        want = self.entered[origin].popleft()
        assert flit == want, f"{where}, expected {flits.text(want)}"

    def arrive(self, flit):
        """Queue a flit of the router."""
        if SPIKE["type"].get(flit) == FlitType.MEMORY:
            to_host = MEMORY["answer"].get(flit)
        else:
            to_host = SPIKE["to_host"].get(flit) and not flit & _DESTINATION
        self.due["host_o" if to_host else "node_o"].append(flit)
        self.router.send(flit)

    def _sorted(self, name, flit):
        where = f"cycle {self.cycle}: {name} got {flits.text(flit)}"
        assert self.due[name], f"{where}, expected nothing"
        want = self.due[name].popleft()
        assert flit == want, f"{where}, expected {flits.text(want)}"


_AT_HOST = dict.fromkeys("xyz", 0)


def _any(bench, **fields):
    """A flit to 0.0.0 with these ``fields``, and noise in the others."""
    layout = MEMORY if fields["type"] is FlitType.MEMORY else SPIKE
    fields = _AT_HOST | fields
    flit = bench.rng.getrandbits(FLIT_BITS)
    for name, value in fields.items():
        flit = flit & ~layout[name].put(layout[name].mask) | layout[name].put(int(value))
    return flit


@scenario(HostPortBench)
async def one_cycle_in(bench):
    """A flit of either, alone, is with the router a cycle later."""
    bench.stall(never=True)
    for origin in (_HOST, _NODE, _NODE, _HOST):
        bench.send(origin)
        await bench.drain()
        assert bench.merged.taken[-1] == bench.senders[origin].taken[-1] + 1


@scenario(HostPortBench)
async def every_cycle_in(bench):
    """One sender alone, and both, fill every cycle of the router."""
    bench.stall(never=True)
    for origins in ((_HOST,), (_NODE,), (_HOST, _NODE)):
        first = len(bench.merged.taken)
        for origin in origins:
            for length in (1, 1, 4, 1, 2):
                bench.send(origin, length)
        await bench.drain()
        taken = bench.merged.taken[first:]
        assert taken == list(range(taken[0], taken[0] + 9 * len(origins)))


@scenario(HostPortBench)
async def in_turn(bench):
    """With packets of both waiting they leave in turn, a packet each, however long."""
    for never in (True, False):
        bench.stall(never=never)
        for sender in bench.senders:
            sender.pace = 1.0
        first = len(bench.packets)
        for k in range(10):
            bench.send(_HOST, 1 + k % 3)
            bench.send(_NODE, 1 + k % 4)
        await bench.drain()
        packets = bench.packets[first:]
        assert packets[::2] == [packets[0]] * 10
        assert packets[1::2] == [1 - packets[0]] * 10


@scenario(HostPortBench)
async def back_pressure_in(bench):
    """While the router takes nothing, each sender gets rid of two flits and no more."""
    bench.stall(never=True)
    bench.merged.pace = 0.0
    for origin in (_HOST, _NODE):
        for _ in range(6):
            bench.send(origin)
    for _ in range(20):
        await bench.step()
    assert [len(sender.taken) for sender in bench.senders] == [2, 2]
    bench.merged.pace = 1.0
    await bench.drain()
    bench.merged.pace = 0.0
    for _ in range(2):  # the second one after a pause: there is room for it
        for sender in bench.senders:
            sender.taken.clear()
        bench.send(_HOST)
        bench.send(_NODE)
        for _ in range(6):
            await bench.step()
        assert [len(sender.taken) for sender in bench.senders] == [1, 1]
    bench.merged.pace = 1.0


@scenario(HostPortBench)
async def sorted_at_once(bench):
    """Spike flits to the host and answers go to the host, in the cycle in which they come."""
    bench.stall(never=True)
    for bit in (0, 1):
        for fields in (
            {"type": FlitType.SPIKE, "to_host": bit},
            {"type": FlitType.MEMORY, "answer": bit},
        ):
            for _ in range(8):
                bench.arrive(_any(bench, **fields))
                await bench.drain()
                name = "host_o" if bit else "node_o"
                assert bench.receivers[name].taken[-1] == bench.router.taken[-1]


@scenario(HostPortBench)
async def copies_are_the_nodes(bench):
    """Copies of multicasts that pass go to the node; of a memory flit their mark is content."""
    bench.stall(never=True)
    to_host = SPIKE["to_host"].put(1)
    for code in [0, *(1 << k for k in range(9)), 511]:
        to = flits.to_node(flits.coordinates(code))
        spike = _any(bench, type=FlitType.SPIKE, to_host=1, **to)
        memory = [_any(bench, type=FlitType.MEMORY, answer=bit, **to) for bit in (0, 1)]
        for flit in (spike, spike ^ to_host, *memory, *(each ^ to_host for each in memory)):
            bench.arrive(flit)
        await bench.drain()


@scenario(HostPortBench)
async def one_does_not_hold_up_the_other(bench):
    """Flits for one pass while the other takes nothing; its own wait."""
    for slow, bit in (("host_o", 0), ("node_o", 1)):
        bench.stall(never=True)
        bench.receivers[slow].pace = 0.0
        for _ in range(5):
            bench.arrive(_any(bench, type=FlitType.SPIKE, to_host=bit))
            bench.arrive(_any(bench, type=FlitType.MEMORY, answer=bit))
        await bench.drain()
        bench.arrive(_any(bench, type=FlitType.SPIKE, to_host=1 - bit))
        for _ in range(5):
            await bench.step()
        assert not bench.router.idle
        bench.receivers[slow].pace = 1.0
        await bench.drain()


@scenario(HostPortBench)
async def random_stalls(bench):
    """Both ways at once, any flits, stalls on all sides."""
    for _ in range(10):
        bench.stall()
        for _ in range(15):
            bench.send(bench.rng.choice([_HOST, _NODE]), bench.rng.randint(1, 4))
            flit = bench.rng.getrandbits(FLIT_BITS)
            bench.arrive(bench.rng.choice([flit, flit & ~_DESTINATION]))
        await bench.drain()


@scenario(HostPortBench)
async def reset_in_mid_flight(bench):
    """A reset forgets all flits, and every one after it passes."""
    for _ in range(20):
        bench.stall()
        for _ in range(4):
            bench.send(_HOST, bench.rng.randint(1, 3))
            bench.send(_NODE, bench.rng.randint(1, 3))
        for _ in range(bench.rng.randint(1, 12)):
            await bench.step()
        await bench.reset()
        bench.mark, bench.host_mark = bench.rng.choice(_ORIGIN), bench.rng.randint(0, 1)
        bench.stall()
        for _ in range(3):
            bench.send(_HOST)
            bench.send(_NODE, 2)
        await bench.drain()
