"""What a neuron does in a timestep, and the cycles that each of the seed's neurons takes for it."""

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import Kind
from trispike.models.network import neuron
from trispike.models.network.layers import Dense
from trispike.rtl.neuron.operations import sequence
from trispike.rtl.neuron.pe import PEState

NAMES = ("INTEGRATE_AND_FIRE", "CONTINUOUS", "LEAKY", "WEIGHTED", "FIRST_SPIKE")
_KINDS = {
    "FIRE": Kind.SPIKE,
    "BIAS": Kind.REGISTER,
    "CURRENT": Kind.MEMORY,
    "RESET": Kind.CONTROL,
}


def operations(name: str) -> list[str]:
    """What ends a timestep of the neuron ``name``, a cycle each."""
    shape = Dense(inputs=64, neurons=64, neuron=getattr(neuron, name))
    return [each.name for each in sequence(shape)] or [PEState.FIRE.name]


def _equations(sheet: Sheet) -> None:
    """The way of a sum through a neuron; dashed is what not every neuron has."""
    total = sheet.box(20, 50, 104, 52, "a x S(t)\nweights added")
    current = "current\nsums up, decays\nby shifts"
    current = sheet.box(164, 46, 128, 60, current, Kind.REGISTER, dashed=True)
    adder = sheet.box(340, 56, 40, 40, "+", size=20)
    fires = sheet.box(470, 50, 130, 52, "u(t) > threshold\nspike, or none", Kind.SPIKE)
    carried = "carried\n0 as an image begins"
    carried = sheet.box(290, 150, 140, 52, carried, Kind.REGISTER, dashed=True)
    left = "leak and reset\nv - (v >> k); less the step,\nor 0, after a spike"
    left = sheet.box(470, 142, 186, 68, left, dashed=True)
    sheet.arrow(total.right(), current.left())
    sheet.arrow(current.right(), adder.left())
    sheet.arrow((360, 30), adder.top())
    sheet.text(360, 20, "bias")
    sheet.arrow(adder.right(), fires.left())
    sheet.text(412, 64, "u(t)")
    sheet.arrow(fires.right(), (740, 76))
    sheet.text(740, 62, "spike(t)", align="right")
    sheet.dot((440, 76))
    sheet.arrow((440, 76), (440, 124), (500, 124), (500, 142))
    sheet.arrow((560, 102), (560, 142))
    sheet.arrow(left.left(), carried.right())
    sheet.arrow((360, 150), adder.bottom())
    about = (
        "dashed: not in every neuron;\nwithout a current the sum is\nadded to the potential at once"
    )
    sheet.note(20, 184, about)


def draw() -> Sheet:
    """Equations above, cycles below."""
    sheet = Sheet(440)
    _equations(sheet)
    top, high, wide = 262, 34, 82
    sheet.note(20, top - 18, "a timestep, in cycles")
    for k, name in enumerate(NAMES):
        y, done = top + high * k, operations(name)
        sheet.text(20, y + 13, name, align="left")
        sheet.box(180, y, 160, 26, "N cycles with spikes", Kind.OUTSIDE, size=12)
        for n, each in enumerate(done):
            kind = _KINDS.get(each, Kind.LOGIC)
            sheet.box(340 + wide * n, y, wide, 26, each, kind, size=12)
        sheet.text(740, y + 13, f"N + {len(done)}", align="right")
    return sheet
