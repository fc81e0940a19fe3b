"""What is on a page, whatever draws it."""

import dataclasses
from typing import Any

MEASURED, DERIVED, GIVEN, PUBLISHED = "measured", "derived", "given", "published"
"""How a figure is known."""

Row = tuple[str, str, str]
"""A quantity, its value, and how it is known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """What the reader may choose; plots have a parameter called ``name``.

    - ``label``: what it is called.
    - ``options``: value and text of each, the first being chosen at first; or
    - ``most``: the largest of the numbers from 0 on, and the ``first`` to be chosen.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    most: int = 0
    first: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plot:
    """A Vega-Lite ``spec`` called ``name``, what it shows, and ``how`` its figures are known."""

    name: str
    title: str
    how: str
    spec: dict[str, Any]
    note: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """A small ``picture``, a data URL, and the words below it."""

    picture: str
    text: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page: text, what may be chosen, plots, pictures, a table, in this order."""

    title: str
    text: str = ""
    command: str = ""
    choices: tuple[Choice, ...] = ()
    plots: tuple[Plot, ...] = ()
    pictures: tuple[Picture, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """A page.

    - ``title``: what ran, on what.
    - ``command``: repeats it.
    - ``verdict``: whether RTL and models agreed, in words; ``agreed``.
    - ``highlights``: figures to see first.
    - ``figures``: what JSON= keeps of the run, as the module ``json`` takes it.
    """

    title: str
    command: str
    verdict: str
    agreed: bool
    highlights: tuple[Row, ...]
    figures: dict[str, Any]
    sections: tuple[Section, ...]
