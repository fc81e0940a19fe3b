"""`make synth BLOCK=node`: parts of a node, what stands beside table 5, and what is refused."""

import dataclasses
import json

import pytest

from tb.kit.command import refused_here
from tb.kit.silicon import mapped, needs_synthesis
from trispike.models.errors import BadInput
from trispike.models.mesh.node_shape import NodeShape
from trispike.rtl.node.address_table import AddressTable
from trispike.rtl.node.sender import SpikeSender
from trispike.sim.cli import cli
from trispike.sim.report.document import markers, read_section
from trispike.sim.report.published import CLUSTER, INTERFACE, ROUTER
from trispike.sim.synthesis import command, flow, node_tables, record
from trispike.sim.synthesis.figures import BlockFigures
from trispike.sim.synthesis.netlist import Instance, Module, Netlist
from trispike.sim.synthesis.node import UNITS, NodeSynthesis, Part
from trispike.sim.synthesis.router import RouterSynthesis
from trispike.sim.synthesis.tables import DERIVED, MEASURED, PUBLISHED
from trispike.sim.synthesis.timing import Hop, Link, Timing, time
from trispike.sim.tools import paths

SMALL = NodeShape(inputs=32, neurons=32, sources=2, destinations=3)


def _block(block: str, gates: float, memory_bits: int = 0) -> BlockFigures:
    return BlockFigures(
        block=block,
        instances=1,
        cells=10,
        buffers=1,
        flip_flops=2,
        area=24 * gates,
        gates=gates,
        memory_bits=memory_bits,
    )


def _timing(period: float) -> Timing:
    hop = Hop(instance="", cells=30, signals=("total[16]",), arrival=period - 0.1)
    return Timing(period=period, start="a", end="b", path=(hop,), behind_banks=1.0)


def _router(library: str = "osu018_stdcells") -> RouterSynthesis:
    return RouterSynthesis(
        library=library,
        depth=4,
        routing="xyz",
        dead_links=0,
        nand2="NAND2X1",
        nand2_area=24.0,
        units=(_block("input units", 500.0),),
        timing=_timing(5.0),
        links=(Link(what="flits", leaves=3.0, needs=1.5),),
        yosys="0.1",
        opensta="0.2",
    )


def _node(library: str = "osu018_stdcells", inputs: int = 1024) -> NodeSynthesis:
    cluster = (_block("processing elements", 2000.0), _block("SRAM banks (macros)", 0.0, 524_288))
    return NodeSynthesis(
        library=library,
        inputs=inputs,
        neurons=256,
        sources=8,
        destinations=8,
        nand2="NAND2X1",
        nand2_area=24.0,
        interface=Part(blocks=tuple(_block(what, 100.0) for what, _ in UNITS), timing=_timing(4.0)),
        cluster=Part(blocks=cluster, timing=_timing(7.0)),
        between=_block("memory map", 50.0),
        timing=_timing(8.0),
        router=_router(library),
        yosys="0.1",
        opensta="0.2",
    )


def test_sums():
    """All parts are in the node, the protocol's units not in the bare interface; slowest clock."""
    made = _node()
    assert made.interface.total.gates == 800
    assert made.bare_interface.gates == 500
    assert made.total.gates == 800 + 2000 + 50 + 500
    assert made.total.memory_bits == 524_288
    assert made.fmax == 125
    assert dataclasses.replace(made, timing=_timing(4.0)).fmax == 200  # the router's


def test_table_5():
    """The sum of what TW-SNN prints, and the clock of its slowest part."""
    assert node_tables.WHOLE.area == INTERFACE.area + CLUSTER.area + ROUTER.area == 319_379
    assert node_tables.WHOLE.megahertz == 537.63


def test_markdown():
    """Each figure says whether it was measured, derived or published; no banks among the rows."""
    text = node_tables.markdown([_node(), _node("toy")])
    head, kinds, *_ = (
        line for line in text.splitlines() if line.startswith(("| part |", "|  | d"))
    )
    assert head.count("|") == kinds.count("|")
    for word in (MEASURED, DERIVED, PUBLISHED):
        assert word in kinds
    assert (
        "| NI: AER LUT | 100 | 2 | 2,400 |  | 313 | 117 |  | 16,747 |  | 0.02 | 0.01 |  |" in text
    )
    assert "| **network interface** | 800 | 16 | 19,200 | 250.0 | 2,504 |" in text
    assert "| 319,379 (derived) | 537.63 (derived) |" in text
    assert "SRAM banks" not in text
    assert "- cluster, 7.00 ns: `a` to `b` (cluster: 30 cells by total[16], 6.90 ns)" in text
    assert "| **node** | 3,350 | 24 | 80,400 | 125.0 |  |  |  | 319,379" in text  # of toy


def test_record(tmp_path):
    """What was written is read, in order of shape; the same entries give the same bytes."""
    path = tmp_path / "node.json"
    large, small = _node(), _node(inputs=512)
    record.NODE.write(path, [large, small])
    text = path.read_bytes()
    assert record.NODE.read(path) == [small, large]
    record.NODE.write(path, record.NODE.read(path))
    assert path.read_bytes() == text


@pytest.mark.parametrize("change", [{"inputs": 33}, {"cluster": None}, {"router": {}}])
def test_bad_record(tmp_path, change):
    """An impossible node is refused."""
    path = tmp_path / "node.json"
    entry = {**dataclasses.asdict(_node()), **change}
    path.write_text(json.dumps({"format": record.NODE.format, "entries": [entry]}))
    with pytest.raises(BadInput, match=r"is not a record of syntheses \(.+\); restore it"):
        record.NODE.read(path)


def test_names_of_verilog():
    """An instance that is called like a word of Verilog is escaped."""
    inner = Module(name="inner", ports={}, cells=[], names={})
    cells = [Instance(name=name, kind="inner", pins={}) for name in ("output", "outputs")]
    top = Module(name="top", ports={}, cells=cells, names={})
    text = Netlist(top="top", modules={"inner": inner, "top": top}, library=None).verilog()
    assert "  inner \\output  ();" in text
    assert "  inner outputs ();" in text


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """A results.md with the section, where the command looks; returns its folder."""
    (tmp_path / "docs").mkdir()
    begin, end = markers(command.NODE_SECTION)
    (tmp_path / "docs" / "results.md").write_text(f"before\n{begin}\n{end}\nafter\n")
    monkeypatch.setattr(paths, "docs", lambda record: tmp_path / "docs")
    monkeypatch.setattr(flow, "build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(command, "FULL_NODE", SMALL)
    return tmp_path / "docs"


@pytest.mark.thorough
@needs_synthesis
def test_command(documents, tmp_path, capsys):
    """The table is printed and written; each part counts its own blocks, and is timed."""
    record.ROUTER.write(documents / "router.json", [_router()])
    made = tmp_path / "figures.json"
    arguments = ["synth", "--record", "--block", "node", "--json", str(made)]
    cli.main(arguments, standalone_mode=False)
    said = capsys.readouterr().out
    assert "network interface: " in said
    assert "72,032 um2 at 699 MHz, published" in said
    section = read_section(documents / "results.md", command.NODE_SECTION)
    assert "node, 32 inputs, 32 neurons, entries: 2 and 3, cells: osu018_stdcells:" in section

    found = json.loads(made.read_text())
    units = {unit["block"]: unit for unit in found["interface"]["blocks"]}
    assert list(units) == [*(what for what, _ in UNITS), "clock gates"]
    assert units["AER LUT"]["flip_flops"] == 2 * 16
    assert units["address LUT"]["flip_flops"] == 3 * 12
    assert units["pending spikes, two timesteps"]["flip_flops"] == 2 * 32
    assert units["credit counters"]["instances"] == 3
    assert units["AER encoder of output spikes"]["instances"] == 1
    elements, *others = found["cluster"]["blocks"]
    assert elements["instances"] == 32
    assert sum(block["memory_bits"] for block in others) == 32 * 64
    assert found["timing"]["period"] >= found["cluster"]["timing"]["period"] > 0
    assert found["fmax_mhz"] == pytest.approx(1000 / max(found["timing"]["period"], 5.0))


@pytest.mark.thorough
@needs_synthesis
def test_parts_are_timed_alone(tmp_path):
    """A part of a netlist is what the same block is by itself; no carry chain masks neurons."""
    whole = mapped(SpikeSender(shape=SMALL), folder=tmp_path)
    table = mapped(AddressTable(shape=SMALL), folder=tmp_path)
    below = whole.below("address_table_3")
    assert below.netlist.instances() == {"address_table_3": 1, "clock_gate": 1}
    assert below.netlist.area("address_table_3") == pytest.approx(
        table.netlist.area("address_table_3"), rel=0.05
    )
    assert 0 < time(below, name="part").period < time(whole).period < 5


@needs_synthesis
def test_no_router(documents):
    """Without the router's figures nothing is mapped."""
    with pytest.raises(BadInput, match=r"has no router in osu018_stdcells; run make synth BLOCK="):
        cli.main(["synth", "--block", "node"], standalone_mode=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--block", "nonsense"], "BLOCK must be one of chip, router, node, not 'nonsense'"),
        (["--block", "node", "--lanes", "2"], "LANES= is for BLOCK=chip; leave it out"),
        (["--block", "node", "--depth", "8"], "DEPTH= is for BLOCK=router; leave it out"),
    ],
)
def test_refusals(arguments, message):
    """Contradicting options are one line, status 2."""
    assert message in refused_here("synth", *arguments)
