"""Claims about `rtl.node.steps.StepController`."""

from collections.abc import Callable

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.node_shape import CREDITS
from trispike.rtl.node.steps import StepController
from trispike.sim.formal.claims import Bench, Claims, every, exactly_one, implies
from trispike.sim.formal.source import STEP_BITS, Source, apart


def inside(sources: int, path: str) -> dict[str, tuple[str, int]]:
    """Registers of the step controller at ``path``, for `claims.Bench`."""
    each = {name: (f"{path}.{name}", sources) for name in ("ended_0", "ended_1", "owed")}
    return {**each, "begun": (f"{path}.begun", 2), "due": (f"{path}.due", 2)}


def registers(claims: Claims, bench: Bench, s: int, *, known, ahead, seen, open_) -> None:
    """Invariants of the registers for source ``s``, which ``bench`` has by `inside`.

    ``ahead``: timesteps that the source has ended and that are not handed over; ``open_``: it has
    begun one more; ``seen``: how many of the ended ones the controller knows.
    """
    ended = bench.ended_0[s], bench.ended_1[s]
    odd, owed = bench.due[0], bench.owed[s]
    due, following = Mux(odd, ended[1], ended[0]), Mux(odd, ended[0], ended[1])
    claims.invariant(f"source_{s}_ended_due", due == (known & (seen != 0)))
    claims.invariant(f"source_{s}_ended_next", following == (known & (seen == CREDITS)))
    within = Mux(known, ahead + open_ + owed <= CREDITS, ~(open_ | owed))
    claims.invariant(f"source_{s}_within_credits", within)


class StepsBench(Bench):
    """A step controller and conforming sources, in any order and at any time.

    sources: Number of sources; ``known`` says which of them exist.
    """

    def __init__(self, *, sources: int, unit: Callable = StepController):
        self._sources, self._unit = sources, unit
        members = {
            "known": In(sources),
            "valid": In(1),
            "source": In(sources),
            "step": In(2),
            "end": In(1),
            "take": In(1),
            "credited": In(sources),
            "restart": In(1),
            "accept": Out(1),
            "complete": Out(1),
        }
        super().__init__(members, inside(sources, "unit"))

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self._unit(sources=self._sources)
        claims = Claims(m)
        inputs = ("known", "valid", "source", "step", "end", "take", "credited", "restart")
        self.join(m, unit, *inputs, "accept", "complete")
        taken = Signal(STEP_BITS)
        m.d.sync += taken.eq(Mux(self.restart, 0, taken + self.take))
        changes = claims.past(self.known) != self.known
        claims.given(implies(changes, claims.past(self.restart)))
        claims.given(implies(self.restart, ~unit.pending & ~self.valid))
        claims.given(
            implies(self.valid, exactly_one(self.source) & (self.source & ~self.known == 0))
        )
        claims.given(implies(self.take, unit.complete))
        claims.given(self.credited & ~unit.owed == 0)
        sources = [
            Source(
                m,
                f"source_{s}",
                comes=self.valid & self.source[s],
                end=self.end,
                credited=self.credited[s],
                restart=self.restart,
            )
            for s in range(self._sources)
        ]
        for source in sources:
            claims.given(source.keeps_the_rules(self.step))
        self._claim(claims, unit, sources, taken)
        for s, source in enumerate(sources):
            known, ahead = self.known[s], source.ahead(taken)
            registers(claims, self, s, known=known, ahead=ahead, seen=ahead, open_=source.open)
        at_work = [
            Cat(source.works_on(taken, k) & self.known[s] for s, source in enumerate(sources))
            for k in range(CREDITS)
        ]
        due, following = (bits.any() for bits in at_work)
        odd = self.due[0]
        claims.invariant(
            "begun", self.begun == Cat(Mux(odd, following, due), Mux(odd, due, following))
        )
        return m

    def _claim(self, claims: Claims, unit, sources: list[Source], taken: Signal) -> None:
        known = list(self.known)
        ahead = [source.ahead(taken) for source in sources]
        ended = every(implies(k, n != 0) for k, n in zip(known, ahead, strict=True))
        claims.always("accepts_all", self.accept == self.valid)
        claims.always("nothing_is_broken", ~(unit.early | unit.late | unit.twice))
        claims.always("due_is_next", unit.due == taken[:2])
        claims.invariant("owed_are_known", self.owed & ~self.known == 0)
        claims.always(
            "complete_when_all_have_ended",
            self.complete == (self.known.any() & ended & ~unit.owed.any()),
        )
        claims.always("only_due_or_next", implies(self.accept, apart_by_one(self.step, unit.due)))
        claims.always(
            "nothing_comes_into_what_is_taken",
            implies(self.take & self.accept, self.step[0] != unit.due[0]),
        )
        waits = claims.past(self.complete & ~self.take)
        claims.always("complete_until_taken", implies(waits, self.complete))
        begun = Cat(
            k & (source.open | (n != 0)) for k, source, n in zip(known, sources, ahead, strict=True)
        )
        claims.always("pending", unit.pending == (begun.any() | unit.owed.any()))
        for s, source in enumerate(sources):
            spent = apart(source.ended, source.given) + source.open
            due = apart(taken, source.given) == unit.owed[s]
            claims.always(f"credit_{s}_for_each_take", implies(known[s], due))
            claims.always(f"never_more_than_all_credits_{s}", implies(known[s], spent <= CREDITS))
            within = ahead[s] + source.open <= CREDITS
            claims.always(f"never_further_ahead_{s}", implies(known[s], within))
        full = [known[s] & (ahead[s] == CREDITS) for s in range(self._sources)]
        claims.reached("two_ahead", every(full[:2]))
        claims.reached("taken_four_times", (taken == 4) & self.accept)
        if self._sources > 1:
            claims.reached("one_ahead_of_another", full[0] & (ahead[1] == 0) & known[1])


def apart_by_one(step, due):
    """Whether ``step`` is ``due`` or the next one, modulo 4."""
    return (step - due)[:2] < CREDITS
