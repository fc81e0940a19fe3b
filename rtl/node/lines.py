"""Where a line of a node's memory belongs: `models.mesh.memory_map` in hardware."""

from amaranth import *

from trispike.models.mesh.memory_map import Region


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
