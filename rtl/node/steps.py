"""The step controller: which timestep is due, who has ended it, who is owed a credit."""

from amaranth import *
from amaranth.lib.wiring import In, Out

from trispike.rtl.hierarchy import Block
from trispike.rtl.parameters import Parameter


class StepController(Block):
    """Says when all spikes of a timestep have come, and when sources may send further ones.

    ``sources``: entries of the AER look-up table.

    Members
    -------
    known : In(sources)
        The sources of this node; changes only while nothing is pending.
    valid : In(1), source : In(sources), step : In(2), end : In(1)
        A spike of a known source, or its end of the timestep, has come; ``source`` is one-hot.
    accept : Out(1)
        It is one that may come, combinational; otherwise it is to be forgotten.
    early, late, twice : Out(1)
        Why not, see `models.mesh.memory_map.STATUS`.
    complete : Out(1)
        All sources have ended the timestep ``due``, and all credits of the one before are on their
        way. Stays until ``take``.
    due : Out(2)
        The timestep that is handed over next, modulo 4.
    take : In(1)
        The timestep ``due`` is handed over in this cycle; only while ``complete``.
    owed : Out(sources)
        Who has to be given a credit, for the timestep before ``due``.
    credited : In(sources)
        Who is given it in this cycle.
    restart : In(1)
        The next timestep is number 0; only while nothing is ``pending``.
    pending : Out(1)
        A spike or an end has come whose timestep was not handed over, or a credit is owed.

    Latency: one cycle from the last end to ``complete``, and from ``take`` to ``owed``.
    """

    sources = Parameter(int, least=1)

    def __init__(self, *, sources: int):
        self.sources = sources
        super().__init__(
            {
                "known": In(sources),
                "valid": In(1),
                "source": In(sources),
                "step": In(2),
                "end": In(1),
                "accept": Out(1),
                "early": Out(1),
                "late": Out(1),
                "twice": Out(1),
                "complete": Out(1),
                "due": Out(2),
                "take": In(1),
                "owed": Out(sources),
                "credited": In(sources),
                "restart": In(1),
                "pending": Out(1),
            }
        )

    @property
    def module_name(self) -> str:
        return f"step_controller_{self.sources}"

    def elaborate(self, platform):
        m = Module()
        ended = [Signal(self.sources, name=f"ended_{parity}") for parity in range(2)]
        begun = Signal(2)  # bit p: something of the timestep of parity p has come
        parity = self.due[0]
        mine = Mux(parity, ended[1], ended[0])
        ahead = self.step - self.due
        done = (Mux(self.step[0], ended[1], ended[0]) & self.source).any()
        m.d.comb += [
            self.complete.eq(self.known.any() & ~(self.known & ~mine).any() & ~self.owed.any()),
            self.early.eq(self.valid & ahead[1]),
            self.late.eq(self.valid & ~self.early & done & ~self.end),
            self.twice.eq(self.valid & ~self.early & done & self.end),
            self.accept.eq(self.valid & ~self.early & ~done),
            self.pending.eq(begun.any() | self.owed.any()),
        ]
        for p in range(2):
            here = self.accept & (self.step[0] == p)
            moved = self.take & (parity == p)
            with m.If(moved):
                m.d.sync += [ended[p].eq(0), begun[p].eq(0)]
            with m.Elif(here):
                ends = self.source & self.end.replicate(self.sources)
                m.d.sync += [ended[p].eq(ended[p] | ends), begun[p].eq(1)]
        with m.If(self.take):
            m.d.sync += [self.due.eq(self.due + 1), self.owed.eq(self.known)]
        with m.Else():
            m.d.sync += self.owed.eq(self.owed & ~self.credited)
        with m.If(self.restart):
            m.d.sync += self.due.eq(0)
        return m
