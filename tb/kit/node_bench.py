"""What the testbench of a node is made of: a host and other nodes, and what they expect of it."""

import collections
import dataclasses
from types import MappingProxyType

import numpy as np

from tb.kit.bench import Bench
from tb.kit.oracles import random_layer
from trispike import golden
from trispike.models.mesh import flits
from trispike.models.mesh.flits import (
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
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.memory_map import (
    ADDRESS_ENTRY,
    AER_ENTRY,
    LINE_WORDS,
    STATUS,
    WORD_BITS,
    Line,
    memory_map,
    region_of,
)
from trispike.models.mesh.node_shape import BLOCK_ROWS, CREDITS, NodeShape
from trispike.models.mesh.transactions import Reason, read, write
from trispike.models.network import neuron as neuron_models
from trispike.models.network.layers import Step

HERE = (3, 1, 6)
HOST_CODE = node_code(HOST)
_MASK = (1 << WORD_BITS) - 1


def node_shape(*, neuron="INTEGRATE_AND_FIRE", step="threshold", **others):
    """The shape of a node, from what JSON holds: the neuron by its name in the models."""
    return NodeShape(neuron=getattr(neuron_models, neuron), step=Step(step), **others)


class NodeBench(Bench):
    """Keeps its own copy of the node's memory, and what has to come out of it.

    Flits of a destination, credits of a source, and answers each have to come in order; how they
    mix is the node's affair, but for answers, whose flits stay together. ``inside``: whether it is
    seen which lines of memory are read and written, as in a netlist of gates it is not.
    """

    limit = 60_000

    def __init__(self, pins, rng, *, inside=True, **shape):
        super().__init__(pins, rng)
        self.inside = inside
        self.shape = node_shape(**shape)
        self.input = self.driver("i", flits.FLIT_BITS)
        self.output = self.monitor("o", self.receive)
        self.memory: dict[int, int] = {}
        self.due: dict[object, collections.deque[int]] = collections.defaultdict(collections.deque)
        self.sources: list[Sending] = []
        self.strangers: list[int] = []  # nodes in entries of the AER LUT that are not in use
        self.destinations: list[tuple[int, int]] = []  # node code, and whether it is the host
        self.multicasts: set[tuple[int, int]] = set()  # those with multicasts
        self.carriers: dict[tuple[int, int], tuple[int, int]] = {}  # whose copies others get
        self.layer = None
        self.image: list[np.ndarray] = []  # input spikes of the image at work
        self.open_answer = False
        self.times: dict[int, int] = {}  # last cycle in which each flit left
        self.credits_owed_back: list[tuple[int, int]] = []
        self.give_back = True
        self.asker = HOST  # node that requests come from
        self.status = 0
        self.shown: dict[str, int] = {}
        pins.set("here", node_code(HERE))

    async def reset(self):
        await super().reset()
        self.due.clear()
        self.image.clear()

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
        if self.inside:
            self._watch_lines()
        if self.open_answer and len(self.due["answers"]) > 2:  # the others have left the slave
            assert not self.shown["computing"], f"cycle {self.cycle}: works amid a transaction"
        if self.shown["quiet"]:
            assert not self.pins.get("o__valid"), f"cycle {self.cycle}: quiet, and a flit leaves"
            others = [self.shown[name] for name in names[1:4]]
            assert not any(others), f"cycle {self.cycle}: {self.shown}"
            answered = not (self.input.idle and self.due["answers"])
            assert answered, f"cycle {self.cycle}: quiet, and an answer is due"

    def _watch_lines(self):
        """No line is read that there is not, and none is written that cannot be."""
        port = "interface.memory__"
        line = self.pins.peek(f"{port}line")
        read, write = (self.pins.peek(port + name) for name in ("read", "write"))
        legal = (not read or self.readable(8 * line)) and (not write or self.writable(8 * line))
        assert legal, f"cycle {self.cycle}: line {line} is {'written' if write else 'read'}"

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
            key = ("credit" if credit else "spike", to, int(values["to_host"] and to == HOST_CODE))
        self.times[flit] = self.cycle
        want = self.due[key]
        assert want, f"cycle {self.cycle}: unexpected {flits.text(flit)}"
        first = want.popleft()
        assert flit == first, (
            f"cycle {self.cycle}: got {flits.text(flit)}, expected {flits.text(first)}"
        )
        if key[0] == "spike" and values["control"]:
            self.credits_owed_back += [d for d in self.destinations if self.carrier(d) == key[1:]]
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
        """Queue the flits of a request, or others."""
        for flit in request:
            self.input.send(int(flit))

    def expect_answer(self, access, words=(), reason=Reason.NONE):
        """The answer of the request that was queued last."""
        status = {Reason.NONE: Command.DONE, Reason.MALFORMED: Command.CORRUPTED}
        common = {
            "type": FlitType.MEMORY,
            **to_node(self.asker),
            "access": int(access),
            "answer": 1,
        }
        head = pack(HEAD, **from_node(HERE)) >> MEMORY["content"].lowest
        for content in (head, *words):
            flit = pack(MEMORY, **common, command=int(Command.KEPT), content=int(content))
            self.due["answers"].append(flit)
        last = int(status.get(reason, Command.CANCELLED))
        self.due["answers"].append(pack(MEMORY, **common, command=last, content=int(reason)))

    def readable(self, address):
        """Whether there is a word at ``address``."""
        return region_of(self.shape, address // LINE_WORDS) is not None

    def writable(self, address):
        """Whether it can be written."""
        return self.readable(address) and region_of(self.shape, address // LINE_WORDS).writable

    def write(self, address, words):
        """Queue a write of a word or of a list of them, and its answer."""
        single = isinstance(words, int)
        self.send(write(HERE, address, words, host=self.asker))
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
        self.send(read(HERE, address, count, host=self.asker))
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
        region = region_of(self.shape, address // LINE_WORDS)
        word = (address - region.address) % (region.room * LINE_WORDS)
        value = (1 << sum(field.width for field in region.fields.values())) - 1
        row = sum(value << region.spacing * k for k in range(region.values))
        return row >> WORD_BITS * word & _MASK

    def everything(self):
        """First address and length of each run of words that there are."""
        for region in memory_map(self.shape).values():
            if region.writable:
                for row in range(region.rows):
                    start = region.address + row * region.room * LINE_WORDS
                    yield start, region.width * LINE_WORDS

    # Timesteps

    def load(self, *, threshold=None, neurons=None):
        """Queue random weights and look-up tables; nothing stalls until `stall` is called."""
        shape, rng = self.shape, self.rng
        self.stall(never=True)
        self.layer = random_layer(rng, shape.layer)
        if threshold is not None:
            each = np.full(shape.neurons, threshold) if shape.thresholds else threshold
            object.__setattr__(self.layer, "threshold", each)
        self.neurons = neurons or rng.randint(1, shape.neurons)
        self.timesteps, forgets = rng.choice([1, 2, 4, 8]), shape.forgets and rng.random() < 0.5
        told = {"neurons": self.neurons, "timesteps": self.timesteps, "forgets": forgets}
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
        destinations = [(code, 0) for code in codes[-to:]]
        if rng.random() < 0.7:
            destinations[0] = (HOST_CODE, 1)
            if to > 1:
                destinations[1] = (HOST_CODE, 0)  # the node beside it is another one
        multicasts = [each for each in destinations if each[0] != HOST_CODE and rng.random() < 0.5]
        carriers = {
            each: rng.choice(multicasts)
            for each in destinations
            if multicasts and each not in multicasts and rng.random() < 0.5
        }
        rng.shuffle(destinations)
        for row in range(shape.inputs):
            self.write(32 * row, line_codes(self.layer.weights[row], len(shape.layer.banks)))
        layer = self.layer
        for field in shape.layer.neuron_fields:
            values = getattr(layer, field.name).tolist()
            if field.ternary:
                self.write(8 * Line.BIAS, line_codes(values, len(shape.layer.banks)))
            else:  # a value in every other word and the one above
                codes = [value & (1 << field.bits) - 1 for value in values]
                lines = {"bias": Line.BIASES, "threshold": Line.THRESHOLDS, "step": Line.STEPS}
                words = [w for code in codes for w in (code & _MASK, code >> 16)]
                self.write(8 * lines[field.name], words)
        names = [field.name for field in shape.layer.layer_fields]
        values = {
            Line.CONSTANTS: {name: getattr(layer, name) for name in names},
            Line.NEURONS: told,
        }
        for line, some in values.items():
            fields = memory_map(shape)[line].fields
            word = pack(fields, **{name: some.get(name, 0) for name in fields})
            self.write(8 * line, [word >> 16 * k & _MASK for k in range(LINE_WORDS)])
        if forgets:
            bare = {"neuron": shape.neuron.memoryless, "step": None}
            self.layer = dataclasses.replace(layer, **bare)
        entries = [
            pack(AER_ENTRY, valid=1, from_host=s.from_host, source=s.code, block=s.block)
            for s in self.sources
        ]
        self.strangers = [code for code in codes[count : shape.sources] if code > len(hosts)]
        unused = [pack(AER_ENTRY, source=code) for code in self.strangers]
        unused += [0] * (shape.sources - count - len(unused))
        self.write(8 * Line.AER_LUT, entries + unused)
        self.send_to(destinations, multicasts, carriers)

    def send_to(self, destinations, multicasts=(), carriers=MappingProxyType({})):
        """Queue a new address look-up table; unused entries name ``destinations`` too.

        ``carriers``: the destination of the multicast by each that gets copies of it.
        """
        self.destinations = list(destinations)
        self.multicasts, self.carriers = set(multicasts), dict(carriers)
        entries = [
            pack(
                ADDRESS_ENTRY,
                valid=1,
                to_host=int(bool(each[1]) or each in self.multicasts),
                node=each[0],
                copied=int(each in self.carriers),
            )
            for each in self.destinations
        ]
        count = self.shape.destinations - len(entries)
        unused = [self.rng.choice(entries or [0]) & ~1 for _ in range(count)]
        self.write(8 * Line.ADDRESS_LUT, entries + unused)

    def carrier(self, destination):
        """To whom the flits go that ``destination`` gets, or copies of which it gets."""
        return self.carriers.get(destination, destination)

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
        self.image.append(fired)
        spikes = np.flatnonzero(golden.run_layer(self.layer, np.array(self.image)).spikes[-1])
        if len(self.image) == self.timesteps:
            self.image.clear()
        for code, host in (each for each in self.destinations if each not in self.carriers):
            to_host = int(bool(host) or (code, host) in self.multicasts)
            common = {**to_node(coordinates(code)), **from_node(HERE), "step": step}
            out = [pack(SPIKE, **common, neuron=int(k), to_host=to_host) for k in spikes]
            out = out[: int((spikes < self.neurons).sum())]
            out.append(pack(SPIKE, **common, control=1, neuron=0, to_host=to_host))
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
        self.return_credits()
        await self.drain()

    def take_planned(self):
        """The flits that are planned, source by source, as if each had sent its own."""
        planned = [flit for source in self.sources for flit in source.later]
        for source in self.sources:
            source.later = []
        return planned

    def return_credits(self):
        """Give the node all credits that it is owed."""
        while self.credits_owed_back:
            self.return_credit(*self.credits_owed_back.pop(0))

    def write_again(self, line):
        """Queue a write of what stands in ``line``."""
        self.write(8 * line, [self.memory.get(8 * line + k, 0) for k in range(LINE_WORDS)])

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


def line_codes(values, banks):
    """Words of a line for each bank with the ternary ``values``."""
    words = [0] * (banks * LINE_WORDS)
    for k, value in enumerate(values):
        words[k // 8] |= (int(value) & 3) << 2 * (k % 8)
    return words
