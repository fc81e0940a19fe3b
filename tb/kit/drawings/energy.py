"""Where the three figures of a prediction's energy come from."""

import itertools

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import Kind
from trispike.sim.cost.constants import ADD_8, FLIP_FLOP_CLOCK, TARGET, TW_SNN_POWER
from trispike.sim.report.published import SILICON


def _row(sheet: Sheet, y: float, title: str, *texts: str) -> None:
    """What is counted, what it is multiplied by, how it comes to the target, and the sum."""
    sheet.text(20, y + 8, title, align="left")
    places = (20, 190, Kind.REGISTER), (246, 250, Kind.LOGIC), (532, 126, Kind.LOGIC)
    row = [
        sheet.box(x, y + 22, w, 74, text, kind)
        for (x, w, kind), text in zip(places, texts, strict=True)
    ]
    row.append(sheet.box(692, y + 36, 54, 46, "nJ", Kind.SPIKE))
    for one, other in itertools.pairwise(row):
        sheet.arrow(one.right(), other.left(), stream=True)


def draw() -> Sheet:
    """A row for each way."""
    sheet = Sheet(376)
    target, cells = f"{TARGET.node} nm", f"{FLIP_FLOP_CLOCK.technology.node} nm"
    scaled = f"scaled to {target}\nas Stillmaker and\nBaas say"
    events = "events of the RTL\nreads, additions, cycles\nin which a clock passes"
    prices = f"energy of an event\nSRAM: CACTI 7 for {target};\nadditions: Horowitz, "
    prices += f"{ADD_8.technology.node} nm;\nflip-flops, clock gates: cells, {cells}"
    _row(sheet, 14, "1. events", events, prices, scaled)
    traced = "mapped netlist\nwith a waveform of the\nRTL: what switches when"
    power = f"power of each cell\nby OpenSTA, cells of {cells};\nmemory as in 1"
    _row(sheet, 138, "2. switching", traced, power, scaled)
    power = f"{TW_SNN_POWER.value:g} mW at {SILICON.megahertz:g} MHz"
    chip = f"energy of a cycle\nTW-SNN's chip: {power},\npost-layout"
    _row(sheet, 262, "3. TW-SNN's silicon", "cycles of the RTL", chip, f"is {target}\nalready")
    return sheet
