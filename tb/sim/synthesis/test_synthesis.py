"""`make synth`: what is counted, buffer trees, the table, and what is refused."""

import dataclasses
import json
import shutil

import pytest
from amaranth import hdl
from amaranth.lib.wiring import In, Out

from tb.kit.command import refused, refused_here, trispike
from tb.kit.networks import random_network_of, save
from tb.kit.silicon import mapped, needs_synthesis, needs_yosys
from trispike.models.errors import BadInput
from trispike.models.mesh.topology import RouterShape
from trispike.models.network.layers import Bias, Dense, Threshold
from trispike.models.network.presets import PRESETS
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import Block
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.noc.input_unit import InputUnit
from trispike.sim.cli import cli
from trispike.sim.report.document import markers, read_section
from trispike.sim.synthesis import (
    buffers,
    clock_gates,
    command,
    flow,
    liberty,
    library,
    record,
    sta,
    tables,
    tools,
)
from trispike.sim.synthesis.figures import BlockFigures, Synthesis, block_figures, equivalents
from trispike.sim.synthesis.netlist import Instance, Module, Netlist
from trispike.sim.synthesis.timing import Hop, Timing, time
from trispike.sim.tools import paths

CELLS = """
library (toy) {
  capacitive_load_unit (10,ff);  /* unusual, { on purpose */
  cell (NAND2) { area : 2.5;
    pin (A) { direction : input; capacitance : 1; }
    pin (B) { direction : input; capacitance : 1; }
    pin (Y) { direction : output; max_capacitance : 40; function : "!(A B)";
      timing () { related_pin : "A"; cell_rise (t) { values ("0, 1"); } } }
  }
  cell (BUF) { area : 3;
    pin (A) { direction : input; capacitance : 2; }
    pin (Y) { direction : output; max_capacitance : 200; function : "(A)"; }
  }
  cell (WEAK) { area : 1;
    pin (A) { direction : input; capacitance : 1; }
    pin (Y) { direction : output; max_capacitance : 40; function : "A"; }
  }
  cell ("DFF") { area : 10;
    ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin (CK) { direction : input; clock : true; capacitance : 1; }
    pin (D) { direction : input; capacitance : 1; }
    pin (Q) { direction : output; function : "IQ"; }
  }
}
"""


@pytest.fixture
def toy(tmp_path):
    """A small library."""
    path = tmp_path / "toy.lib"
    path.write_text(CELLS)
    return liberty.read(path)


def test_liberty(toy):
    """Areas, pins and flip-flops of a Liberty file, whatever is in its tables."""
    assert toy.name == "toy"
    assert toy.capacitive_load_unit == "10,ff"
    assert {name: cell.area for name, cell in toy.cells.items()} == {
        "NAND2": 2.5,
        "BUF": 3,
        "WEAK": 1,
        "DFF": 10,
    }
    assert [name for name, cell in toy.cells.items() if cell.stores] == ["DFF"]
    assert toy.cells["NAND2"].inputs == ["A", "B"]
    assert toy.cells["NAND2"].pins["Y"].function == "!(A B)"


def test_buffer_choice(toy):
    """The smallest buffer that is strong enough; none is an error."""
    assert library.buffer(toy, "NAND2").cell == "BUF"
    without = dataclasses.replace(toy, cells={k: c for k, c in toy.cells.items() if k != "BUF"})
    with pytest.raises(BadInput, match="has no buffer"):
        library.buffer(without, "NAND2")


def test_unknown_full_adder_becomes_logic(toy):
    """A library without a full adder that we know gets gates."""
    assert library.full_adder(toy) is None
    assert "assign CO" in library.adder_map(toy)


def test_unknown_clock_gate(toy):
    """A library without cells that we know to make one of cannot have gated clocks."""
    with pytest.raises(BadInput, match=r"no clock gate is known for .*\.lib; give UNGATED=1"):
        clock_gates.least_gated(toy, "NAND2")


def _broadcast(toy, width: int) -> Netlist:
    """A gate that drives ``width`` others in its module, and a block with three sinks inside."""
    nand = [Instance(name=f"g{k}", kind="NAND2", pins={"A": [2], "B": [3], "Y": [10 + k]})
            for k in range(3)]  # fmt: skip
    below = Module(
        name="below",
        ports={"clk": ("input", [1]), "i": ("input", [2])},
        cells=nand,
        names={1: "clk", 2: "i", 3: "x", **{10 + k: f"y{k}" for k in range(3)}},
    )
    cells = [Instance(name="driver", kind="NAND2", pins={"A": [2], "B": [2], "Y": [3]})]
    cells += [
        Instance(name=f"pe_{k}", kind="below", pins={"clk": [1], "i": [3]}) for k in range(width)
    ]
    top = Module(
        name="top",
        ports={"clk": ("input", [1]), "i": ("input", [2])},
        cells=cells,
        names={1: "clk", 2: "i", 3: "state"},
    )
    return Netlist(top="top", modules={"below": below, "top": top}, library=toy)


@pytest.mark.parametrize("width", [1, 5, 6, 60, 600])
def test_buffer_trees(toy, width):
    """Every driver's load is within its bound, and everything is still reached."""
    netlist = _broadcast(toy, width)
    tree = library.buffer(toy, "NAND2")
    counts = buffers.insert(netlist, tree, "NAND2")
    top = netlist.modules["top"]
    added = [cell for cell in top.cells if cell.kind == "BUF"]
    assert counts == {"below": 0, "top": len(added)}
    assert bool(added) == (3 * width > buffers.GATE_LOAD)

    drivers = {3: buffers.GATE_LOAD, **{c.pins["Y"][0]: buffers.BUFFER_LOAD for c in added}}
    loads = dict.fromkeys(drivers, 0.0)
    for cell in top.cells:
        if cell.kind == "below":
            loads[cell.pins["i"][0]] += 3
        elif cell.kind == "BUF":
            loads[cell.pins["A"][0]] += 2
    assert all(0 < loads[net] <= most for net, most in drivers.items())
    source = {cell.pins["Y"][0]: cell.pins["A"][0] for cell in added}
    for cell in top.cells:
        if cell.kind == "below":
            net = cell.pins["i"][0]
            while net in source:
                net = source[net]
            assert net == 3
    assert len(set(top.names.values())) == len(top.names)
    assert all(cell.pins["clk"] == [1] for cell in top.cells if cell.kind == "below")


def test_equivalents():
    """Area over area."""
    assert equivalents(2400.0, 24.0) == 100
    assert equivalents(0.0, 24.0) == 0


def test_instances(toy):
    """Instances multiply down the hierarchy."""
    netlist = _broadcast(toy, 7)
    assert netlist.instances() == {"top": 1, "below": 7}
    assert netlist.area("below") == 3 * 2.5


@needs_yosys
def test_pe(tmp_path):
    """Every potential bit is a full adder of the library and a flip-flop named after it."""
    made = mapped(ProcessingElement(), folder=tmp_path)
    cells = list(made.netlist.cells("processing_element"))
    kinds = [cell.kind for cell in cells]
    assert made.nand2 == "NAND2X1"
    assert kinds.count("FAX1") == 16  # not the lowest bit, which has no carry in, nor the highest
    names = {cell.name for cell in cells if made.library.cells[cell.kind].stores}
    assert names == {"spike_reg", *(f"potential_reg[{k}]" for k in range(18))}
    assert made.netlist.area("processing_element") / made.nand2_area < 300


@needs_yosys
def test_memory_becomes_flip_flops(tmp_path):
    """A memory that is no macro is a flip-flop for each bit, named after word and bit."""
    block = InputUnit(shape=RouterShape(depth=3))
    made = mapped(block, folder=tmp_path)
    cells = made.netlist.cells(block.module_name)
    names = {cell.name for cell in cells if made.library.cells[cell.kind].stores}
    assert {f"buffer.slots_reg[{k}][{n}]" for k in range(3) for n in range(32)} < names
    # two pointers; full, empty, and by which ports a multicast has left
    assert len(names) == 3 * 32 + 2 * 2 + 4


@pytest.mark.thorough
@needs_yosys
def test_sum_of_blocks_agrees_with_flat(tmp_path):
    """Mapping block by block costs at most 5% against the whole chip without hierarchy.

    It can see no constant and share no logic across the borders of blocks.
    """
    chip = Chip(shape=NetworkShape.dense(name="bench", sizes=(10, 6, 3)))
    sums, whole = (
        block_figures(mapped(chip, flat=flat, folder=tmp_path)) for flat in (False, True)
    )
    for kind in ("flip_flops", "memory_bits"):
        assert sum(getattr(b, kind) for b in sums) == sum(getattr(b, kind) for b in whole)
    ratio = sum(b.gates for b in sums) / sum(b.gates for b in whole)
    assert 0.98 < ratio < 1.05
    assert next(b for b in sums if b.block == "processing elements").instances == 9


@pytest.mark.thorough
@needs_synthesis
def test_timing(tmp_path):
    """The critical path is told in names of the source, and OpenSTA's text can be had."""
    made = mapped(Chip(shape=NetworkShape.dense(name="bench", sizes=(10, 3, 2))), folder=tmp_path)
    timed = time(made)
    assert 3 < timed.period < 15
    assert timed.fmax == pytest.approx(1000 / timed.period)
    assert 0 < timed.behind_banks < timed.period
    assert timed.end.split(".")[0] in ("layer_0", "layer_1", "readout")
    assert [hop.arrival for hop in timed.path] == sorted(hop.arrival for hop in timed.path)
    assert timed.path[-1].arrival < timed.period
    script = "puts [llength [get_cells layer_0/pe_2/*]]\n"
    count = len(made.netlist.modules["processing_element"].cells)
    assert str(count) in sta.run(made, script, period=10.0, name="count").splitlines()


class _Nameless(Block):
    """A path between registers that the source gives no names."""

    i: In(1)
    o: Out(1)
    module_name = "nameless"

    def elaborate(self, platform):
        m = hdl.Module()
        first, second = hdl.Signal(), hdl.Signal()
        m.d.sync += [first.eq(self.i), second.eq(~first)]
        m.d.comb += self.o.eq(second)
        return m


@needs_synthesis
def test_nameless_path(tmp_path):
    """Registers that have no names of their own do not get in the way."""
    timed = time(mapped(_Nameless(), folder=tmp_path))
    assert timed.start == "$signal"
    assert [hop.instance for hop in timed.path] == [""]


def _synthesis(lanes: int = 1, name: str = "fc256_256") -> Synthesis:
    kinds = {"cells": 10, "buffers": 1, "flip_flops": 2, "memory_bits": 0}
    pes = BlockFigures(block="processing elements", instances=522, area=240.0, gates=10.0, **kinds)
    hop = Hop(instance="layer_0.pe_0", cells=3, signals=("potential[1]",), arrival=4.5)
    timing = Timing(
        period=5.0,
        start="layer_0.flow.slot[0]",
        end="layer_0.pe_0.potential[17]",
        path=(hop,),
        behind_banks=2.0,
    )
    return Synthesis(
        library="toy",
        network=name,
        sizes=PRESETS[name].sizes,
        lanes=lanes,
        nand2="NAND2",
        nand2_area=24.0,
        blocks=(pes,),
        timing=timing,
        yosys="0.1",
        opensta="0.2",
    )


def test_record(tmp_path):
    """What was written is read, in order; the same entries give the same bytes."""
    path = tmp_path / "synthesis.json"
    assert record.CELLS.read(path) == []
    one, four = _synthesis(1), _synthesis(4)
    record.CELLS.write(path, [four, one])
    text = path.read_bytes()
    assert record.CELLS.read(path) == [one, four]
    record.CELLS.write(path, record.CELLS.read(path))
    assert path.read_bytes() == text


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other"}', '{"format": null}'])
def test_bad_record(tmp_path, text):
    """A damaged record is refused and not overwritten."""
    path = tmp_path / "synthesis.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"is not a record of syntheses \(.+\); restore it"):
        record.CELLS.read(path)


def test_markdown():
    """Each figure says whether it was measured, derived or published."""
    text = tables.markdown([_synthesis(1), _synthesis(4)])
    assert "| fc256_256 | 1 | toy | 10 |" in text
    assert "| fc256_256 | 4 | toy | 10 |" in text
    assert "206,000" in text
    for word in (tables.MEASURED, tables.DERIVED, tables.PUBLISHED):
        assert word in text
    assert "`layer_0.flow.slot[0]` to `layer_0.pe_0.potential[17]`" in text


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house of its own for the command."""
    (tmp_path / "docs").mkdir()
    begin, end = markers(command.SECTION)
    (tmp_path / "docs" / "results.md").write_text(f"before\n{begin}\n{end}\nafter\n")
    monkeypatch.setattr(paths, "docs", lambda record: tmp_path / "docs")
    monkeypatch.setattr(flow, "build_folder", lambda: tmp_path / "build")
    return tmp_path


@needs_synthesis
def test_command(house, monkeypatch, capsys):
    """The table is printed and written, other chips are kept, and the netlist is there."""
    small = NetworkShape.dense(name="fc256", sizes=(10, 3, 2))
    monkeypatch.setattr(command, "preset", lambda layer: small)
    record.CELLS.write(house / "docs" / "synthesis.json", [_synthesis()])
    arguments = ["synth", "--record", "--layer", "fc256", "--json", str(house / "figures.json")]
    cli.main(arguments, standalone_mode=False)
    said = capsys.readouterr().out
    assert "processing elements" in said
    assert "critical path: " in said
    section = read_section(house / "docs" / "results.md", command.SECTION)
    assert "| fc256 | 1 | osu018_stdcells |" in section
    assert "| fc256_256 | 1 | toy |" in section
    found = json.loads((house / "figures.json").read_text())
    assert found["total"]["gates"] == pytest.approx(found["total"]["area"] / found["nand2_area"])
    assert found["total"]["memory_bits"] == small.memory_bits
    [netlist] = (house / "build" / "synthesis").glob("*/netlist.v")
    assert "module processing_element (" in netlist.read_text()


@pytest.mark.thorough
@needs_synthesis
def test_network_of_the_user(house):
    """A threshold and a bias a neuron are flip-flops, and the repository's records stay."""
    each = Dense(inputs=10, neurons=3, threshold=Threshold.EACH, bias=Bias.EACH)
    last = Dense(inputs=3, neurons=2, threshold=Threshold.NONE)
    shape = NetworkShape.of("mine", (each, last), ReadOut.POTENTIAL)
    weight_file, document = save(random_network_of(shape, 0), house), house / "docs" / "results.md"
    before = document.read_text()
    arguments = ["synth", "--weights", str(weight_file), "--json", str(house / "figures.json")]
    cli.main(arguments, standalone_mode=False)
    assert document.read_text() == before
    assert [path.name for path in (house / "docs").iterdir()] == ["results.md"]
    figures = json.loads((house / "figures.json").read_text())
    flip_flops = {block["block"]: block["flip_flops"] for block in figures["blocks"]}
    # a; 18 + 18 bits a neuron; a and b; 2 bits a neuron
    assert flip_flops["layer registers"] == 8 + 3 * 36 + 8 + 8 + 2 * 2


def test_missing_tool():
    """Each tool that is missing is one line that names its package."""
    message = refused(trispike("synth", PATH=""))
    assert "no yosys on PATH" in message
    assert message.endswith("sudo apt install yosys")


def test_missing_timer(tmp_path):
    """OpenSTA is looked for before minutes are spent."""
    (tmp_path / "yosys").symlink_to(shutil.which("true"))
    message = refused_here("synth", PATH=str(tmp_path))
    assert message.endswith("sudo apt install opensta")


def test_missing_default_library(tmp_path, monkeypatch):
    """The package of the default cells is named, and the way around it."""
    monkeypatch.setattr(tools, "LIBERTY", tmp_path / "none.lib")
    with pytest.raises(BadInput, match=r"apt install qflow-tech-osu018, or name .* LIBERTY="):
        tools.find_liberty(None)


@needs_synthesis
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--liberty", "nowhere.lib"], "there is no file nowhere.lib"),
        (["--liberty", "README.md"], "has no cells"),
        (["--layer", "fc1"], "fc1"),
        (["--lanes", "3"], "3"),
        (["--ungated", "--record"], "leave UNGATED=1 out"),
    ],
)
def test_refusals(arguments, message):
    """Bad input is one line, status 2."""
    assert message in refused_here("synth", *arguments)
