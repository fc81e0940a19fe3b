"""Lowest set bit of a word, in logarithmic depth."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2


class LowestOne(wiring.Component):
    """Finds the lowest set bit of a word. Combinational, in a depth that grows with log2(width).

    - ``width``: width of the word, at least 1.

    Members
    -------
    bits : In(width)
        The word.
    any : Out(1)
        Some bit is set.
    one_hot : Out(width)
        The lowest set bit alone, or 0.
    index : Out(log2(width))
        Its position, or 0.
    """

    def __init__(self, *, width: int):
        self._width = width
        super().__init__(
            {
                "bits": In(width),
                "any": Out(1),
                "one_hot": Out(width),
                "index": Out(max(1, ceil_log2(width))),
            }
        )

    @property
    def width(self) -> int:
        """Width of the word."""
        return self._width

    def elaborate(self, platform):
        m = Module()
        # Parallel prefix: after the level of distance d, bit k is the OR of bits k - 2d + 1 to k.
        prefix, distance = self.bits, 1
        while distance < self.width:
            level = Signal(self.width, name=f"prefix_{distance}")
            m.d.comb += level.eq(prefix | (prefix << distance))
            prefix, distance = level, 2 * distance
        m.d.comb += [self.any.eq(prefix[-1]), self.one_hot.eq(self.bits & ~(prefix << 1))]
        for k in range(len(self.index)):
            ones = [self.one_hot[j] for j in range(self.width) if j >> k & 1]
            m.d.comb += self.index[k].eq(Cat(ones).any() if ones else 0)
        return m


def one_hot_select(one_hot: Value, words: list[Value]) -> Value:
    """The word whose bit is set in ``one_hot``, or 0: an AND-OR multiplexer."""
    masked = [word & bit.replicate(len(word)) for word, bit in zip(words, one_hot, strict=True)]
    while len(masked) > 1:
        masked = [
            masked[k] | masked[k + 1] if k + 1 < len(masked) else masked[k]
            for k in range(0, len(masked), 2)
        ]
    return masked[0]
