"""A convolution: from positions of maps to the weights of one window after the other."""

from tb.kit.drawings.sheet import Box, Sheet
from tb.kit.drawings.style import PALE, Kind
from trispike.models.network.presets import PRESETS

SHAPE = next(layer for layer in PRESETS["vgg7s"].layers if layer.maps.pool > 1)
_CELL = 18
_SPIKING = {(0, 2), (1, 3), (2, 6), (3, 1), (2, 4), (3, 5), (4, 3), (0, 8)}
"""Positions of the example, by row and column, where some channel spikes."""


def _maps(sheet: Sheet, x: float, y: float) -> None:
    """A corner of a map, with a window on it."""
    high, wide = SHAPE.maps.kernel
    for row in range(5):
        for column in range(10):
            kind = Kind.SPIKE if (row, column) in _SPIKING else Kind.LOGIC
            sheet.box(x + _CELL * column, y + _CELL * row, _CELL, _CELL, kind=kind)
    sheet.frame(Box(x + 3 * _CELL, y + _CELL, wide * _CELL, high * _CELL))
    volume, window = SHAPE.volume, f"window of {high} x {wide} taps"
    about = (
        f"maps of {volume.height} x {volume.width} positions with {volume.channels} channels each",
        f"frame: a {window}, whose silent taps take no cycle",
        "red: a position where some channel spikes",
        "the window moves to the right, then down; at each place all PEs fire once",
    )
    for k, line in enumerate(about):
        sheet.note(x + 11 * _CELL + 8, y + 14 + 21 * k, line)


def _line_buffer(sheet: Sheet) -> Box:
    """Rows of the map, a bank each."""
    maps = SHAPE.maps
    buffer = sheet.box(96, 182, 168, 110, "", Kind.MEMORY)
    sheet.text(180, 194, f"line buffer: {maps.buffer_rows} rows", color=PALE)
    for row in range(maps.buffer_rows):
        text = f"row {row}: {maps.volume.width} x {maps.volume.channels} bits"
        sheet.box(104, 205 + 21 * row, 152, 18, text, Kind.MEMORY, size=12)
    return buffer


def draw() -> Sheet:
    """The second layer of vgg7s, one lane."""
    maps, channels, bank = SHAPE.maps, SHAPE.volume.channels, SHAPE.banks[0]
    sheet = Sheet(460)
    _maps(sheet, 24, 18)
    lines = _line_buffer(sheet)
    texts = {
        "flags": "flags\na bit a position: does\nany channel spike?",
        "windows": "windows\none after the other,\nonce its rows are in",
        "taps": "taps that spike\nread ahead,\nlowest first",
        "encoder": f"encoder\nof a tap's\n{channels} channels",
        "weights": f"weights\n{maps.taps} x {channels} rows\nof {bank.width} bits",
        "elements": f"{SHAPE.neurons} PEs\na channel each",
        "pool": f"pool\nOR of {maps.pool} x {maps.pool}",
    }
    flags = sheet.box(96, 338, 168, 66, texts["flags"], Kind.REGISTER)
    windows = sheet.box(318, 338, 134, 66, texts["windows"], Kind.CONTROL)
    taps = sheet.box(318, 204, 134, 66, texts["taps"], Kind.REGISTER)
    encoder = sheet.box(504, 204, 96, 66, texts["encoder"], Kind.REGISTER)
    weights = sheet.box(646, 196, 100, 82, texts["weights"], Kind.MEMORY)
    elements = sheet.box(646, 320, 100, 50, texts["elements"], Kind.REGISTER)
    pool = sheet.box(504, 320, 96, 50, texts["pool"], Kind.MEMORY)

    sheet.text(8, 218, "i: a position,\na cycle", align="left")
    sheet.arrow((8, 237), lines.left(), stream=True)
    sheet.arrow((60, 237), (60, 371), flags.left())
    sheet.dot((60, 237))
    sheet.arrow(flags.right(), windows.left())
    sheet.arrow(windows.top(), taps.bottom())
    sheet.note(393, 306, "a bit a tap")
    sheet.arrow(taps.left(), lines.right(0.5))
    sheet.text(291, 226, "read", color=PALE)
    sheet.arrow(lines.top(), (180, 158), (552, 158), encoder.top(), stream=True)
    sheet.text(366, 148, f"word: the {channels} channels of a tap, a cycle later", color=PALE)
    sheet.arrow(taps.right(), encoder.left())
    sheet.text(478, 226, "tap", color=PALE)
    sheet.arrow(encoder.right(), weights.left(), stream=True)
    sheet.text(623, 214, "row", color=PALE)
    sheet.text(640, 176, f"row = tap x {channels} + channel", color=PALE)
    sheet.arrow(weights.bottom(), elements.top(), stream=True)
    sheet.arrow(elements.left(), pool.right(), stream=True)
    sheet.arrow(pool.bottom(), (552, 412), (752, 412), stream=True)
    sheet.text(650, 400, f"o: a position, {SHAPE.output.channels} channels")
    sheet.legend(446)
    return sheet
