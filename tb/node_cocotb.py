"""Testbench of a node: a host and other nodes that keep, or break, the rules of docs/node.md."""

import collections

import numpy as np

import golden
from models import flits
from models.flits import (
    HEAD,
    MEMORY,
    SPIKE,
    Access,
    Command,
    Control,
    FlitType,
    coordinates,
    from_node,
    node_code,
    pack,
    to_node,
)
from models.mapping import HOST
from models.node import (
    ADDRESS_ENTRY,
    AER_ENTRY,
    BLOCK_ROWS,
    CONSTANTS,
    CREDITS,
    LINE_WORDS,
    NEURONS,
    STATUS,
    WORD_BITS,
    Line,
    NodeShape,
    Reason,
)
from models.transactions import read, write
from tb.bench import Bench, scenario
from tb.oracles import random_layer

HERE = (3, 1, 6)
HOST_CODE = node_code(HOST)
_MASK = (1 << WORD_BITS) - 1


class NodeBench(Bench):
    """Keeps its own copy of the node's memory, and what has to come out of it.

    Flits of a destination, credits of a source, and answers each have to come in order; how they
    mix is the node's affair, but for answers, whose flits stay together.
    """

    limit = 60_000

    def __init__(self, pins, rng, *, inputs, neurons, sources, destinations):
        super().__init__(pins, rng)
        self.shape = NodeShape(
            inputs=inputs, neurons=neurons, sources=sources, destinations=destinations
        )
        self.input = self.driver("i", flits.FLIT_BITS)
        self.output = self.monitor("o", self.receive)
        self.memory: dict[int, int] = {}
        self.due: dict[object, collections.deque[int]] = collections.defaultdict(collections.deque)
        self.sources: list[Sending] = []
        self.destinations: list[tuple[int, int]] = []
        self.layer = None
        self.open_answer = False
        self.times: dict[int, int] = {}  # last cycle in which each flit left
        self.credits_owed_back: list[tuple[int, int]] = []
        self.give_back = True
        self.status = 0
        self.shown: dict[str, int] = {}
        pins.set("here", node_code(HERE))

    async def reset(self):
        await super().reset()
        self.due.clear()

    @property
    def done(self):
        return all(driver.idle for driver in self.drivers) and not any(self.due.values())

    def watch(self):
        names = ("quiet", "computing", "sending", "blocked", "status")
        self.shown = {name: self.pins.get(name) for name in names}
        refused = STATUS["refused"]
        broken = (self.shown["status"] & ~self.status) >> refused.width
        fewer = refused.get(self.shown["status"]) <= refused.get(self.status)
        assert fewer, f"cycle {self.cycle}: {self.shown}"
        assert not broken, f"cycle {self.cycle}: {self.shown}"
        if self.open_answer and len(self.due["answers"]) > 2:  # the others have left the slave
            assert not self.shown["computing"], f"cycle {self.cycle}: works amid a transaction"
        if self.shown["quiet"]:
            assert not self.pins.get("o__valid"), f"cycle {self.cycle}: quiet, and a flit leaves"
            others = [self.shown[name] for name in names[1:4]]
            assert not any(others), f"cycle {self.cycle}: {self.shown}"
            answered = not (self.input.idle and self.due["answers"])
            assert answered, f"cycle {self.cycle}: quiet, and an answer is due"

    def receive(self, flit):
        """A flit has left the node."""
        values = {name: field.get(flit) for name, field in flits.layout(flit).items()}
        to = node_code((values["x"], values["y"], values["z"]))
        if values["type"] == FlitType.MEMORY:
            key = "answers"
            self.open_answer = values["command"] == Command.KEPT
        else:
            assert not self.open_answer, f"cycle {self.cycle}: a spike in the middle of an answer"
            credit = values["control"] and values["neuron"] == Control.CREDIT
            key = ("credit" if credit else "spike", to, values["to_host"])
        self.times[flit] = self.cycle
        want = self.due[key]
        assert want, f"cycle {self.cycle}: unexpected {flits.text(flit)}"
        first = want.popleft()
        assert flit == first, (
            f"cycle {self.cycle}: got {flits.text(flit)}, expected {flits.text(first)}"
        )
        if key[0] == "spike" and values["control"]:
            self.credits_owed_back.append((to, values["to_host"]))
        if key[0] == "credit":
            source = self._source(to, values["to_host"])
            source.credits += 1
            source.received += 1

    def _source(self, code, is_host):
        """The sender that a credit is for: of the host's virtual nodes the one that had fewest."""
        mine = [s for s in self.sources if s.from_host == is_host and (is_host or s.code == code)]
        return min(mine, key=lambda s: s.received)

    # Memory

    def send(self, request):
        """Queue the flits of a request."""
        for flit in request:
            self.input.send(int(flit))

    def expect_answer(self, access, words=(), reason=Reason.NONE):
        """The answer of the request that was queued last."""
        status = {Reason.NONE: Command.DONE, Reason.MALFORMED: Command.CORRUPTED}
        common = {"type": FlitType.MEMORY, **to_node(HOST), "access": int(access), "answer": 1}
        head = pack(HEAD, **from_node(HERE)) >> MEMORY["content"].lowest
        for content in (head, *words):
            flit = pack(MEMORY, **common, command=int(Command.KEPT), content=int(content))
            self.due["answers"].append(flit)
        last = int(status.get(reason, Command.CANCELLED))
        self.due["answers"].append(pack(MEMORY, **common, command=last, content=int(reason)))

    def readable(self, address):
        """Whether there is a word at ``address``."""
        return self.shape.has_line(address // LINE_WORDS)

    def writable(self, address):
        """Whether it can be written."""
        return self.readable(address) and address // LINE_WORDS != Line.STATUS

    def write(self, address, words):
        """Queue a write of a word or of a list of them, and its answer."""
        single = isinstance(words, int)
        self.send(write(HERE, address, words, host=HOST))
        for k, word in enumerate([words] if single else words):
            if not self.writable(address + k):
                reason = Reason.NO_SUCH_ADDRESS
                break
            self.memory[address + k] = int(word) & self.bits(address + k)
        else:
            reason = Reason.NONE
        access = Access.SINGLE_WRITE if single else Access.BURST_WRITE
        self.expect_answer(access, reason=reason)

    def read(self, address, count=None):
        """Queue a read of a word, or of ``count``, and its answer."""
        self.send(read(HERE, address, count, host=HOST))
        words = []
        for k in range(count or 1):
            if not self.readable(address + k):
                break
            words.append(self.memory.get(address + k, 0))
        reason = Reason.NONE if len(words) == (count or 1) else Reason.NO_SUCH_ADDRESS
        access = Access.SINGLE_READ if count is None else Access.BURST_READ
        self.expect_answer(access, words, reason)

    def bits(self, address):
        """Bits that the word at ``address`` has."""
        line, word = divmod(address, LINE_WORDS)
        if line < Line.CONSTANTS:
            bank = self.shape.layer.banks[line % 4]
            return _MASK if word < 2 * bank.neurons // WORD_BITS else 0
        fields, table = {
            Line.CONSTANTS: (CONSTANTS, 0),
            Line.NEURONS: (NEURONS, 0),
            Line.AER_LUT: (AER_ENTRY, self.shape.sources),
            Line.ADDRESS_LUT: (ADDRESS_ENTRY, self.shape.destinations),
        }[line]
        width = sum(field.width for field in fields.values())
        if table:
            return (1 << width) - 1 if word < table else 0
        return ((1 << width) - 1) >> WORD_BITS * word & _MASK

    def everything(self):
        """First address and length of each run of words that there are."""
        width = len(self.shape.layer.banks) * LINE_WORDS
        yield from ((32 * row, width) for row in range(self.shape.inputs))
        yield 8 * Line.BIAS, width
        yield 8 * Line.CONSTANTS, 4 * LINE_WORDS

    # Timesteps

    def load(self, *, threshold=None, neurons=None):
        """Queue random weights and look-up tables; nothing stalls until `stall` is called."""
        shape, rng = self.shape, self.rng
        self.stall(never=True)
        self.layer = random_layer(rng, shape.inputs, shape.neurons)
        if threshold is not None:
            object.__setattr__(self.layer, "threshold", threshold)
        self.neurons = neurons or rng.randint(1, shape.neurons)
        codes = rng.sample(range(1, 512), shape.sources + shape.destinations)
        blocks = list(range(shape.inputs // BLOCK_ROWS))
        rng.shuffle(blocks)
        count = rng.randint(1, min(len(blocks), shape.sources))
        self.sources = [
            Sending(code=codes[k] & 7 if host else codes[k], from_host=host, block=blocks[k])
            for k, host in enumerate(rng.choice([0, 1]) for _ in range(count))
        ]
        hosts = [s for s in self.sources if s.from_host]
        for k, source in enumerate(hosts):
            source.code = k
        for other, host in zip((s for s in self.sources if not s.from_host), hosts, strict=False):
            other.code = host.code  # a node of a virtual node's number is another one
        to = rng.randint(1, shape.destinations)
        self.destinations = [(code, 0) for code in codes[-to:]]
        if rng.random() < 0.7:
            self.destinations[0] = (HOST_CODE, 1)
            if to > 1:
                self.destinations[1] = (HOST_CODE, 0)  # the node beside it is another one
        for row in range(shape.inputs):
            self.write(32 * row, _codes(self.layer.weights[row], len(shape.layer.banks)))
        self.write(8 * Line.BIAS, _codes(self.layer.bias, len(shape.layer.banks)))
        layer = self.layer
        constants = pack(CONSTANTS, a=layer.a, b=layer.b, threshold=layer.threshold)
        self.write(8 * Line.CONSTANTS, [constants >> 16 * k & _MASK for k in range(3)])
        self.write(8 * Line.NEURONS, self.neurons)
        entries = [
            pack(AER_ENTRY, valid=1, from_host=s.from_host, source=s.code, block=s.block)
            for s in self.sources
        ]
        self.write(8 * Line.AER_LUT, entries + [0] * (shape.sources - count))
        entries = [pack(ADDRESS_ENTRY, valid=1, to_host=h, node=c) for c, h in self.destinations]
        self.write(8 * Line.ADDRESS_LUT, entries + [0] * (shape.destinations - to))

    def plan(self, timesteps, density=None):
        """Queue spikes of so many timesteps with each source, and what has to come of them."""
        first = self.sources[0].planned
        for step in range(first, first + timesteps):
            fired = np.zeros(self.shape.inputs, dtype=bool)
            share = self.rng.random() if density is None else density
            for source in self.sources:
                source.planned += 1
                neurons = [k for k in range(BLOCK_ROWS) if self.rng.random() < share]
                fired[[BLOCK_ROWS * source.block + k for k in neurons]] = True
                source.later += [source.flit(step, neuron=k) for k in neurons]
                source.later.append(source.flit(step, control=1, neuron=int(Control.END)))
            self._expect_step(step, fired)

    def _expect_step(self, step, fired):
        values = golden.potentials(self.layer, fired)
        spikes = np.flatnonzero(values > self.layer.threshold)
        for code, host in self.destinations:
            common = {**to_node(coordinates(code)), **from_node(HERE), "step": step}
            out = [pack(SPIKE, **common, neuron=int(k), to_host=host) for k in spikes]
            out = out[: int((spikes < self.neurons).sum())]
            out.append(pack(SPIKE, **common, control=1, neuron=0, to_host=host))
            self.due["spike", code, host] += out
        for source in self.sources:
            to = HOST_CODE if source.from_host else source.code
            flit = pack(
                SPIKE,
                **to_node(coordinates(to)),
                **from_node(HERE),
                step=step,
                control=1,
                neuron=int(Control.CREDIT),
                to_host=source.from_host,
            )
            self.due["credit", to, source.from_host].append(flit)

    async def run_steps(self):
        """Have the sources send all that is planned, as soon as they have credits, mixed."""
        while any(s.later for s in self.sources) or any(self.due.values()):
            able = [s for s in self.sources if s.may_send()]
            if able and self.input.idle:
                self.input.send(self.rng.choice(able).next())
            if self.credits_owed_back and self.give_back and self.rng.random() < 0.3:
                self.return_credit(*self.credits_owed_back.pop(0))
            await self.step()
        while self.credits_owed_back:
            self.return_credit(*self.credits_owed_back.pop(0))
        await self.drain()

    def return_credit(self, code, is_host):
        """Give the node a credit from one of its destinations."""
        flit = pack(
            SPIKE,
            **to_node(HERE),
            **from_node(coordinates(code)),
            control=1,
            neuron=int(Control.CREDIT),
            from_host=is_host,
        )
        self.input.send(flit)


class Sending:
    """A source: its flits to come, and its credits."""

    def __init__(self, *, code, from_host, block):
        self.code, self.from_host, self.block = code, from_host, block
        self.later: list[int] = []
        self.credits = CREDITS
        self.received = self.planned = 0
        self.begun = False

    def flit(self, step, **values):
        """A flit of this source to the node."""
        source = from_node(coordinates(self.code))
        return pack(SPIKE, **to_node(HERE), **source, step=step, from_host=self.from_host, **values)

    def may_send(self):
        """It has a flit, and a credit for its timestep."""
        return bool(self.later) and (self.begun or self.credits > 0)

    def next(self):
        """The next flit."""
        if not self.begun:
            self.credits -= 1
        flit = self.later.pop(0)
        self.begun = not SPIKE["control"].get(flit)
        return flit


def _codes(values, banks):
    """Words of a line for each bank with the ternary ``values``."""
    words = [0] * (banks * LINE_WORDS)
    for k, value in enumerate(values):
        words[k // 8] |= (int(value) & 3) << 2 * (k % 8)
    return words


@scenario(NodeBench)
async def memory_holds_everything(bench):
    """Every word that there is, written; many read back, single and in bursts."""
    for address, count in bench.everything():
        words = [bench.rng.getrandbits(WORD_BITS) for _ in range(count)]
        if address == 8 * Line.CONSTANTS:  # of the look-up tables nothing may be valid
            words[2 * LINE_WORDS :] = [word & ~1 for word in words[2 * LINE_WORDS :]]
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
async def waits_for_credits(bench):
    """Without credits from its destinations a node sends two timesteps and no more."""
    bench.load()
    await bench.drain()
    bench.give_back = False
    bench.plan(5)
    bench.status = 0
    for _ in range(3000):
        able = [s for s in bench.sources if s.may_send()]
        if able and bench.input.idle:
            bench.input.send(able[0].next())
        await bench.step()
    assert bench.shown["blocked"]
    assert not bench.shown["sending"]
    assert len(bench.credits_owed_back) == CREDITS * len(bench.destinations)
    bench.give_back = True
    await bench.run_steps()


@scenario(NodeBench)
async def tables_bring_credits(bench):
    """A new address look-up table has all credits, whatever was spent with the old one."""
    bench.load()
    await bench.drain()
    bench.give_back = False
    for _ in range(2):
        bench.plan(CREDITS)
        for source in bench.sources:
            for flit in source.later:
                bench.input.send(flit)
            source.later = []
        await bench.drain()
        bench.credits_owed_back.clear()
        for line in (Line.AER_LUT, Line.ADDRESS_LUT):
            same = [bench.memory.get(8 * line + k, 0) for k in range(LINE_WORDS)]
            bench.write(8 * line, same)
        await bench.drain()
        bench.sources[0].planned = 0


@scenario(NodeBench)
async def memory_is_refused_at_work(bench):
    """While spikes are pending every transaction is refused; afterwards it is not."""
    bench.load()
    await bench.drain()
    bench.plan(1, 0.5)
    later = [flit for source in bench.sources for flit in source.later]
    first, last = later[:-1], later[-1]
    for source in bench.sources:
        source.later = []
    for flit in first:
        bench.input.send(flit)
    if not first:
        return
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
    for _ in range(3):
        await bench.step()
    bench.read(32, 8)


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
async def broken_rules_are_seen(bench):
    """A flit that breaks the rules changes nothing but the status."""
    bench.load()
    await bench.drain()
    bench.stall()
    source = bench.sources[0]
    end = {"control": 1, "neuron": int(Control.END)}
    stranger = Sending(code=0, from_host=0, block=0)
    bad = {
        "refused": [stranger.flit(0, neuron=1), source.flit(0, control=1, neuron=2)],
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
    bench.memory |= {8 * Line.STATUS: 2, 8 * Line.STATUS + 1: bench.status >> 16}
    bench.read(8 * Line.STATUS, 2)


@scenario(NodeBench)
async def latency(bench):
    """From the last end to the first flit, with N spikes: N + 8 cycles."""
    for density in (0.0, 1.0):
        await bench.reset()
        bench.load(threshold=-(1 << 17), neurons=1)
        await bench.drain()
        bench.destinations = bench.destinations[:1]
        bench.memory.clear()
        entries = [pack(ADDRESS_ENTRY, valid=1, to_host=h, node=c) for c, h in bench.destinations]
        bench.write(8 * Line.ADDRESS_LUT, entries + [0] * (bench.shape.destinations - 1))
        await bench.drain()
        bench.plan(1, density)
        later = [flit for source in bench.sources for flit in source.later]
        for source in bench.sources:
            source.later = []
        for flit in later:
            bench.input.send(flit)
        count = len(later) - len(bench.sources)
        (first, end) = bench.due["spike", *bench.destinations[0]]
        await bench.drain()
        assert bench.times[first] - bench.input.taken[-1] == count + 8
        assert bench.times[end] == bench.times[first] + 1
