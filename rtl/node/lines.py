"""Lines of a node's memory in hardware: `models.mesh.memory_map` says what they are."""

from amaranth import *
from amaranth.hdl import ShapeLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from trispike.models.mesh.memory_map import LINE_BITS, Region
from trispike.models.network.numbers import BANK_BITS


class LineSignature(wiring.Signature):
    """Reads and writes lines of a node's memory.

    Members
    -------
    line : Out(14)
        Line to read or write.
    read : Out(1), read_line : In(128)
        Read ``line``; its contents stand in ``read_line`` in the next cycle.
    write : Out(1), write_line : Out(128)
        Write ``line``.
    """

    def __init__(self):
        super().__init__(
            {
                "line": Out(LINE_BITS),
                "read": Out(1),
                "read_line": In(BANK_BITS),
                "write": Out(1),
                "write_line": Out(BANK_BITS),
            }
        )


class TableSignature(wiring.Signature):
    """Writes and shows a look-up table.

    - ``entry``: shape of an entry.
    - ``count``: number of entries.

    Members
    -------
    write : Out(1), line : Out(128)
        ``line`` becomes the table, a word for each entry, from the next cycle on.
    entries : In(entry array)
        All entries.
    """

    def __init__(self, entry: ShapeLike, count: int):
        entries = In(data.ArrayLayout(entry, count))
        super().__init__({"write": Out(1), "line": Out(BANK_BITS), "entries": entries})


def is_line_of(region: Region, line: Value) -> Value:
    """1 if ``line`` is one of ``region`` that the node has."""
    row, first = line[len(column(region, line)) :], region.line // region.room
    conditions = [row == first] if region.rows == 1 else [row < first + region.rows]
    # Comparisons that always hold are left out: lint takes them for mistakes.
    if region.rows > 1 and first:
        conditions.append(row >= first)
    if region.width < region.room:
        conditions.append(column(region, line) < region.width)
    return Cat(conditions).all()


def column(region: Region, line: Value) -> Value:
    """Which of a row's lines ``line`` is."""
    return line[: (region.room - 1).bit_length()]
