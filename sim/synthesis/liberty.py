"""Reads from a Liberty file what the flow needs besides Yosys and OpenSTA, which read it
themselves.
"""

import dataclasses
import re
from pathlib import Path

from trispike.models.errors import BadInput

_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_LOAD_UNIT = re.compile(r"capacitive_load_unit\s*\(([^)]*)\)")
_TOKEN = re.compile(
    r"""(?P<group>\w+)\s*\((?P<arguments>[^(){}]*)\)\s*\{   # a group begins
      | (?P<end>\})                                         # one ends
      | (?P<name>\w+)\s*:\s*(?P<value>"[^"]*"|[^;"\n}]*)    # a simple attribute
    """,
    re.X,
)


_DRAWN_AREAS = {("osu018_stdcells", "LATCH"): 56.0}
"""In um2, by library and cell, where the Liberty file has 0; by the library's layouts (LEF)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pin:
    """A pin of a cell.

    direction: ``input``, ``output``, ``inout`` or ``internal``.
    capacitance: Capacitance of an input, in the library's unit.
    most: Highest load of an output, in the same unit; 0 if the file does not say.
    function: Boolean function of an output, as written; empty if there is none.
    """

    direction: str
    capacitance: float
    most: float
    function: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """A standard cell: area in um2, pins by name, whether it stores anything, and at an edge."""

    area: float
    pins: dict[str, Pin]
    stores: bool
    flip_flop: bool

    @property
    def inputs(self) -> list[str]:
        """Names of the input pins."""
        return [name for name, pin in self.pins.items() if pin.direction == "input"]

    @property
    def outputs(self) -> list[str]:
        """Names of the output pins."""
        return [name for name, pin in self.pins.items() if pin.direction == "output"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Liberty:
    """A cell library: its file, its own name, its cells by name, and its unit of capacitance."""

    path: Path
    name: str
    cells: dict[str, Cell]
    capacitive_load_unit: str


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _pin(attributes: dict[str, str]) -> Pin:
    return Pin(
        direction=attributes.get("direction", ""),
        capacitance=_number(attributes.get("capacitance")),
        most=_number(attributes.get("max_capacitance")),
        function="" if "three_state" in attributes else attributes.get("function", ""),
    )


def read(path: Path) -> Liberty:
    """The library in the Liberty file ``path``; `BadInput` if it is not one or has no cells."""
    try:
        text = _COMMENT.sub("", path.read_text(errors="replace"))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}; name another by LIBERTY=") from None
    library = ""
    cells: dict[str, Cell] = {}
    open_: list[str] = []  # kinds of the groups around, outermost first
    cell: dict[str, str] = {}
    pins: dict[str, dict[str, str]] = {}
    names: list[str] = []
    stores = flip_flop = False
    for token in _TOKEN.finditer(text):
        if token["group"]:
            open_.append(token["group"])
            names_here = [name.strip(' "') for name in token["arguments"].split(",")]
            if open_ == ["library"]:
                library = names_here[0]
            elif open_ == ["library", "cell"]:
                cell, pins, stores = {"name": names_here[0]}, {}, False
                flip_flop = False
            elif open_[2:] == ["pin"]:
                names = names_here
                pins.update({name: {} for name in names})
            elif open_[2:] in (["ff"], ["latch"], ["statetable"], ["ff_bank"], ["latch_bank"]):
                stores = True
                flip_flop = flip_flop or open_[2] in ("ff", "ff_bank")
        elif token["end"]:
            if open_ == ["library", "cell"]:
                drawn = _DRAWN_AREAS.get((library, cell["name"]), 0.0)
                cells[cell["name"]] = Cell(
                    area=_number(cell.get("area")) or drawn,
                    pins={name: _pin(attributes) for name, attributes in pins.items()},
                    stores=stores,
                    flip_flop=flip_flop,
                )
            if open_:
                open_.pop()
        else:
            value = token["value"].strip(' "')
            if open_[2:] == ["pin"]:
                for name in names:
                    pins[name][token["name"]] = value
            elif open_ == ["library", "cell"] and token["name"] != "name":
                cell[token["name"]] = value
    if not cells:
        raise BadInput(f"{path} has no cells; LIBERTY= must name a Liberty file of standard cells")
    unit = _LOAD_UNIT.search(text)
    return Liberty(
        path=path, name=library, cells=cells, capacitive_load_unit=unit[1] if unit else "1,pf"
    )
