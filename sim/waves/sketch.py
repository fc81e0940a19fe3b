"""A few cycles of two waves as text."""

from trispike.sim.waves.wave import Wave

_BEFORE, _AFTER = 4, 5
_WIDEST = 9
_LOW, _HIGH, _SAME, _NOTHING = "_", "▔", ".", ""


def sketch(expected: Wave, found: Wave, cycle: int) -> str:
    """The signals around ``cycle``, a column for each cycle.

    A signal that is equal in both waves has one row, any other has two. One bit is drawn low or
    high; a wider value is written where it changes, and ``.`` where it stays. Long values lose
    their middle.
    """
    last = max(expected.cycles, found.cycles) - 1
    window = range(max(0, cycle - _BEFORE), min(last, cycle + _AFTER) + 1)
    rows: list[tuple[str, str, list[str]]] = [("cycle", "", [str(k) for k in window])]
    for name in expected.signals:
        expected_row, found_row = (_row(wave, name, window) for wave in (expected, found))
        if expected_row == found_row:
            rows.append((name, "", expected_row))
        else:
            rows += [(name, "expected", expected_row), ("", "found", found_row)]
    rows.append(("", "", ["^" if k == cycle else _NOTHING for k in window]))
    names = max(len(name) for name, _, _ in rows)
    roles = max(len(role) for _, role, _ in rows)
    columns = zip(*(row for _, _, row in rows), strict=True)
    widths = [min(_WIDEST, max(map(len, column))) for column in columns]
    lines = []
    for name, role, row in rows:
        cells = map(_cell, row, widths)
        lines.append(f"  {name:<{names}}  {role:<{roles}}  {' '.join(cells)}".rstrip())
    return "\n".join(lines)


def _row(wave: Wave, name: str, window: range) -> list[str]:
    """The cells of the signal ``name``, one bit as a single character."""
    bit = set(wave.signals[name]) <= {"0", "1"}
    row = []
    for k in window:
        value = wave.value(name, k)
        if value is None:
            row.append(_NOTHING)
        elif bit:
            row.append(_HIGH if value == "1" else _LOW)
        elif k > window[0] and value == wave.value(name, k - 1):
            row.append(_SAME)
        else:
            row.append(value)
    return row


def _cell(text: str, width: int) -> str:
    """``text`` in ``width`` characters."""
    if text in (_LOW, _HIGH):
        return text * width
    if len(text) > width:
        head = width // 2
        text = f"{text[:head]}…{text[len(text) - (width - head - 1) :]}"
    return text.ljust(width)
