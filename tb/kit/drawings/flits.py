"""The fields of both kinds of flit."""

from collections.abc import Mapping

from tb.kit.drawings.sheet import Sheet, text_width
from tb.kit.drawings.style import PALE, SMALL, Kind
from trispike.models.mesh.flits import FLIT_BITS, MEMORY, SPIKE, Field

_BIT = 22.5
_LEFT = 20
_KINDS = {"type": Kind.CONTROL, "x": Kind.REGISTER, "y": Kind.REGISTER, "z": Kind.REGISTER}


def _flit(sheet: Sheet, y: float, title: str, fields: Mapping[str, Field]) -> None:
    """A row of fields, bit 0 at the right; names of narrow ones are turned."""
    sheet.text(_LEFT, y - 26, title, align="left")
    high = 76
    for name, field in fields.items():
        top = field.lowest + field.width - 1
        x, w = _LEFT + _BIT * (FLIT_BITS - 1 - top), _BIT * field.width
        sheet.box(x, y, w, high, kind=_KINDS.get(name, Kind.LOGIC))
        turned = text_width(name, SMALL) > w - 4
        text = name if turned else name.replace("_", "\n")
        sheet.text(x + w / 2, y + high / 2, text, turned=turned)
        for bit in sorted({field.lowest, top}):
            at = _LEFT + _BIT * (FLIT_BITS - 0.5 - bit)
            sheet.text(at, y - 9, str(bit), color=PALE)


def draw() -> Sheet:
    """A spike flit above a memory flit."""
    sheet = Sheet(284)
    _flit(sheet, 48, f"spike flit, {FLIT_BITS} bits", SPIKE)
    _flit(sheet, 174, "memory flit", MEMORY)
    sheet.note(_LEFT, 267, "x, y, z: the destination, at the same place in both, for any router")
    return sheet
