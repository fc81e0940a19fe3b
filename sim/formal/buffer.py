"""Claims about `rtl.noc.buffer.FlitBuffer`."""

from collections.abc import Callable

from amaranth.hdl import Array, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.flits import FLIT_BITS
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.flit import FlitStream
from trispike.sim.formal.claims import Bench, Claims, implies


class Queue:
    """What a first-in first-out buffer must do, seen from its ports.

    It counts the flits in the buffer and follows one of them, which the solver chooses as it goes
    in. This flit must come out unchanged, after exactly the flits ahead of it. As any flit may be
    chosen, no flit is lost, doubled, changed or overtaken.

    depth: Flits that the buffer holds.
    put, word: A flit goes in, and its bits.
    take: A flit goes out.
    mark: Follow the flit that goes in now, unless another is followed.
    """

    def __init__(self, m: Module, *, depth: int, put: Value, word: Value, take: Value, mark: Value):
        self._depth = depth
        self.level = level = Signal(range(depth + 2))
        self._followed, self._word = Signal(), Signal(FLIT_BITS, name="followed_word")
        self._ahead = Signal(range(depth + 1))
        m.d.sync += level.eq(level + put - take)
        with m.If(~self._followed):
            m.d.sync += [
                self._followed.eq(put & mark),
                self._word.eq(word),
                self._ahead.eq(level - take),
            ]
        with m.Elif(take):
            m.d.sync += [self._followed.eq(self._ahead != 0), self._ahead.eq(self._ahead - 1)]

    @property
    def next_out(self) -> Value:
        """Whether the followed flit is the oldest."""
        return self._followed & (self._ahead == 0)

    @property
    def behind_all(self) -> Value:
        """Whether the buffer is full and the followed flit came last."""
        return self._followed & (self._ahead == self._depth - 1)

    def claim(self, claims: Claims, *, ready: Value, valid: Value, oldest: Value) -> None:
        """Claims about its ports."""
        claims.always("ready_unless_full", ready == (self.level < self._depth))
        claims.always("valid_unless_empty", valid == (self.level > 0))
        claims.always(
            "flit_comes_out_in_its_turn", implies(self.next_out, valid & (oldest == self._word))
        )
        claims.reached("full_behind_all", self.behind_all & (self.level == self._depth))

    def invariants(self, claims: Claims, bench: Bench) -> None:
        """Invariants of its registers, which ``bench`` has by `inside`."""
        depth, level = self._depth, self.level
        claims.invariant("level", level <= depth)
        claims.invariant(
            "full_and_empty", (bench.full == (level == depth)) & (bench.empty == (level == 0))
        )
        claims.invariant("followed_is_within", implies(self._followed, self._ahead < level))
        slots = Array(getattr(bench, f"slot_{k}") for k in range(depth))
        claims.invariant("pointers", (bench.first < depth) & (bench.free < depth))
        claims.invariant("level_between_pointers", self._wrap(bench.first + level) == bench.free)
        slot = self._wrap(bench.first + self._ahead)
        claims.invariant("followed_is_kept", implies(self._followed, slots[slot] == self._word))

    def _wrap(self, pointer: Value) -> Value:
        return Mux(pointer >= self._depth, pointer - self._depth, pointer)


def pointers(depth: int, path: str, prefix: str = "") -> dict[str, tuple[str, int]]:
    """Pointer registers of the buffer at ``path``, for `claims.Bench`."""
    width = (depth - 1).bit_length()
    widths = {"first": width, "free": width, "empty": 1, "full": 1}
    return {f"{prefix}{name}": (f"{path}.{name}", bits) for name, bits in widths.items()}


def inside(depth: int, path: str) -> dict[str, tuple[str, int]]:
    """All registers of the buffer at ``path``, for `claims.Bench`."""
    slots = {f"slot_{k}": (f"{path}.slots[{k}]", FLIT_BITS) for k in range(depth)}
    return {**pointers(depth, path), **slots}


class BufferBench(Bench):
    """A buffer of ``depth`` flits between a sender and a receiver of arbitrary behaviour."""

    def __init__(self, *, depth: int, unit: Callable = FlitBuffer):
        self._depth, self._unit = depth, unit
        members = {"i": In(FlitStream), "o": Out(FlitStream), "mark": In(1)}
        super().__init__(members, inside(depth, "unit"))

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(depth=self._depth)
        claims = Claims(m)
        i, o = self.i, self.o
        self.join(m, unit, "i", "o")
        put = Signal()
        take = Signal()
        m.d.comb += [put.eq(i.valid & i.ready), take.eq(o.valid & o.ready)]
        queue = Queue(m, depth=self._depth, put=put, word=i.payload, take=take, mark=self.mark)
        queue.claim(claims, ready=i.ready, valid=o.valid, oldest=o.payload)
        queue.invariants(claims, self)
        claims.always("stands_until_taken", stands(claims, o))
        claims.reached("passes_each_cycle", put & take & claims.past(put & take))
        return m


def stands(claims: Claims, stream) -> Value:
    """``valid`` and ``payload`` of ``stream`` stay until ``ready``."""
    unchanged = stream.valid & (stream.payload == claims.past(stream.payload))
    return implies(claims.past(stream.valid & ~stream.ready), unchanged)
