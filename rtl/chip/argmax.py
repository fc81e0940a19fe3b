"""The largest of several numbers."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.rtl.parameters import Parameter


class Argmax(wiring.Component):
    """Index of the largest of ``n`` numbers, the lowest index on a tie. Combinational.

    - ``n``, ``shape``: how many numbers, of which shape.
    - ``shows_gap``: how far the largest leads is told, of two numbers or more.

    Members
    -------
    values : In(ArrayLayout(shape, n))
        Spike counts, or sums of potentials.
    index : Out(log2(n))
        Where the largest stands.
    gap : Out(shape.width)
        The largest less the second largest, 0 on a tie; only there with ``shows_gap``.

    Source: TW-SNN sec. 5.1.1 for the largest count; the tie rule is Trispike's contract.
    """

    n = Parameter(int, least=1)
    shape = Parameter(Shape)
    shows_gap = Parameter(bool)

    def __init__(self, *, n: int, shape: Shape, shows_gap: bool = False):
        self.n, self.shape, self.shows_gap = n, shape, shows_gap
        super().__init__(
            {
                "values": In(data.ArrayLayout(shape, n)),
                "index": Out(max(1, ceil_log2(n))),
                **({"gap": Out(shape.width)} if shows_gap else {}),
            }
        )

    def elaborate(self, platform):
        m = Module()
        best = [(self.values[k], Const(k, len(self.index)), None) for k in range(self.n)]
        level = 0
        while len(best) > 1:
            winners = []
            for k in range(0, len(best) - 1, 2):
                (low, low_index, low_second), (high, high_index, high_second) = best[k], best[k + 1]
                value = Signal(self.shape, name=f"value_{level}_{k // 2}")
                index = Signal(len(self.index), name=f"index_{level}_{k // 2}")
                second = Signal(self.shape, name=f"second_{level}_{k // 2}")
                upper = high > low
                m.d.comb += [
                    value.eq(Mux(upper, high, low)),
                    index.eq(Mux(upper, high_index, low_index)),
                ]
                if self.shows_gap:
                    beaten = _larger(low, high_second), _larger(high, low_second)
                    m.d.comb += second.eq(Mux(upper, *beaten))
                winners.append((value, index, second))
            if len(best) % 2:
                winners.append(best[-1])
            best = winners
            level += 1
        [(value, index, second)] = best
        m.d.comb += self.index.eq(index)
        if self.shows_gap:
            m.d.comb += self.gap.eq(value - second)
        return m


def _larger(one: Value, other: Value | None) -> Value:
    return one if other is None else Mux(one > other, one, other)
