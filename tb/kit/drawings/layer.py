"""A dense layer, after TW-SNN fig. 6 and 7: the first of 784-256-256-10."""

from tb.kit.drawings.sheet import Box, Sheet
from tb.kit.drawings.style import PALE, Kind
from trispike.models.network.numbers import BANK_NEURONS, POTENTIAL_BITS
from trispike.models.network.presets import TABLE_1

SHAPE = TABLE_1["fc256_256"].layers[0]
_SHOWN = (0, 1, len(SHAPE.banks) - 1)
"""Banks that are drawn."""


def _banks(sheet: Sheet) -> list[Box]:
    """Banks, each with its parts."""
    drawn = []
    for k, number in enumerate(_SHOWN):
        x, bank = 272 + 152 * k, SHAPE.banks[number]
        drawn.append(sheet.box(x, 128, 132, 128, "", Kind.MEMORY))
        sheet.text(x + 66, 140, f"bank {number}: {bank.width} bits", color=PALE)
        for p, part in enumerate(bank.parts):
            text = f"part {p}: {part.rows} rows"
            sheet.box(x + 8, 151 + 25 * p, 116, 21, text, Kind.MEMORY, size=12)
    sheet.text(drawn[-1].x - 10, 192, "…")
    return drawn


def _broadcast(sheet: Sheet, start: tuple, y: float, banks: list[Box], at: float, **how) -> None:
    """A wire from ``start`` to the upper side of all ``banks``, along ``y``."""
    *others, last = (bank.top(at) for bank in banks)
    turns = [(244, start[1]), (244, y)] if start[1] != y else []
    sheet.arrow(start, *turns, (last[0], y), last, **how)
    for top in others:
        sheet.arrow((top[0], y), top, **how)
        sheet.dot((top[0], y))


def _elements(sheet: Sheet, banks: list[Box]) -> None:
    """PEs below their banks."""
    pes = sheet.region(262, 322, 456, 92)
    for bank, number in zip(banks, _SHOWN, strict=True):
        first = BANK_NEURONS * number
        last = min(first + BANK_NEURONS, SHAPE.neurons) - 1
        text = f"PE {first} to {last}\n{POTENTIAL_BITS}-bit potential,\nspike flip-flop"
        group = sheet.box(bank.x, 332, bank.w, 72, text, Kind.REGISTER)
        sheet.arrow(bank.bottom(), group.top(), stream=True)
        sheet.note(bank.bottom()[0] + 9, 288, f"{BANK_NEURONS} weights")
    sheet.text(banks[-1].x - 10, 368, "…")
    sheet.arrow(pes.right(), (756, 368), stream=True)
    sheet.text(740, 352, "o", align="left")


def _control(sheet: Sheet, flow: Box, registers: Box, bank: Box) -> None:
    """What all PEs are told."""
    scale = sheet.box(84, 350, 130, 52, "scale\n±a, ±b or 0")
    sheet.text(8, 260, "writes", align="left")
    sheet.arrow((8, 274), registers.left())
    sheet.arrow(registers.right(0.2), (bank.x, registers.right(0.2)[1]))
    sheet.note(238, registers.right(0.2)[1] - 10, "write")
    sheet.arrow(registers.bottom(), scale.top())
    sheet.note(156, 334, "a, b")
    state, product, limits = 438, 460, 482
    sheet.arrow(
        flow.right(0.75), (232, flow.right(0.75)[1]), (232, state), (331, state), (331, 414)
    )
    sheet.arrow((232, 376), scale.right())
    sheet.dot((232, 376))
    sheet.note(242, state - 10, "state")
    sheet.arrow(scale.bottom(), (149, product), (490, product), (490, 414))
    sheet.note(242, product - 10, "±a, ±b or 0, to every PE")
    sheet.arrow(
        registers.left(0.8), (70, registers.left(0.8)[1]), (70, limits), (642, limits), (642, 414)
    )
    sheet.note(242, limits - 10, "threshold; of each neuron its bias")


def draw() -> Sheet:
    """Addresses go to the banks, states to the PEs, a row of weights from the one to the other."""
    sheet = Sheet(540)
    sheet.region(56, 12, 676, 486, f"layer of {SHAPE.inputs} inputs and {SHAPE.neurons} neurons")
    encoder = sheet.box(84, 44, 130, 52, "AER encoder\none address a cycle", Kind.REGISTER)
    flow = "flow controller\nread the banks,\nthen integrate"
    flow = sheet.box(84, 128, 130, 70, flow, Kind.CONTROL)
    registers = "registers\na, b, threshold\nand a bias\nfor each neuron"
    registers = sheet.box(84, 232, 130, 84, registers, Kind.REGISTER)
    banks = _banks(sheet)

    sheet.text(8, 58, "i", align="left")
    sheet.arrow((8, 70), encoder.left(), stream=True)
    sheet.arrow(encoder.bottom(), flow.top(), stream=True)
    sheet.note(156, 113, "events")
    _broadcast(sheet, encoder.right(), 70, banks, 0.5, stream=True)
    sheet.note(300, 58, "address: row of the weights of the neuron that has spiked")
    _broadcast(sheet, flow.right(0.25), 104, banks, 0.75)
    sheet.note(258, 94, "read")
    _elements(sheet, banks)
    _control(sheet, flow, registers, banks[0])
    sheet.legend(522)
    return sheet
