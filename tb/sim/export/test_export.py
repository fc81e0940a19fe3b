"""`make verilog`: the same bytes everywhere, clean in lint, memory images that hold the weights."""

import dataclasses
import json
import os
import re
import subprocess

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike, trispike_here
from tb.kit.networks import random_network, save
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, RouterShape, Routing
from trispike.models.network import weights
from trispike.models.network.layers import Step
from trispike.models.network.neuron import LEAKY
from trispike.models.network.numbers import BANK_NEURONS
from trispike.models.network.order import Order
from trispike.rtl.node.scalable_chip import ScalableChip
from trispike.sim.export import files as export
from trispike.sim.tools import toolchain


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """fc256_256 exported twice: in two folders, with two hash seeds."""
    folders = []
    for seed in ("1", "2"):
        folder = tmp_path_factory.mktemp(f"verilog-{seed}")
        options = ["--layer", "fc256_256", "--output", folder]
        done = trispike("verilog", *options, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stdout + done.stderr
        folders.append(folder)
    return folders


pytestmark = pytest.mark.xdist_group("export")


@pytest.mark.thorough
def test_same_bytes(exported):
    """Nothing in the export depends on the folder or on the order of hashes."""
    first, second = ({f.name: f.read_bytes() for f in folder.iterdir()} for folder in exported)
    assert first == second
    assert "trispike_fc256_256.v" in first


@pytest.mark.thorough
def test_lint(exported):
    """Verilator's -Wall is clean but for the waivers in lint.vlt, each with a reason above it."""
    tools = toolchain.find()
    root = {"VERILATOR_ROOT": str(tools.root)} if tools.root else {}
    top = "trispike_fc256_256"
    command = ["perl", str(tools.verilator), "--lint-only", "-Wall", "--top-module", top]
    files = (exported[0] / f"{top}.f").read_text().split()

    def lint(names):
        return subprocess.run(
            [*command, *names],
            cwd=exported[0],
            env={**os.environ, **root},
            capture_output=True,
            text=True,
        )

    done = lint(files)
    assert done.returncode == 0, done.stderr
    assert "%" not in done.stdout + done.stderr
    assert lint([name for name in files if name.endswith(".v")]).returncode != 0

    waivers = (exported[0] / "lint.vlt").read_text().splitlines()
    for number, line in enumerate(waivers):
        if line.startswith("lint_off"):
            assert waivers[number - 1].startswith(("//", "lint_off"))


def test_description(exported):
    """The JSON names the ports and TW-SNN's 4 + 4 + 1 banks of 81 kB."""
    made = json.loads((exported[0] / "trispike_fc256_256.json").read_text())
    ports = {port["name"]: (port["direction"], port["width"]) for port in made["ports"]}
    assert ports["i__payload"] == ("input", 784)
    assert ports["i__ready"] == ("output", 1)
    assert ports["result__payload"] == ("output", 4 + 10 * 8)
    text = (exported[0] / "trispike_fc256_256.v").read_text()
    header = text[text.index("module ") : text.index(");")]
    assert set(header[header.index("(") + 1 :].replace(",", " ").split()) == set(ports)
    shapes = [(m["rows"], m["width"]) for m in made["memories"]]
    first = [*[(256, 128)] * 3, (16, 128)] * 4
    assert shapes == [*first, *[(256, 128)] * 4, (256, 32)]
    assert (
        sum(rows * width for rows, width in shapes) == made["memory_bits"] == 784 * 512 + 17 * 8192
    )


def test_memory_images(exported):
    """Every weight stands in its bank, row and bits, read without the code that wrote it."""
    network, _ = weights.load(weights.committed("fc256_256", "digits"))
    value = {0: 0, 1: 1, 3: -1}
    for k, layer in enumerate(network.layers):
        found = np.zeros_like(layer.weights)
        for b in range(len(layer.shape.banks)):
            parts = [f"_part_{n}" for n in range(4)] if k == 0 else [""]
            names = [f"layer_{k}_lane_0_bank_{b}{part}.mem" for part in parts]
            lines = "".join((exported[0] / name).read_text() for name in names).split()
            assert len(lines) == layer.shape.banks[b].rows
            for row, line in enumerate(lines[: layer.shape.inputs]):
                word = int(line, 16)
                for neuron in range(layer.shape.banks[b].neurons):
                    code = word >> 2 * neuron & 3
                    found[row, b * BANK_NEURONS + neuron] = value[code]
        assert (found == layer.weights).all()


def test_memory_images_of_lanes(tmp_path):
    """With four lanes, row r of lane l holds presynaptic neuron 4 * r + l."""
    network = random_network((22, 70, 3), 0, name="mine")
    path = save(network, tmp_path)
    done = trispike_here("verilog", "--weights", path, "--lanes", "4", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "out" / "trispike_mine_4_lanes.json").read_text())
    assert made["command"] == f"make verilog WEIGHTS={path} LANES=4"
    first = [memory for memory in made["memories"] if memory["instance"].startswith("layer_0.")]
    assert [memory["rows"] for memory in first] == [8] * 8
    assert made["memory_bits"] == sum(m["rows"] * m["width"] for m in made["memories"])
    value = {0: 0, 1: 1, 3: -1}
    for lane in range(4):
        lines = (tmp_path / "out" / f"layer_0_lane_{lane}_bank_1.mem").read_text().split()
        for row, line in enumerate(lines[: len(range(lane, 22, 4))]):
            weights_of_row = network.layers[0].weights[4 * row + lane, 64:]
            codes = [int(line, 16) >> 2 * k & 3 for k in range(6)]
            assert [value[code] for code in codes] == weights_of_row.tolist()


def test_other_weights(tmp_path):
    """A network of one's own is exported under its own name."""
    path = save(random_network((20, 70, 3), 0, name="mine"), tmp_path)
    done = trispike_here("verilog", "--weights", path, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    names = {f.name for f in (tmp_path / "out").iterdir()}
    assert {
        "trispike_mine.v",
        "layer_0_lane_0_bank_1.mem",
        "lint.vlt",
        "configuration.mem",
    } <= names


def test_order_of_inputs():
    """The JSON says which value of the data each input takes, and nothing where it is the same."""
    plain = random_network((3, 4, 2), 0)
    first, last = plain.layers
    order = Order(values=(2, 0, 1, 2), lanes=2)
    first = dataclasses.replace(first, weights=first.weights[list(order.values)])
    ordered = dataclasses.replace(plain, layers=(first, last), order=order)
    described = [
        json.loads(export.files(each, 2)["trispike_random_2_lanes.json"])
        for each in (plain, ordered)
    ]
    said = [each.get("value of the data of each input") for each in described]
    assert said == [None, [2, 0, 1, 2]]
    assert described[1]["network"] == "4-4-2"


def test_no_mixture(tmp_path):
    """A second export into a folder removes the files of the first, and no others."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for sizes in ((20, 70, 3), (20, 5)):
        path = save(random_network(sizes, 0, name="mine"), tmp_path)
        done = trispike_here("verilog", "--weights", path, "--output", out)
        assert done.returncode == 0, done.stderr
    names = {f.name for f in out.iterdir()}
    described = json.loads((out / "trispike_mine.json").read_text())["files"]
    assert names == {*described, "notes.txt"}
    assert "layer_20x70.v" not in names


def test_no_room(tmp_path, tmp_path_factory):
    """A folder that cannot be written to is refused, and nothing is left of the attempt."""
    (tmp_path / "file").write_text("")
    weight_file = save(random_network((9, 3), 0), tmp_path_factory.mktemp("weights"))
    options = ["--weights", weight_file, "--output", tmp_path / "file" / "out"]
    message = refused_here("verilog", *options)
    assert "cannot write to" in message
    assert [f.name for f in tmp_path.iterdir()] == ["file"]


def test_memories_have_no_contents(exported):
    """SRAM banks power up undefined: no zeros that a macro would not have."""
    banks = sorted(exported[0].glob("sram_*.v"))
    assert [bank.name for bank in banks] == ["sram_16x128.v", "sram_256x128.v", "sram_256x32.v"]
    for bank in banks:
        assert "initial" not in bank.read_text()


def _mesh(folder):
    options = ["--mesh", "2x1x2", "--routing", "detour", "--dead-links", "1"]
    done = trispike_here("verilog", *options, "--output", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return "mesh_2x1x2_depth4_detour_dead1", "i_1_0_1__payload"


def _scalable(folder):
    return _nodes(folder, NodeShape(inputs=64, neurons=32))


def _carrying(folder):
    """All that a node may have."""
    node = NodeShape(
        inputs=64,
        neurons=96,
        thresholds=True,
        biases=True,
        potentials=True,
        neuron=dataclasses.replace(LEAKY, synapse=(3,), once=True, phases=3),
        step=Step.EACH,
        forgets=True,
    )
    return _nodes(folder, node)


def _nodes(folder, node):
    router = RouterShape(routing=Routing.DETOUR, dead_links=1)
    chip = ScalableChip(mesh=MeshShape(x=2, y=1, z=2), router=router, node=node)
    export.write(export.scalable_files(chip), folder, "make verilog")
    return f"scalable_chip_2x1x2_depth4_detour_dead1_{node}", "i__payload"


@pytest.mark.parametrize(
    "make",
    [_mesh, *(pytest.param(nodes, marks=pytest.mark.thorough) for nodes in (_scalable, _carrying))],
)
def test_mesh(tmp_path, make):
    """A mesh, and one with nodes: clean in lint with waivers, ports and flits in the JSON."""
    top, port = make(tmp_path)
    description = json.loads((tmp_path / f"{top}.json").read_text())
    assert sorted(file.name for file in tmp_path.iterdir()) == description["files"]
    assert {"name": port, "direction": "input", "width": 32} in description["ports"]
    neuron = {"name": "neuron", "lowest_bit": 22, "width": 8}
    assert neuron in description["payloads"]["a spike flit"]
    tools = toolchain.find()
    root = {"VERILATOR_ROOT": str(tools.root)} if tools.root else {}
    done = subprocess.run(
        [
            *("perl", str(tools.verilator), "--lint-only", "-Wall", "--top-module", top),
            *(tmp_path / f"{top}.f").read_text().split(),
        ],
        cwd=tmp_path,
        env={**os.environ, **root},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mesh", "2x2"], "MESH must be like 4x4x4"),
        (["--mesh", "2x2x2", "--layer", "fc256"], "LAYER= is for a chip; leave it out"),
        (["--mesh", "2x2x2", "--dead-links", "5"], "router dead_links must be an integer from 0"),
        (["--depth", "4"], "DEPTH= is for a mesh, which MESH= names; leave it out"),
        (["--nodes"], "NODES= is for a mesh, which MESH= names; leave it out"),
    ],
)
def test_mesh_refused(options, message):
    """One line, status 2."""
    assert re.match(f"error: {message}", refused_here("verilog", *options))


@pytest.mark.parametrize(
    "names",
    ['["old.v", "a\\u0000b", "../out.v", "", 3]', '{"old.v": 1}', "7", "[" * 9999, '[[], "old.v"]'],
)
def test_odd_description_of_an_earlier_export(tmp_path, names):
    """Only files in the folder that it names are removed, and none if it cannot be read."""
    folder = tmp_path / "verilog"
    folder.mkdir()
    for path in (tmp_path / "out.v", folder / "old.v", folder / "mine.v"):
        path.write_text("")
    (folder / "trispike_x.json").write_text(f'{{"files": {names}}}')
    export.write({"new.v": "v"}, folder, "make verilog")
    assert (folder / "new.v").read_text() == "v"
    assert (folder / "old.v").exists() == ('"old.v"' not in names or "[]" in names)
    assert (folder / "mine.v").exists()
    assert (tmp_path / "out.v").exists()
