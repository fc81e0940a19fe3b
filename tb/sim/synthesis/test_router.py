"""`make synth BLOCK=router`: what is counted, links, what is scaled, and what is refused."""

import dataclasses
import json

import pytest

from tb.kit.command import refused_here
from tb.kit.silicon import needs_synthesis
from trispike.models.errors import BadInput
from trispike.sim.cli import cli
from trispike.sim.report.document import markers, read_section
from trispike.sim.report.published import ROUTER, SILICON
from trispike.sim.synthesis import command, flow, record, router_tables
from trispike.sim.synthesis.figures import BlockFigures
from trispike.sim.synthesis.router import RouterSynthesis
from trispike.sim.synthesis.tables import DERIVED, MEASURED, PUBLISHED
from trispike.sim.synthesis.timing import Hop, Link, Timing
from trispike.sim.tools import paths


def _unit(block: str, gates: float) -> BlockFigures:
    return BlockFigures(
        block=block,
        instances=7,
        cells=10,
        buffers=1,
        flip_flops=2,
        area=24 * gates,
        gates=gates,
        memory_bits=0,
    )


def _synthesis(depth: int = 4, library: str = "osu018_stdcells") -> RouterSynthesis:
    hop = Hop(instance="", cells=30, signals=("total[16]",), arrival=4.4)
    return RouterSynthesis(
        library=library,
        depth=depth,
        routing="xyz",
        dead_links=0,
        nand2="NAND2X1",
        nand2_area=24.0,
        units=(
            _unit("input units", 700.0),
            _unit("output units", 250.0),
            _unit("router: crossbar's wires, status", 50.0),
        ),
        timing=Timing(period=4.5, start="a", end="b", path=(hop,), behind_banks=0.0),
        links=(
            Link(what="flits", leaves=3.5, needs=1.5),
            Link(what="ready", leaves=0.3, needs=1.2),
        ),
        yosys="0.1",
        opensta="0.2",
    )


def test_scaled():
    """Fmax is of the longer of path and link; areas and clock at 65 nm, each by its method."""
    made = _synthesis()
    assert made.fmax == 200
    assert SILICON.gate_area == pytest.approx(1.165, abs=1e-3)
    at_65 = made.scaled
    assert at_65.shrunk == pytest.approx(24_000 * (65 / 180) ** 2)
    assert at_65.gates == pytest.approx(1165, abs=1)
    assert at_65.fmax == pytest.approx(200 * 4.49, rel=1e-3)
    assert _synthesis(library="toy").scaled is None


def test_record(tmp_path):
    """What was written is read, in order of depth; the same entries give the same bytes."""
    path = tmp_path / "router.json"
    two, eight = _synthesis(2), _synthesis(8)
    record.ROUTER.write(path, [eight, two])
    text = path.read_bytes()
    assert record.ROUTER.read(path) == [two, eight]
    record.ROUTER.write(path, record.ROUTER.read(path))
    assert path.read_bytes() == text


@pytest.mark.parametrize("change", [{"depth": 65}, {"routing": "yx"}, {"units": None}])
def test_bad_record(tmp_path, change):
    """An impossible router is refused."""
    path = tmp_path / "router.json"
    entry = {**dataclasses.asdict(_synthesis()), **change}
    path.write_text(json.dumps({"format": record.ROUTER.format, "entries": [entry]}))
    with pytest.raises(BadInput, match=r"is not a record of syntheses \(.+\); restore it"):
        record.ROUTER.read(path)


def test_markdown():
    """Each figure says whether it was measured, derived or published."""
    text = router_tables.markdown([_synthesis(2), _synthesis(4, library="toy")])
    assert "| depth 2, xyz, dead links: 0 | osu018_stdcells | 1,000 | 30 | 6 | 24,000 |" in text
    assert text.count("scaled to 65 nm, 1.2 V (") == 2  # not of an unknown library
    assert "| 41,739 | 537.63 | 1 | 1 | published |" in text
    assert "router: 30 cells by total[16], 4.40 ns" in text
    for word in (MEASURED, DERIVED, PUBLISHED):
        assert word in text


@needs_synthesis
def test_command(tmp_path, monkeypatch, capsys):
    """The table is printed and written, other routers are kept, and the netlist is there."""
    (tmp_path / "docs").mkdir()
    begin, end = markers(command.ROUTER_SECTION)
    (tmp_path / "docs" / "results.md").write_text(f"before\n{begin}\n{end}\nafter\n")
    monkeypatch.setattr(paths, "docs", lambda record: tmp_path / "docs")
    monkeypatch.setattr(flow, "build_folder", lambda: tmp_path / "build")
    record.ROUTER.write(tmp_path / "docs" / "router.json", [_synthesis(4)])
    made = tmp_path / "figures.json"
    arguments = ["synth", "--record", "--block", "router", "--depth", "2", "--json", str(made)]
    cli.main(arguments, standalone_mode=False)
    said = capsys.readouterr().out
    assert f"TW-SNN table 5, {ROUTER.what}, 65 nm: 41,739 um2, 537.63 MHz, published" in said
    section = read_section(tmp_path / "docs" / "results.md", command.ROUTER_SECTION)
    assert "| depth 2, xyz, dead links: 0 | osu018_stdcells |" in section
    assert "| depth 4, xyz, dead links: 0 | osu018_stdcells | 1,000 |" in section

    found = json.loads(made.read_text())
    inputs, outputs, rest, gates = found["units"]
    assert [inputs["instances"], outputs["instances"], rest["instances"]] == [7, 7, 1]
    assert gates["instances"] >= 7
    assert inputs["flip_flops"] >= 7 * 32
    assert outputs["flip_flops"] == 62  # whose turn it is and who has it: 2 for each way through
    assert rest["flip_flops"] == 16 + 7 + 3 + 7  # counter, ports, and of the last cycle both
    assert found["total"]["gates"] == pytest.approx(found["total"]["area"] / 24)
    flits, ready = found["links"]
    assert flits["leaves"] > ready["leaves"] > 0
    assert found["fmax_mhz"] <= 1000 / max(found["timing"]["period"], flits["leaves"])
    [netlist] = (tmp_path / "build" / "synthesis").glob("*/netlist.v")
    assert "module router_lewnsud_depth2_xyz (" in netlist.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--block", "mesh"], "BLOCK must be one of chip, router, node, not 'mesh'"),
        (["--block", "router", "--layer", "fc256"], "LAYER= is for BLOCK=chip; leave it out"),
        (["--block", "router", "--target", "cells"], "TARGET= is for BLOCK=chip; leave it out"),
        (["--dead-links", "1"], "DEAD_LINKS= is for BLOCK=router; leave it out"),
        (["--block", "router", "--depth", "65"], "router depth must be an integer from 2 to 64"),
        (["--block", "router", "--routing", "yx"], "ROUTING must be one of xyz, detour, not 'yx'"),
    ],
)
def test_refusals(arguments, message):
    """Contradicting options are one line, status 2."""
    assert message in refused_here("synth", *arguments)
