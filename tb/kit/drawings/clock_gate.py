"""Both kinds of clock gate, in cells, and what each makes of an enable."""

from schemdraw import logic
from schemdraw.logic import TimingDiagram

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import INK, PALE, Kind
from tb.kit.drawings.symbols import gate
from trispike.sim.synthesis.clock_gates import LAST, LATCH, LATCH_CLOCK, RECIPES, Recipe

ENABLED = (1, 0, 1, 1, 0)
"""Whether the edge at the end of each cycle is to pass."""

_QUARTERS = 4
_QUARTER, _HIGH, _GAP = 13, 17, 15


def waves(*, early: bool) -> dict[str, list[int]]:
    """Levels in each quarter of a period, whose first half has a high clock.

    The enable of a cycle settles in its first half if it is ``early``, else in its last quarter.
    """
    clock, enable, held, gated = [], [], [], []
    settles, before, latch = 1 if early else 3, 0, 0
    for value in ENABLED:
        for quarter in range(_QUARTERS):
            clk, en = int(quarter < 2), value if quarter >= settles else before
            latch = latch if clk else en
            clock.append(clk)
            enable.append(en)
            held.append(latch)
            gated.append(clk | (1 - en) if early else clk & latch)
        before = value
    levels = {"clk": clock, "enable": enable}
    return levels | ({} if early else {"held": held}) | {"gated": gated}


def _recipe(*, early: bool) -> Recipe:
    """Of the open cells, the one that is made of several."""
    return next(each for each in RECIPES if each.early == early and len(each.cells) > 1)


def _name(recipe: Recipe, cell: str) -> str:
    return recipe.cells[cell][0]


def _draw_waves(sheet: Sheet, x: float, y: float, *, early: bool) -> None:
    levels = waves(early=early)
    signal = []
    for values in levels.values():
        pairs = zip([None, *values], values, strict=False)
        signal.append({"wave": "".join("." if a == b else str(b) for a, b in pairs), "color": INK})
    config = {"hscale": _QUARTER / _HIGH / 2}
    diagram = TimingDiagram(
        {"signal": signal, "config": config}, yheight=_HIGH, ygap=_GAP, risetime=2, grid=False
    )
    sheet.place(diagram, (x, y + _HIGH))
    for k, name in enumerate(levels):
        sheet.text(x - 10, y + k * (_HIGH + _GAP) + _HIGH / 2, name, align="right")
    bottom = y + len(levels) * (_HIGH + _GAP) - _GAP + 8
    for k in range(len(ENABLED) + 1):
        edge = x + k * _QUARTERS * _QUARTER
        sheet.arrow(
            (edge, y - 8), (edge, bottom), head=False, dashed=True, color="#b8c0c9", behind=True
        )
        if k and ENABLED[k - 1]:
            sheet.text(edge, bottom + 10, "edge", color=PALE)


def _input(sheet: Sheet, x: float, y: float, name: str, to: float) -> None:
    sheet.text(x, y - 10, name, align="left")
    sheet.arrow((x, y), (to, y), head=False)


def _with_latch(sheet: Sheet, x: float) -> None:
    recipe = _recipe(early=False)
    sheet.text(x, 24, "with a latch: the enable may come late", align="left")
    inputs, out = gate(sheet, logic.And, (x + 250, 78))
    latch = sheet.box(x + 120, 58, 84, 56, "", Kind.REGISTER)
    sheet.text(x + 128, 78, "D", align="left")
    sheet.text(x + 196, 78, "Q", align="right")
    sheet.text(x + 162, 104, LATCH_CLOCK)
    sheet.text(x + 162, 48, _name(recipe, LATCH), color=PALE)
    _input(sheet, x, 78, "enable", x + 120)
    sheet.arrow(latch.right(0.36), inputs[0], head=False)
    sheet.text(x + 228, 68, "held", color=PALE)
    _input(sheet, x, 160, "clk", x + 232)
    sheet.arrow((x + 232, 160), (x + 232, inputs[1][1]), inputs[1], head=False)
    sheet.dot((x + 40, 160))
    inverter, inverted = gate(sheet, logic.Not, (x + 64, 136))
    sheet.arrow((x + 40, 160), (x + 40, 136), inverter[0], head=False)
    sheet.arrow(inverted, (x + 162, 136), latch.bottom(), head=False)
    sheet.text(x + 82, 108, _name(recipe, "inverter"), color=PALE)
    _output(sheet, out, x + 344, _name(recipe, LAST))


def _without_latch(sheet: Sheet, x: float) -> None:
    recipe = _recipe(early=True)
    sheet.text(x, 24, "without: it must be there when the clock falls", align="left")
    inputs, out = gate(sheet, logic.Or, (x + 200, 86))
    _input(sheet, x, inputs[0][1], "clk", inputs[0][0])
    _input(sheet, x, 150, "enable", x + 70)
    inverted = gate(sheet, logic.Not, (x + 70, 150))[1]
    sheet.text(x + 88, 176, _name(recipe, "inverter"), color=PALE)
    sheet.arrow(inverted, (x + 160, 150), (x + 160, inputs[1][1]), inputs[1], head=False)
    _output(sheet, out, x + 330, _name(recipe, LAST))


def _output(sheet: Sheet, out: tuple[float, float], to: float, cell: str) -> None:
    sheet.arrow(out, (to, out[1]))
    sheet.text(to, out[1] - 12, "gated", align="right")
    sheet.text(out[0] - 38, out[1] + 32, cell, color=PALE)


def draw() -> Sheet:
    """Gates above, waves below."""
    sheet = Sheet(378)
    _with_latch(sheet, 20)
    _without_latch(sheet, 410)
    _draw_waves(sheet, 84, 212, early=False)
    _draw_waves(sheet, 474, 212, early=True)
    return sheet
