"""Colours and sizes of all drawings. Colours say what a block is made of."""

import enum

WIDTH = 760
"""Pixels: as wide as a page, so that text is as large as it says."""

SIZE = 13
SMALL = 12
INK = "#1b2430"
PALE = "#5b6673"
PAPER = "#ffffff"


class Kind(enum.Enum):
    """What a block is: colour of its inside and of its border."""

    LOGIC = ("#ffffff", "#5b6673")
    REGISTER = ("#dbeafe", "#2563a8")
    MEMORY = ("#fdecc8", "#a86a10")
    CONTROL = ("#e3f3e1", "#3d7f3a")
    OUTSIDE = ("#eef0f3", "#9aa3ae")
    SPIKE = ("#fbdcdc", "#b23b3b")

    @property
    def fill(self) -> str:
        """Colour of the inside."""
        return self.value[0]

    @property
    def edge(self) -> str:
        """Colour of the border."""
        return self.value[1]


LEGEND = {
    Kind.REGISTER: "registers",
    Kind.MEMORY: "SRAM",
    Kind.LOGIC: "logic",
    Kind.CONTROL: "control",
}
