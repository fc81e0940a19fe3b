"""The generated sections of docs/results.md are what the records beside it give."""

import pytest

from tb.kit import frameworks
from tb.kit.command import ROOT
from trispike.sim.accuracy import point_tables
from trispike.sim.accuracy import record as accuracy
from trispike.sim.accuracy import tables as accuracy_tables
from trispike.sim.accuracy.cost import costs
from trispike.sim.accuracy.points import POINTS as ENERGY_POINTS
from trispike.sim.accuracy.source import sources
from trispike.sim.energy import tables as energy_tables
from trispike.sim.energy import width_tables
from trispike.sim.energy.record import ENERGIES, WIDTHS
from trispike.sim.noc import tables as noc_tables
from trispike.sim.noc.record import POINTS
from trispike.sim.noc.saturation import curves
from trispike.sim.report.document import read_section
from trispike.sim.report.markdown import markdown_table
from trispike.sim.synthesis import ecp5_tables, node_tables, router_tables, tables
from trispike.sim.synthesis.record import CELLS, ECP5, NODE, ROUTER

DOCS = ROOT / "docs"


def test_table():
    """A row of titles, a line, the rows."""
    text = markdown_table(["a", "b"], [["1", "2"], ["3", ""]])
    assert text == "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |  |"


def _accuracy(data):
    kept = accuracy.read(DOCS / "accuracy.json")
    entries = [kept[source] for source in sources(data) if source in kept]
    links = [f"figures/{name}-{data}.png" for name in ("accuracy", "quantisation")]
    return accuracy_tables.markdown(data, entries, costs(entries), links)


def _accuracy_against_energy():
    entries = ENERGY_POINTS.read(DOCS / "accuracy-energy.json")
    return point_tables.markdown("mnist", entries, "figures/energy-accuracy-mnist.png")


def _noc():
    drawn = curves(POINTS.read(DOCS / "noc.json"))
    return f"![latency against load](figures/noc.png)\n\n{noc_tables.markdown(drawn)}"


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("accuracy digits", lambda: _accuracy("digits")),
        ("accuracy mnist", lambda: _accuracy("mnist")),
        ("accuracy energy mnist", _accuracy_against_energy),
        ("energy", lambda: energy_tables.markdown(ENERGIES.read(DOCS / "energy.json"))),
        (
            "energy widths",
            lambda: width_tables.markdown(WIDTHS.read(DOCS / "energy-widths.json")),
        ),
        (
            "frameworks",
            lambda: frameworks.markdown(frameworks.RULES.read(DOCS / "frameworks.json")),
        ),
        ("noc", _noc),
        ("synthesis", lambda: tables.markdown(CELLS.read(DOCS / "synthesis.json"))),
        ("synthesis router", lambda: router_tables.markdown(ROUTER.read(DOCS / "router.json"))),
        ("synthesis node", lambda: node_tables.markdown(NODE.read(DOCS / "node.json"))),
        ("synthesis ecp5", lambda: ecp5_tables.markdown(ECP5.read(DOCS / "ecp5.json"))),
    ],
)
def test_section(section, text):
    """Byte for byte."""
    assert read_section(DOCS / "results.md", section) == text().strip("\n")
