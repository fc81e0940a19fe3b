"""Where a walk over the windows of a map stands."""

from collections import Counter

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from trispike.models.network.maps import Maps
from trispike.rtl.parameters import Parameter


def by_row(m: Module, row: Value, values: list[int], name: str) -> Signal:
    """The one of ``values`` that is ``row``'s."""
    chosen = Signal(max(1, int(max(values)).bit_length()), name=name)
    usual = Counter(values).most_common(1)[0][0]
    with m.Switch(row):
        for value in sorted(set(values) - {usual}):
            with m.Case(*(k for k, other in enumerate(values) if other == value)):
                m.d.comb += chosen.eq(value)
        with m.Default():
            m.d.comb += chosen.eq(usual)
    return chosen


class WindowCounter(wiring.Component):
    """Counts the windows of a timestep from the left to the right and then down, over and over.

    ``maps``: whose windows.

    Members
    -------
    advance : In(1)
        On to the next window.
    column, row : Out(range(columns)), Out(range(rows))
        The window.
    passed : Out
        Rows of the map that no later window looks at, in a cycle with ``advance`` from a row's last
        window; else 0.
    """

    maps = Parameter(Maps)

    def __init__(self, *, maps: Maps):
        self.maps = maps
        super().__init__(
            {
                "advance": In(1),
                "column": Out(max(1, (maps.columns - 1).bit_length())),
                "row": Out(max(1, (maps.rows - 1).bit_length())),
                "passed": Out(range(max(self._passed) + 1)),
            }
        )

    @property
    def _passed(self) -> list[int]:
        """Rows of the map that end with each row of windows."""
        starts = [self.maps.input_rows(row).start for row in range(self.maps.rows)]
        ends = [*starts[1:], self.maps.volume.height]
        return [end - start for start, end in zip(starts, ends, strict=True)]

    def elaborate(self, platform):
        m = Module()
        last_column = self.column == self.maps.columns - 1
        last_row = self.row == self.maps.rows - 1
        passed = by_row(m, self.row, self._passed, "rows_passed")
        with m.If(self.advance & last_column):
            m.d.comb += self.passed.eq(passed)
            m.d.sync += [self.column.eq(0), self.row.eq(Mux(last_row, 0, self.row + 1))]
        with m.Elif(self.advance):
            m.d.sync += self.column.eq(self.column + 1)
        return m
