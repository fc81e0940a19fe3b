"""From trained weights to a verdict: what `make sim` does."""

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import PALE, Kind


def draw() -> Sheet:
    """The street of one run, and what else is made of the same description and Verilog."""
    sheet = Sheet(454)
    trained = sheet.box(
        20, 30, 150, 62, "trained weights\nmake train, a NIR file,\nor NumPy arrays"
    )
    network = sheet.box(20, 128, 150, 62, "network\nternary weights,\nintegers", Kind.MEMORY)
    images = sheet.box(20, 226, 150, 62, "test images\nspikes of each\ntimestep", Kind.OUTSIDE)
    model = sheet.box(240, 30, 170, 62, "golden model\nNumPy: each potential,\nspike and label")
    cycles = sheet.box(440, 30, 120, 62, "cycle model\nwhen each event\nhappens")
    rtl = sheet.box(240, 150, 100, 50, "RTL\nAmaranth", Kind.REGISTER)
    verilog = sheet.box(366, 150, 92, 50, "Verilog", Kind.REGISTER)
    simulated = sheet.box(484, 150, 120, 50, "simulation\nVerilator, cocotb", Kind.REGISTER)
    judge = sheet.box(630, 84, 112, 62, "compared\nvalue by value,\ncycle by cycle", Kind.CONTROL)

    sheet.arrow(trained.bottom(), network.top(), stream=True)
    bus = 205
    sheet.arrow(network.right(), (bus, 159), (bus, 45.5), model.left(0.25), stream=True)
    sheet.arrow((bus, 159), (bus, 175), rtl.left(), stream=True)
    sheet.arrow(images.right(), (222, 257), (222, 76.5), model.left(0.75))
    sheet.arrow((222, 257), (222, 312), (532, 312), simulated.bottom(0.4))
    sheet.text(383, 301, "the same spikes", color=PALE)
    sheet.arrow((bus, 175), (bus, 326), (568, 326), simulated.bottom(0.7), stream=True)
    sheet.text(383, 337, "the same weights, written into the chip", color=PALE)
    sheet.dot((bus, 175))
    sheet.dot((222, 257))
    sheet.dot((bus, 159))
    sheet.arrow(model.right(), cycles.left())
    sheet.arrow(rtl.right(), verilog.left(), stream=True)
    sheet.arrow(verilog.right(), simulated.left(), stream=True)
    sheet.arrow(cycles.right(), (686, 61), judge.top(), stream=True)
    sheet.arrow(simulated.right(), (686, 175), judge.bottom(), stream=True)
    sheet.text(595, 47, "expected", color=PALE)
    sheet.text(648, 189, "found", color=PALE)

    silicon = "gates, clock, energy\nmake synth, make energy:\nof the same Verilog"
    silicon = sheet.box(312, 226, 200, 58, silicon, Kind.OUTSIDE)
    sheet.arrow(verilog.bottom(), silicon.top(), dashed=True)

    outputs = (
        ("table", "accuracy, cycles,\nmismatches, energy"),
        ("waveform", "WAVES=1: every\nsignal"),
        ("timeline", "TIMELINE=: who\nworks, who waits"),
        ("report", "make report: one\npage of HTML"),
    )
    sheet.arrow(judge.right(0.7), (751, judge.right(0.7)[1]), (751, 356), (260, 356), head=False)
    for k, (name, more) in enumerate(outputs):
        out = sheet.box(194 + 140 * k, 380, 132, 58, f"{name}\n{more}", Kind.OUTSIDE)
        sheet.arrow((out.top()[0], 356), out.top())
    return sheet
