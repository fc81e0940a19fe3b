"""Where the three figures of a prediction's energy come from."""

from trispike.sim.cost.constants import ADD_8, FLIP_FLOP_CLOCK, TARGET, TW_SNN_POWER

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import Kind


def _row(sheet: Sheet, y: float, title: str, boxes: tuple[tuple[str, Kind], ...]) -> None:
    """What is counted, what it is multiplied by, how it comes to the target, and the sum."""
    sheet.text(20, y + 8, title, align="left")
    at = ((20, 190), (246, 250), (532, 126))
    drawn = [sheet.box(x, y + 22, w, 74, text, kind) for (x, w), (text, kind) in zip(at, boxes, strict=True)]
    sheet.arrow(drawn[0].right(), drawn[1].left(), stream=True)
    sheet.arrow(drawn[1].right(), drawn[2].left(), stream=True)
    result = sheet.box(692, y + 36, 54, 46, "nJ", Kind.SPIKE)
    sheet.arrow(drawn[2].right(), result.left(), stream=True)


def draw() -> Sheet:
    """A row for each way."""
    sheet = Sheet(376)
    target, cells = f"{TARGET.node} nm", f"{FLIP_FLOP_CLOCK.technology.node} nm"
    scaled = f"scaled to {target}\nas Stillmaker and\nBaas say"
    counted = "events of the RTL\nreads, additions, cycles\nin which a clock passes"
    prices = f"energy of an event\nSRAM: CACTI 7 for {target};\nadditions: Horowitz, "
    prices += f"{ADD_8.technology.node} nm;\nflip-flops, clock gates: cells, {cells}"
    _row(sheet, 14, "1. events", ((counted, Kind.REGISTER), (prices, Kind.LOGIC), (scaled, Kind.LOGIC)))
    traced = "mapped netlist\nwith a waveform of the\nRTL: what switches when"
    power = f"power of each cell\nby OpenSTA, cells of {cells};\nmemory as in 1"
    _row(sheet, 138, "2. switching", ((traced, Kind.REGISTER), (power, Kind.LOGIC), (scaled, Kind.LOGIC)))
    cycles = "cycles of the RTL\na prediction"
    chip = f"TW-SNN's chip\n{TW_SNN_POWER.value:g} mW at 167 MHz,\npost-layout"
    own = f"is {target}\nalready"
    _row(sheet, 262, "3. TW-SNN's silicon", ((cycles, Kind.REGISTER), (chip, Kind.LOGIC), (own, Kind.LOGIC)))
    return sheet
