"""Scenarios of a node: a host and other nodes that keep, or break, the rules of docs/node.md."""

from tb.kit.bench import scenario
from tb.kit.node_bench import HERE, HOST_CODE, NodeBench, Sending
from trispike.models.mesh.flits import (
    MEMORY,
    SPIKE,
    Access,
    Command,
    Control,
    coordinates,
    from_node,
    pack,
)
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.memory_map import (
    ADDRESS_ENTRY,
    AER_ENTRY,
    LINE_WORDS,
    STATUS,
    WORD_BITS,
    Line,
)
from trispike.models.mesh.node_shape import BLOCK_ROWS, CREDITS
from trispike.models.mesh.transactions import Reason, read, write
from trispike.sim.cosim.cycles import Pace


@scenario(NodeBench)
async def memory_holds_everything(bench):
    """Every word that there is, written; many read back, single and in bursts."""
    for address, count in bench.everything():
        words = [bench.rng.getrandbits(WORD_BITS) for _ in range(count)]
        if address in (8 * Line.AER_LUT, 8 * Line.ADDRESS_LUT):  # nothing may be valid
            words = [word & ~1 for word in words]
        bench.write(address, words)
    await bench.drain()
    bench.stall()
    every = list(bench.everything())
    bench.rng.shuffle(every)
    for address, count in every[:30]:
        bench.read(address, count)
        await bench.drain()
        for _ in range(2):
            here = address + bench.rng.randrange(count)
            if bench.rng.random() < 0.5:
                bench.write(here, bench.rng.getrandbits(WORD_BITS) & ~1)
            bench.read(here)
        await bench.drain()
    bench.read(8 * Line.BIAS, len(bench.shape.layer.banks) * LINE_WORDS)
    bench.read(8 * Line.STATUS, LINE_WORDS)


@scenario(NodeBench)
async def answers_go_back(bench):
    """To whatever node has asked."""
    for code in [1 << k for k in range(9)] + [~(1 << k) & 511 for k in range(9)]:
        bench.asker = coordinates(code)
        bench.stall()
        bench.write(32, [bench.rng.getrandbits(WORD_BITS) for _ in range(2)])
        bench.read(32, 2)
        await bench.drain()


@scenario(NodeBench)
async def bursts_cross_lines(bench):
    """Bursts of any length from any word on."""
    banks = len(bench.shape.layer.banks)
    bench.stall(never=True)
    for row in range(bench.shape.inputs):
        bench.write(32 * row, [bench.rng.getrandbits(WORD_BITS) for _ in range(8 * banks)])
    await bench.drain()
    bench.stall()
    for _ in range(20):
        first = 32 * bench.rng.randrange(bench.shape.inputs) + bench.rng.randrange(8)
        count = bench.rng.randint(1, 8 * banks - first % 8)
        bench.write(first, [bench.rng.getrandbits(WORD_BITS) for _ in range(count)])
        await bench.drain()
        bench.read(first & ~7, 8 * banks)
        bench.read(first, count)
        await bench.drain()


@scenario(NodeBench)
async def a_word_a_cycle(bench):
    """A line more to write takes eight cycles for its words, and three to move it."""
    bench.stall(never=True)
    cycles = []
    for lines in (1, 2, 3):
        begun = bench.cycle
        words = [bench.rng.getrandbits(WORD_BITS) & ~1 for _ in range(lines * LINE_WORDS)]
        bench.write(8 * Line.CONSTANTS, words)
        await bench.drain()
        cycles.append(bench.cycle - begun)
    one, two, three = cycles
    assert two - one == three - two == LINE_WORDS + 3


@scenario(NodeBench)
async def addresses_that_do_not_exist(bench):
    """They are answered with an error, words before them are in order, and the node goes on."""
    bench.stall()
    shape = bench.shape
    banks = len(shape.layer.banks)
    bad = [
        *([32 * shape.inputs] if shape.inputs < 1024 else []),
        *([8 * banks, 8 * (Line.BIAS + banks)] if banks < 4 else []),
        8 * (Line.STATUS + 1),
        (1 << 17) - 1,
    ]
    for address in bad:
        bench.read(address)
        bench.read(address, 3)
        bench.write(address, 5)
        bench.write(address, [1, 2, 3])
        await bench.drain()
    for line in Line:
        for bit in range(14):  # not a line that there is but for one bit
            address = LINE_WORDS * (line ^ 1 << bit)
            if not bench.readable(address):
                bench.read(address, 2)
                bench.write(address, [1, 2])
        await bench.drain()
    bench.write(8 * Line.STATUS, 1)
    bench.write(8 * Line.ADDRESS_LUT + 6, [0, 0, 7, 8])
    bench.read(8 * Line.STATUS + 6, 4)
    for address in (32 * shape.inputs - 3, 8 * (Line.BIAS + banks) - 3):
        if banks < 4 or address < 8 * Line.BIAS:
            start = address - (4 - banks) * 8 if address < 8 * Line.BIAS else address
            bench.write(start, [bench.rng.getrandbits(16) for _ in range(6)])
            bench.read(start, 6)
            bench.read(start, 3)
    await bench.drain()
    bench.load()
    await bench.drain()
    bench.plan(2)
    await bench.run_steps()


@scenario(NodeBench)
async def transactions_that_are_none(bench):
    """Malformed and abandoned transactions are answered as such, and the node goes on."""
    bench.stall()
    good = {
        Access.SINGLE_READ: read(HERE, 32, host=HOST),
        Access.BURST_READ: read(HERE, 32, 2, host=HOST),
        Access.SINGLE_WRITE: write(HERE, 32, 7, host=HOST),
        Access.BURST_WRITE: write(HERE, 32, [7, 8, 9], host=HOST),
    }
    bench.write(32, [1, 2, 3, 4])
    for access, request in good.items():
        kept = [int(flit) | int(Command.KEPT) << 10 for flit in request]
        ends = [int(flit) & ~(3 << 10) for flit in request]
        for length in range(1, len(request) if access != Access.BURST_WRITE else 3):
            bench.send([*kept[: length - 1], ends[length - 1]])  # too short
            bench.expect_answer(access, reason=Reason.MALFORMED)
        for command in (Command.CORRUPTED, Command.CANCELLED):
            for length in range(1, len(request) + 1):
                last = ends[length - 1] | int(command) << 10
                bench.send([*kept[: length - 1], last])
                bench.expect_answer(access, reason=Reason.ABANDONED)
        if access != Access.BURST_WRITE:
            bench.send([*kept, kept[-1], ends[-1]])  # too long
            bench.expect_answer(access, reason=Reason.MALFORMED)
        await bench.drain()
    none = [int(flit) for flit in read(HERE, 32, 2, host=HOST)]
    none[-1] &= (1 << 15) - 1  # no word at all
    bench.send(none)
    bench.expect_answer(Access.BURST_READ, reason=Reason.MALFORMED)
    await bench.drain()
    bench.memory |= {32: 7, 33: 8}  # what came before the burst was given up was written
    bench.read(32, 4)


@scenario(NodeBench)
async def timesteps(bench):
    """Spikes of several sources and timesteps, mixed; credits come late or early."""
    for _ in range(3):
        bench.load()  # no reset: the next network begins with timestep 0 again
        await bench.drain()
        bench.stall()
        bench.plan(8)
        await bench.run_steps()


@scenario(NodeBench)
async def every_density(bench):
    """No spike, every spike, all neurons fire though some are not in use."""
    for threshold in (-(1 << 17), 0):
        await bench.reset()
        bench.load(threshold=threshold)
        await bench.drain()
        for density in (0.0, 1.0, 0.0):
            bench.plan(2, density)
        await bench.run_steps()


@scenario(NodeBench)
async def any_source(bench):
    """Credits go to sources of one bit, and of all but one."""
    bench.load()
    for k in range(18):
        await bench.drain()
        codes = [1 << (k + j) % 9 if k < 9 else 511 ^ 1 << (k + j) % 9 for j in range(9)]
        for source, code in zip(bench.sources, codes, strict=False):
            source.code, source.from_host = code, 0
            source.planned, source.credits = 0, CREDITS
        entries = [pack(AER_ENTRY, valid=1, source=s.code, block=s.block) for s in bench.sources]
        unused = bench.shape.sources - len(entries)
        bench.write(8 * Line.AER_LUT, entries + [0] * unused)
        bench.write_again(Line.ADDRESS_LUT)
        await bench.drain()
        bench.plan(1, 0.1)
        await bench.run_steps()


async def _send_from_now(bench, *table):
    """Write an address look-up table, and run more timesteps than there are credits."""
    bench.send_to(*table)
    bench.write_again(Line.AER_LUT)
    bench.sources[0].planned = 0
    await bench.drain()
    bench.plan(CREDITS + 1, 0.1)
    await bench.run_steps()


@scenario(NodeBench)
async def any_destination(bench):
    """Credits of nodes of one bit, and of all but one, count, be their flits multicasts or not."""
    bench.load()
    await bench.drain()
    others = bench.destinations[1:]
    for code in [1 << k for k in range(9)] + [511 ^ 1 << k for k in range(9)]:
        to = (code, 0)
        for multicasts in ((), (to,)):
            await _send_from_now(bench, [to, *(d for d in others if d != to)], multicasts)


@scenario(NodeBench)
async def copies_to_any(bench):
    """Of any entries: a multicast to one, of which each other one gets copies, or none."""
    bench.load()
    await bench.drain()
    nodes = [each for each in bench.destinations if each[0] != HOST_CODE] or [(1, 0)]
    for last in nodes:
        for copied in (nodes, *([each] for each in nodes)):
            carriers = {each: last for each in copied if each != last}
            await _send_from_now(bench, nodes, [last], carriers)


@scenario(NodeBench)
async def nobody_to_tell(bench):
    """Without a destination timesteps are taken, their sources get credits, and nothing leaves.

    Nor does it if all destinations would get copies; these take as many timesteps as credits.
    """
    bench.load()
    copied = bench.destinations
    bench.send_to([])
    await bench.drain()
    bench.plan(4, 0.5)
    await bench.run_steps()
    await _quiet(bench)
    bench.send_to(copied, carriers=dict.fromkeys(copied))
    bench.write_again(Line.AER_LUT)
    bench.sources[0].planned = 0
    await bench.drain()
    for _ in range(2):
        bench.plan(CREDITS, 0.5)
        bench.send(bench.take_planned())
        await bench.drain()
        await _quiet(bench)
        for destination in copied * CREDITS:
            bench.return_credit(*destination)


async def _quiet(bench):
    """Wait until the node has nothing more to do."""
    while not bench.shown["quiet"]:
        await bench.step()


@scenario(NodeBench)
async def waits_for_credits(bench):
    """Without credits from its destinations, or from one, a node sends two timesteps, no more."""
    bench.load()
    await bench.drain()
    bench.status = 0
    await _waits(bench)
    bench.send_to(*_COPIES)
    bench.write_again(Line.AER_LUT)
    bench.sources[0].planned = 0
    await bench.drain()
    await _waits(bench)


_COPIES = ((1, 0), (2, 0)), [(2, 0)], {(1, 0): (2, 0)}
"""What `NodeBench.send_to` takes: 1.0.0 gets copies of the multicasts to 2.0.0."""


async def _waits(bench):
    for silent in (bench.destinations, *([each] for each in bench.destinations)):
        bench.give_back = False
        bench.plan(5)
        for _ in range(1500):
            able = [s for s in bench.sources if s.may_send()]
            if able and bench.input.idle:
                bench.input.send(able[0].next())
            for credit in [each for each in bench.credits_owed_back if each not in silent]:
                bench.credits_owed_back.remove(credit)
                bench.return_credit(*credit)
            await bench.step()
        assert bench.shown["blocked"]
        assert not bench.shown["sending"]
        assert sorted(bench.credits_owed_back) == sorted(silent * CREDITS)
        bench.give_back = True
        await bench.run_steps()


@scenario(NodeBench)
async def requests_like_credits(bench):
    """A flit of memory is no credit, though it has all the bits of one but the type."""
    bench.load()
    await bench.drain()
    credit = {"control": 1, "neuron": int(Control.CREDIT)}
    for code in (1 << 2 | Access.BURST_READ >> 1, 1 << 2 | Access.BURST_WRITE >> 1):
        entry = pack(ADDRESS_ENTRY, valid=1, node=code)
        rest = [0] * (bench.shape.destinations - 1)
        bench.write(8 * Line.ADDRESS_LUT, [entry, *rest])
        await bench.drain()
        like = pack(SPIKE, **from_node(coordinates(code)), **credit) >> MEMORY["content"].lowest
        if code & 1:
            bench.write(0, [like, like])
        else:
            bench.read(like, 8)
        await bench.drain()
        for _ in range(4):
            await bench.step()


@scenario(NodeBench)
async def tables_bring_credits(bench):
    """A new address look-up table has all credits, whatever was spent with the old one."""
    bench.load()
    await bench.drain()
    bench.give_back = False
    for _ in range(2):
        bench.plan(CREDITS)
        bench.send(bench.take_planned())
        await bench.drain()
        bench.credits_owed_back.clear()
        for line in (Line.AER_LUT, Line.ADDRESS_LUT):
            bench.write_again(line)
        await bench.drain()
        bench.sources[0].planned = 0


@scenario(NodeBench)
async def memory_is_refused_at_work(bench):
    """While spikes are pending every transaction is refused; afterwards it is not."""
    bench.load()
    await bench.drain()
    for _ in range(3):
        await _refused_at_work(bench)


async def _refused_at_work(bench):
    """In one timestep."""
    bench.plan(1, 0.5)
    *first, last = bench.take_planned()
    assert first
    bench.send(first)
    bench.send(read(HERE, 32, host=HOST))
    bench.expect_answer(Access.SINGLE_READ, reason=Reason.AT_WORK)
    while bench.due["answers"]:
        await bench.step()
    bench.send(write(HERE, 32, [9] * 20, host=HOST))
    bench.expect_answer(Access.BURST_WRITE, reason=Reason.AT_WORK)
    while bench.due["answers"]:
        await bench.step()
    bench.input.send(last)
    await bench.drain()
    bench.return_credits()
    await bench.drain()
    for _ in range(3):
        await bench.step()
    bench.read(32, 8)
    await bench.drain()


@scenario(NodeBench)
async def spikes_pass_a_slave_at_work(bench):
    """Spikes are taken, more than buffers hold, though an answer waits for the network."""
    bench.load()
    await bench.drain()
    bench.read(0, LINE_WORDS)
    while not bench.input.idle:
        await bench.step()
    bench.output.pace = 0.0
    bench.plan(1, 1.0)
    bench.send(bench.take_planned())
    for _ in range(3 * BLOCK_ROWS * len(bench.sources)):
        await bench.step()
    assert bench.input.idle
    bench.output.pace = 1.0
    await bench.run_steps()


@scenario(NodeBench)
async def overdrawn_by_any(bench):
    """A credit too many of each destination: one that gets copies, the host by any entry."""
    bench.load()
    await bench.drain()
    nodes = [(code, 0) for code in range(1, bench.shape.destinations)]
    hosts = [([*nodes[:k], (HOST_CODE, 1), *nodes[k:]],) for k in range(len(nodes) + 1)]
    for table in ((bench.destinations, bench.multicasts, bench.carriers), _COPIES, *hosts):
        bench.send_to(*table)
        await bench.drain()
        for destination in bench.destinations:
            await bench.reset()
            bench.status = STATUS["overdrawn"].put(1)
            bench.return_credit(*destination)
            await bench.drain()
            for _ in range(4):
                await bench.step()
            assert bench.shown["status"] == bench.status


@scenario(NodeBench)
async def credits_of_others(bench):
    """A credit of no destination changes nothing, though an entry out of use names its sender."""
    for _ in range(4):
        bench.load()
        await bench.drain()
        known = set(bench.destinations)
        others = [(code, 1 - host) for code, host in bench.destinations]
        others += [(code ^ 1 << bench.rng.randrange(9), host) for code, host in known]
        bench.send_to(bench.destinations[:1])
        await bench.drain()
        for other in {*others, *known} - set(bench.destinations):
            bench.return_credit(*other)
        await bench.drain()
        bench.plan(8, 0.1)  # whole images, as the next network carries nothing of this one
        await bench.run_steps()


@scenario(NodeBench)
async def spikes_during_an_answer(bench):
    """A timestep that comes while memory is read waits for the end of that, and loses nothing."""
    bench.load()
    await bench.drain()
    for _ in range(3):
        bench.read(0, 8 * len(bench.shape.layer.banks))
        bench.read(8 * Line.BIAS, 8 * len(bench.shape.layer.banks))
        await bench.drain()
        bench.output.pace = 0.1
        bench.read(8 * Line.CONSTANTS, 4 * LINE_WORDS)
        bench.plan(1, 0.2)
        await bench.run_steps()


@scenario(NodeBench)
async def spikes_behind_requests(bench):
    """A timestep's flits right behind those of a request of each kind: no flit counts twice."""
    bench.load()
    await bench.drain()
    row = [bench.memory.get(32 + k, 0) for k in range(5)]
    requests = (
        lambda: bench.read(32),
        lambda: bench.write(32, row[0]),
        lambda: bench.read(32, len(row)),
        lambda: bench.write(32, row),
    )
    for request in requests * 2:
        request()
        bench.plan(1, 0.1)
        bench.send(bench.take_planned())
        await bench.run_steps()


@scenario(NodeBench)
async def broken_rules_are_seen(bench):
    """A flit that breaks the rules changes nothing but the status."""
    bench.load()
    await bench.drain()
    bench.stall()
    source = bench.sources[0]
    end = {"control": 1, "neuron": int(Control.END)}
    known = {each.code for each in bench.sources if not each.from_host}
    unknown = [min(set(range(9)) - known), *bench.strangers]
    beyond = bench.shape.inputs - BLOCK_ROWS * source.block
    bad = {
        "refused": [
            *(Sending(code=code, from_host=0, block=0).flit(0, neuron=1) for code in unknown),
            source.flit(0, control=1, neuron=2),
            source.flit(0, neuron=beyond),
        ],
        "early": [source.flit(2, neuron=1), source.flit(3, **end)],
        "overdrawn": [],
    }
    seen = 0
    for name, some in bad.items():
        seen |= STATUS[name].put(len(some) if name == "refused" else 1)
        bench.status = seen
        for flit in some:
            bench.input.send(flit)
        if name == "overdrawn":
            bench.return_credit(*bench.destinations[0])
        await bench.drain()
        for _ in range(4):
            await bench.step()
        assert bench.shown["status"] == seen, f"{name}: {bench.shown}"
    bench.plan(1, 0.4)
    others = [flit for s in bench.sources[1:] for flit in s.later]
    for flit in source.later:
        bench.input.send(flit)
    if others:  # the timestep is still open
        bench.status = seen | STATUS["late"].put(1) | STATUS["twice"].put(1)
        bench.input.send(source.flit(0, neuron=3))
        bench.input.send(source.flit(0, **end))
        for flit in others:
            bench.input.send(flit)
    await bench.drain()
    for _ in range(4):
        await bench.step()
    assert bench.shown["status"] == bench.status
    bench.memory |= {8 * Line.STATUS: len(bad["refused"]), 8 * Line.STATUS + 1: bench.status >> 16}
    bench.read(8 * Line.STATUS, 2)


@scenario(NodeBench)
async def latency(bench):
    """From the last end to the first flit, with N spikes: N + 8 cycles, more if a bias follows."""
    for density in (0.0, 1.0):
        await bench.reset()
        bench.load(threshold=-(1 << 17), neurons=1)
        await bench.drain()
        bench.memory.clear()
        bench.send_to(bench.destinations[:1])
        await bench.drain()
        bench.plan(1, density)
        later = bench.take_planned()
        bench.send(later)
        count = len(later) - len(bench.sources)
        (first, end) = bench.due["spike", *bench.destinations[0]]
        await bench.drain()
        before = Pace.of(bench.shape.layer).before
        assert bench.times[first] - bench.input.taken[-1] == count + 8 + before
        assert bench.times[end] == bench.times[first] + 1
