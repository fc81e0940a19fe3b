"""The fixed chip of 784-256-256-10: layers, read-out, configuration."""

from tb.kit.drawings.sheet import Sheet
from tb.kit.drawings.style import PALE, Kind
from trispike.models.network.numbers import COUNT_BITS
from trispike.models.network.presets import TABLE_1
from trispike.rtl.layers.configuration import write_layout

SHAPE = TABLE_1["fc256_256"]


def _layer(k: int) -> str:
    layer = SHAPE.layers[k]
    banks = f"{len(layer.banks)} bank{'s' * (len(layer.banks) > 1)} of"
    size = f"{layer.banks[0].rows} x {layer.banks[0].width} bits"
    return f"layer {k}\n{layer.inputs} inputs\n{banks}\n{size}\n{layer.neurons} PEs"


def draw() -> Sheet:
    """Spike vectors from the left to the right, configuration from below."""
    sheet = Sheet(272)
    chip = sheet.region(50, 12, 650, 220, f"chip {SHAPE.name}")
    middle = 100
    gate = sheet.box(82, 70, 62, 60, "input\ngate", dashed=True)
    layers = [
        sheet.box(184 + 138 * k, 48, 106, 104, _layer(k), Kind.REGISTER)
        for k in range(len(SHAPE.layers))
    ]
    readout = f"read-out\ncounters of\n{COUNT_BITS} bits,\nargmax"
    readout = sheet.box(594, 48, 84, 104, readout, Kind.REGISTER)

    sheet.text(10, middle - 12, "i", align="left")
    sheet.arrow((10, middle), gate.left(), stream=True)
    row = [gate, *layers, readout]
    for one, other, width in zip(row, row[1:], SHAPE.sizes, strict=False):
        sheet.arrow((one.x + one.w, middle), (other.x, middle), stream=True)
        sheet.text((one.x + one.w + other.x) / 2 - 3, middle - 12, str(width), color=PALE)
    sheet.arrow((readout.x + readout.w, middle), (746, middle), stream=True)
    sheet.text(751, middle - 14, "result", align="right")

    sheet.arrow(readout.top(), (636, 36), (113, 36), gate.top(), dashed=True)
    sheet.text(400, 26, "stop, in a chip that ends images early: it resets the layers", color=PALE)

    bits = write_layout(SHAPE.layers).size
    bus = 194
    sheet.arrow((10, bus), (636, bus), readout.bottom())
    for layer in layers:
        sheet.arrow((layer.bottom()[0], bus), layer.bottom())
        sheet.dot((layer.bottom()[0], bus))
    sheet.text(chip.x + 12, bus + 14, f"configuration, {bits} bits: weights, biases,", align="left")
    sheet.text(chip.x + 12, bus + 29, "constants, number of timesteps", align="left")
    sheet.text(628, 182, "timesteps", align="right", color=PALE)
    sheet.note(20, 252, "thick: a stream (valid, ready, payload) and the bits of its payload")
    return sheet
