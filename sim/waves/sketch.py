"""A few cycles of two waves as text."""

from sim.waves.wave import Wave

_BEFORE, _AFTER = 4, 5
_WIDEST = 9
_LOW, _HIGH, _SAME, _NOTHING = "_", "▔", ".", ""


def sketch(expected: Wave, found: Wave, cycle: int) -> str:
    """The signals around ``cycle``, a column for each cycle.

    A signal that is the same in both waves has one row, any other one has two. One bit is drawn low
    or high; a wider value is written where it changes, ``.`` says that it stays. Long values lose
    their middle.
    """
    last = max(expected.cycles, found.cycles) - 1
    window = range(max(0, cycle - _BEFORE), min(last, cycle + _AFTER) + 1)
    rows: list[tuple[str, list[str]]] = []
    for name in expected.signals:
        one, other = (_row(wave, name, window) for wave in (expected, found))
        if one == other:
            rows.append((name, one))
        else:
            rows += [(f"{name}  expected", one), ("found", other)]
    values = [cell for _, row in rows for cell in row]
    width = min(_WIDEST, max(len(text) for text in (*values, str(window[-1]))))
    label = max(len(name) for name, _ in rows)
    lines = [_line("cycle".ljust(label), [f"{number:<{width}}" for number in window])]
    for name, row in rows:
        lines.append(
            _line(
                f"{name:>{label}}" if name == "found" else f"{name:<{label}}",
                [_cell(value, width) for value in row],
            )
        )
    lines.append(_line(" " * label, [("^" if k == cycle else "").ljust(width) for k in window]))
    return "\n".join(lines)


def _row(wave: Wave, name: str, window: range) -> list[str]:
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
    if text in (_LOW, _HIGH):
        return text * width
    if len(text) > width:
        left = width // 2
        text = f"{text[:left]}…{text[len(text) - (width - left - 1) :]}"
    return text.ljust(width)


def _line(label: str, cells: list[str]) -> str:
    return f"  {label}  {' '.join(cells)}".rstrip()
