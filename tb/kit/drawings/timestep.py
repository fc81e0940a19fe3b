"""Two timesteps in a layer, cycle by cycle, as recorded from its RTL."""

from collections.abc import Callable
from typing import NamedTuple

from schemdraw.logic import TimingDiagram

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import INK, PALE
from trispike.sim.waves import reference
from trispike.sim.waves.wave import MEANINGLESS, Wave

SCENARIO = "layer_back_pressure"
_CYCLES = 12
_LEFT, _TOP, _CYCLE, _HIGH, _GAP = 146, 44, 50, 20, 12


def _spikes(payload: str) -> str:
    """The inputs, or neurons, whose bit is set."""
    bits = int(payload, 16)
    found = [str(k) for k in range(bits.bit_length()) if bits >> k & 1]
    return ",".join(found if len(found) < 6 else [found[0], "…", found[-1]]) or "none"


class Row(NamedTuple):
    """A signal of the drawing.

    reads: How its values read; None: a level.
    until: The event that ends a timestep in this row, whose colour changes then.
    each: A value holds for one cycle.
    """

    text: str
    signal: str
    reads: Callable[[str], str] | None = None
    until: str = ""
    each: bool = False


ROWS = (
    Row("i.valid", "i.valid"),
    Row("i.ready", "i.ready"),
    Row("spikes offered, i", "i.payload", _spikes, "accept"),
    Row("encoder gives", "encoder.o.payload", str, "end", each=True),
    Row("banks are read", "flow.read"),
    Row("state of the PEs", "flow.state", str, "fire"),
    Row("potential of PE 0", "pe_0.potential", str, "fire"),
    Row("o.valid", "o.valid"),
    Row("o.ready", "o.ready"),
    Row("spikes given, o", "o.payload", _spikes, "output"),
)
_COLORS = "53749"
"""Of timesteps, as schemdraw calls them."""


def recorded() -> Wave:
    """The reference wave."""
    return reference.parse(reference.path(SCENARIO), f"make waves UPDATE=1 SCENARIO={SCENARIO}")


def events(wave: Wave) -> dict[str, list[int]]:
    """Cycle of each event of docs/hardware.md, of timesteps 0, 1, ..."""
    signals = wave.signals

    def both(port: str) -> list[int]:
        high = zip(signals[f"{port}.valid"], signals[f"{port}.ready"], strict=True)
        return [cycle for cycle, pair in enumerate(high) if pair == ("1", "1")]

    taken = both("encoder.o")
    ends = [cycle for cycle in taken if signals["encoder.o.payload"][cycle] == "end"]
    fires = [cycle for cycle, state in enumerate(signals["flow.state"]) if state == "FIRE"]
    return {
        "accept": both("i"),
        "start": [min(c for c in taken if c > before) for before in [-1, *ends[:-1]]],
        "end": ends,
        "fire": fires,
        "output": [signals["o.valid"].index("1", fire + 1) for fire in fires],
    }


def _signal(wave: Wave, row: Row, ends: list[int]) -> dict:
    """A row of schemdraw's diagram; ``ends``: cycles that end a timestep in it."""
    values = wave.signals[row.signal][:_CYCLES]
    states, data, before = "", [], None
    for cycle, value in enumerate(values):
        state = _COLORS[sum(end < cycle for end in ends)] if row.reads else value
        state = "x" if value == MEANINGLESS else state
        if (state, value) == before and not row.each:
            states += "."
            continue
        states, before = states + state, (state, value)
        if row.reads and state != "x":
            data.append(row.reads(value))
    return {"wave": states, "data": data, "color": INK, "lw": 1.4}


def draw() -> Sheet:
    """Signals of a layer of 12 inputs over twelve cycles, and its events."""
    wave, step = recorded(), _HIGH + _GAP
    cycles_of = events(wave)
    bottom = _TOP + step * len(ROWS)
    sheet = Sheet(bottom + 108)
    diagram = TimingDiagram(
        {
            "signal": [_signal(wave, row, cycles_of.get(row.until, [])) for row in ROWS],
            "config": {"hscale": _CYCLE / _HIGH / 2},
        },
        yheight=_HIGH,
        ygap=_GAP,
        risetime=5,
        datafontsize=11,
        datacolor=INK,
        gridcolor="#b8c0c9",
    )
    sheet.place(diagram, (_LEFT, _TOP + _HIGH))
    sheet.text(_LEFT - 12, _TOP - 22, "cycle", align="right", color=PALE)
    for k, row in enumerate(ROWS):
        sheet.text(_LEFT - 12, _TOP + step * k + _HIGH / 2, row.text, align="right")
    for cycle in range(_CYCLES):
        sheet.text(_LEFT + _CYCLE * (cycle + 0.5), _TOP - 22, str(cycle), color=PALE)
    for k, (name, cycles) in enumerate(cycles_of.items()):
        y = bottom + 6 + 16 * k
        sheet.text(_LEFT - 12, y, f"{name}(s), s =", align="right")
        for s, cycle in enumerate(cycles):
            if cycle < _CYCLES:
                sheet.text(_LEFT + _CYCLE * (cycle + 0.5), y, str(s))
    sheet.note(20, bottom + 94, "a colour for each timestep s; grey: no value")
    return sheet
