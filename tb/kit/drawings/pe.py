"""The processing element of one lane, after TW-SNN fig. 5."""

from tb.kit.drawings.sheet import Box, Point, Sheet
from tb.kit.drawings.style import PALE, Kind
from tb.kit.drawings.symbols import clocked, multiplexer
from trispike.models.network.numbers import POTENTIAL_BITS, WEIGHT_BITS, TernaryCode
from trispike.rtl.neuron.pe import PEState

STARTING = [each.name for each in (PEState.BIAS, PEState.FIRE)]


def _input(sheet: Sheet, y: float, text: str, to: float) -> None:
    sheet.text(8, y - 9, text, align="left")
    sheet.arrow((8, y), (to, y))


def _select(sheet: Sheet, x: float, y: float, inputs: tuple[Point, ...]) -> None:
    """The select input at ``x``, ``y`` of a multiplexer, and which of two inputs it takes."""
    sheet.arrow((x, y + 21), (x, y))
    sheet.text(x, y + 29, "starting", color=PALE)
    for k, at in enumerate(inputs):
        sheet.text(*at, str(k), color=PALE)


def _choose(sheet: Sheet) -> None:
    """What is added: a multiple of the constant, by the code of weight or bias."""
    _input(sheet, 44, f"weight, {WEIGHT_BITS} bits", 150)
    _input(sheet, 76, f"bias, {WEIGHT_BITS} bits", 150)
    out = multiplexer(sheet, Box(150, 28, 26, 64))
    _select(sheet, 163, 87, ((158, 44), (158, 76)))
    sheet.arrow(out, (283, out[1]), (283, 146))
    sheet.text(230, out[1] - 10, "code", color=PALE)
    data = {TernaryCode.PLUS: "plus: a or b", TernaryCode.ZERO: "0"}
    data[TernaryCode.MINUS] = "minus: -a or -b"
    for k, (code, text) in enumerate(data.items()):
        y = 158 + 34 * k
        _input(sheet, y, text, 270)
        sheet.text(262, y - 9, f"{code.value:0{WEIGHT_BITS}b}", align="right", color=PALE)
    sheet.arrow(multiplexer(sheet, Box(270, 140, 26, 104)), (370, 192))
    sheet.text(333, 182, "product", color=PALE)


def _add(sheet: Sheet) -> Box:
    """Adder, potential, and what the next sum begins with; returns the register."""
    adder = sheet.box(370, 172, 40, 40, "+", size=20)
    register = sheet.box(470, 162, 110, 60, f"potential\n{POTENTIAL_BITS} bits", Kind.REGISTER)
    sheet.arrow(adder.right(), register.left(), stream=True)
    back = (610, 192)
    sheet.dot(back)
    sheet.arrow(back, (610, 288), (444, 288))
    sheet.text(490, 278, "sum so far", color=PALE)
    sheet.arrow((474, 318), (444, 318))
    sheet.text(482, 318, "0", align="left")
    augend = multiplexer(sheet, Box(418, 272, 26, 62), leftward=True)
    _select(sheet, 431, 329, ((437, 288), (437, 318)))
    sheet.arrow(augend, (adder.bottom()[0], augend[1]), adder.bottom())
    return register


def _fire(sheet: Sheet, register: Box) -> Box:
    """Comparator and spike, whose box it returns."""
    exceeds = sheet.box(640, 162, 104, 60, "potential >\nthreshold")
    spike = sheet.box(630, 270, 84, 60, "spike\nnew in FIRE", Kind.REGISTER)
    sheet.arrow(register.right(), exceeds.left(), stream=True)
    sheet.arrow((692, 124), exceeds.top())
    sheet.text(692, 114, f"threshold, {POTENTIAL_BITS} bits")
    sheet.arrow((spike.top()[0], 222), spike.top())
    sheet.arrow(spike.right(), (756, 300))
    sheet.text(735, 286, "spike")
    return spike


def _clock(sheet: Sheet, register: Box, spike: Box) -> None:
    """What clocks ``register`` and ``spike``, and when."""
    when = f"{', '.join(STARTING)}, or {PEState.INTEGRATE.name} with\na weight that is not 0"
    enable = sheet.box(110, 366, 240, 56, f"enable\n{when}", Kind.CONTROL)
    gate = sheet.box(480, 370, 100, 48, "clock gate\none for both", Kind.CONTROL)
    _input(sheet, 382, "state", 110)
    _input(sheet, 410, "code", 110)
    sheet.arrow(enable.right(), gate.left())
    sheet.arrow((530, 444), gate.bottom())
    sheet.text(538, 438, "clk", align="left")
    to_potential, to_spike = clocked(sheet, register, 0.75), clocked(sheet, spike)
    sheet.arrow((to_potential[0], 370), to_potential)
    sheet.arrow(gate.right(), (to_spike[0], gate.right()[1]), to_spike)
    starting = f"starting: the state is {' or '.join(STARTING)}"
    sheet.note(110, 438, starting)


def draw() -> Sheet:
    """Multiplexers, adder, registers, comparator, and the clock of both registers."""
    sheet = Sheet(454)
    _choose(sheet)
    register = _add(sheet)
    _clock(sheet, register, _fire(sheet, register))
    return sheet
