"""A dense layer, after TW-SNN fig. 6 and 7: the first of 784-256-256-10."""

from trispike.models.network.numbers import BANK_NEURONS, POTENTIAL_BITS
from trispike.models.network.presets import TABLE_1

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import PALE, Kind

SHAPE = TABLE_1["fc256_256"].layers[0]
_SHOWN = 3
"""Banks that are drawn; the last stands for all further ones."""


def _banks(sheet: Sheet) -> list:
    """Draw banks, each with its parts; returns them."""
    parts = SHAPE.banks[0].parts
    drawn = []
    for k in range(_SHOWN):
        number = k if k < _SHOWN - 1 else len(SHAPE.banks) - 1
        x = 272 + 152 * k
        bank = sheet.box(x, 128, 132, 128, "", Kind.MEMORY)
        sheet.text(x + 66, 140, f"bank {number}: {SHAPE.banks[0].width} bits", color=PALE)
        for p, part in enumerate(parts):
            sheet.box(x + 8, 151 + 25 * p, 116, 21, f"part {p}: {part.rows} rows", Kind.MEMORY, size=12)
        drawn.append(bank)
    return drawn


def draw() -> Sheet:
    """Addresses go to the banks, states to the PEs, a row of weights from the one to the other."""
    sheet = Sheet(540)
    sheet.region(56, 12, 676, 486, f"layer of {SHAPE.inputs} inputs and {SHAPE.neurons} neurons")
    encoder = sheet.box(84, 44, 130, 52, "AER encoder\none address a cycle", Kind.REGISTER)
    flow = sheet.box(84, 128, 130, 70, "flow controller\nread the banks,\nthen integrate", Kind.CONTROL)
    registers = sheet.box(84, 232, 130, 84, "registers\na, b, threshold\nand a bias\nfor each neuron", Kind.REGISTER)
    scale = sheet.box(84, 350, 130, 52, "scale\n±a, ±b or 0")
    banks = _banks(sheet)

    sheet.text(8, 58, "i", align="left")
    sheet.arrow((8, 70), encoder.left(), stream=True)
    sheet.arrow(encoder.bottom(), flow.top(), stream=True)
    sheet.text(156, 113, "events", align="left", color=PALE)

    address, read = 70, 104
    sheet.arrow(encoder.right(), (banks[-1].top(0.5)[0], address), banks[-1].top(0.5), stream=True)
    for bank in banks[:-1]:
        sheet.arrow((bank.top(0.5)[0], address), bank.top(0.5), stream=True)
        sheet.dot((bank.top(0.5)[0], address))
    sheet.text(452, address - 12, "address: row of the weights of the neuron that has spiked", color=PALE)
    sheet.arrow(flow.right(0.25), (244, flow.right(0.25)[1]), (244, read), (banks[-1].top(0.75)[0], read), banks[-1].top(0.75))
    for bank in banks[:-1]:
        sheet.arrow((bank.top(0.75)[0], read), bank.top(0.75))
        sheet.dot((bank.top(0.75)[0], read))
    sheet.text(258, read - 10, "read", align="left", color=PALE)

    pes = sheet.region(262, 322, 456, 92)
    for bank, k in zip(banks, (0, 1, len(SHAPE.banks) - 1), strict=True):
        first = BANK_NEURONS * k
        last = min(first + BANK_NEURONS, SHAPE.neurons) - 1
        text = f"PE {first} to {last}\n{POTENTIAL_BITS}-bit potential,\nspike flip-flop"
        group = sheet.box(bank.x, 332, bank.w, 72, text, Kind.REGISTER)
        sheet.arrow(bank.bottom(), group.top(), stream=True)
        sheet.text(bank.bottom()[0] + 9, 288, f"{BANK_NEURONS} weights", align="left", color=PALE)
    for y in (192, 368):
        sheet.text(banks[-1].x - 10, y, "…")
    sheet.arrow(pes.right(), (756, 368), stream=True)
    sheet.text(740, 352, "o", align="left")

    sheet.text(8, 260, "writes", align="left")
    sheet.arrow((8, 274), registers.left())
    sheet.arrow(registers.right(0.2), (banks[0].x, registers.right(0.2)[1]))
    sheet.text(238, registers.right(0.2)[1] - 10, "write", align="left", color=PALE)
    sheet.arrow(registers.bottom(), scale.top())
    sheet.text(156, 334, "a, b", align="left", color=PALE)

    state, product, limits = 438, 460, 482
    sheet.arrow(flow.right(0.75), (232, 180), (232, state), (331, state), (331, 414))
    sheet.arrow((232, 376), scale.right())
    sheet.dot((232, 376))
    sheet.text(242, state - 10, "state", align="left", color=PALE)
    sheet.arrow(scale.bottom(), (149, product), (490, product), (490, 414))
    sheet.text(242, product - 10, "±a, ±b or 0, to every PE", align="left", color=PALE)
    sheet.arrow(registers.left(0.8), (70, registers.left(0.8)[1]), (70, limits), (642, limits), (642, 414))
    sheet.text(242, limits - 10, "threshold; of each neuron its bias", align="left", color=PALE)
    sheet.legend(522)
    return sheet
