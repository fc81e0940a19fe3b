"""`make sim MESH=`: networks on the nodes of a mesh, faults in them, what is refused."""

import functools
import json
import re

import numpy as np
import pytest
from amaranth.lib import data

from tb.kit.command import refused_here
from tb.kit.networks import random_network, random_network_of, save
from tb.kit.nodes import MESH, NODE, ON_THE_WAY, ROUTER, moved
from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.models.mesh.flits import SPIKE, FlitType
from trispike.models.mesh.topology import DeadLink, MeshShape, RouterShape, Routing
from trispike.models.network.layers import Dense
from trispike.models.network.neuron import CONTINUOUS, LEAKY
from trispike.models.network.shape import NetworkShape
from trispike.rtl.noc.flit import SpikeFlit
from trispike.rtl.node import backbone, interface, receiver, sender
from trispike.rtl.node.address_table import AddressTable
from trispike.rtl.node.aer_table import AERTable
from trispike.rtl.node.host_port import HostPort
from trispike.rtl.node.sender import SpikeSender
from trispike.rtl.verilog import export
from trispike.sim.node import command, flat, memory, run, work
from trispike.sim.node.figures import figures
from trispike.sim.node.formats import HOST_PORTS
from trispike.sim.node.measure import measure
from trispike.sim.node.setting import setting
from trispike.sim.node.tables import table
from trispike.sim.node.work import Memory
from trispike.sim.report.mismatch import MismatchFound

pytestmark = pytest.mark.xdist_group("nodes")  # one worker builds them, for test_node_run.py too

SIZES = (60, 64, 40, 5)
"""Two parts, two parts, one."""


def _setting(mesh, *, sizes=SIZES, seed=0, images=3, timesteps=4, **how):
    network = random_network(sizes, seed)
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (images, sizes[0]), dtype=np.uint8)
    pixels[0] = 0  # an image without a spike
    how = {"router": RouterShape(), "node": NODE, **how}
    return setting(network, mesh, spikes.encode(pixels, timesteps, seed), **how)


def _program():
    """The one of test_node_run.py: it can be stalled, and told of a dead link."""
    return run.program(MESH, ROUTER, NODE, stalls=True, optimise=False)


@pytest.mark.thorough
def test_dead_link(tmp_path):
    """Round a dead vertical link: the same spikes by more hops; without a detour it is named."""
    nodes = _program()
    link = DeadLink(x=0, y=0, z=0)
    with pytest.raises(BadInput, match=r"^the link 0\.0\.0-0\.0\.1 is dead, and xyz routing leads"):
        _setting(MESH, dead_links=(link,), images=1)
    found = {}
    for other in (link, DeadLink(x=2, y=1, z=0)):
        asked = _setting(MESH, router=RouterShape(routing=Routing.DETOUR), dead_links=(other,))
        done = measure(nodes, asked, tmp_path, stall=0.2, read_back="burst")
        made = figures(
            done, data="-", labels=None, seed=0, stall=0.2, back_door=False, wall_seconds=1.0
        )
        assert made.dead_links == (str(other),)
        assert made.words_read_back == made.words_loaded > 0
        found[other] = done.outputs.values
        table(made)
    first, second = found.values()
    assert np.array_equal(first, second)


@pytest.mark.thorough
def test_in_one_piece(tmp_path):
    """Models joined in C++ are the chip that is exported: the host sees the same in every cycle."""
    pair = MeshShape(x=2, y=1, z=1)
    asked = _setting(pair, sizes=(60, 32, 5), images=2)
    joined = run.program(pair, asked.router, NODE, optimise=False)
    task = work.mapped(
        asked.mapping,
        asked.exchange.spikes[0],
        before=Memory(transactions=memory.loading(asked.mapping, asked.network, asked.timesteps)),
        after=Memory(transactions=memory.reading(asked.mapping, asked.network, asked.timesteps)),
    )
    done = run.run(joined, task, tmp_path, trace=True)
    done.check()
    whole = flat.program(pair, asked.router, NODE)
    trace = tmp_path / run.TRACE
    assert flat.compare(whole, trace) == sum(phase.cycles for phase in done.phases)
    shown = np.fromfile(trace, dtype=HOST_PORTS)
    came = np.flatnonzero(shown["o_valid"])
    shown["o_valid"][came[len(came) // 2]] = 0  # one flit less
    shown.tofile(trace)
    with pytest.raises(MismatchFound, match=f"something else: cycle {came[len(came) // 2]}$"):
        flat.compare(whole, trace)


class OneRow(AERTable):
    """Takes all spikes of the second source for those of its first neuron."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        with m.If(self.entry[1]):
            m.d.comb += self.row.eq(32)
        return m


class NoMulticast(SpikeSender):
    """Sends its spikes to one node, where it should have others get copies."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += self.o.payload[SPIKE["to_host"].lowest].eq(0)
        return m


class SendsToAll(AddressTable):
    """Takes entries for ones that are sent to, though they get copies."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += [entry.copied.eq(0) for entry in self.table.entries]
        return m


class CopiesToHost(HostPort):
    """Takes copies that pass for flits to the host."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        spike = data.View(SpikeFlit, self.from_router.payload)
        with m.If((spike.type == FlitType.SPIKE) & spike.to_host):
            m.d.comb += [
                self.host_o.valid.eq(self.from_router.valid),
                self.node_o.valid.eq(0),
                self.from_router.ready.eq(self.host_o.ready),
            ]
        return m


_STILL = "^the run stands still .*; first: "


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("where", "broken", "told"),
    [
        (receiver, OneRow, "^spike with a wrong neuron: image 0, timestep 1, layer 2"),
        (interface, NoMulticast, rf"{_STILL}missing spike: .* 1\.0\.0 -> 0\.1\.0 step 0 neuron"),
        (sender, SendsToAll, "first: extra spike: image 0, timestep 1, layer 1"),
        (backbone, CopiesToHost, rf"{_STILL}missing spike: .* to node 0\.0\.0: .* got only 0 of"),
    ],
    ids=["rows", "multicasts", "copied entries", "copies past the host"],
)
def test_fault(tmp_path, monkeypatch, where, broken, told):
    """A fault in the RTL is found, and the first difference is named."""

    def verilog(kind, **parameters):  # not from the cache, nor into it
        block = kind(**parameters)
        return block.module_name, export(block)

    monkeypatch.setattr(run, "block_verilog", verilog)
    monkeypatch.setattr(where, broken.__mro__[1].__name__, broken)
    asked = _setting(MESH, seed=3, sizes=(60, 64, 40, 64))
    if broken is not OneRow:
        asked = moved(asked, ON_THE_WAY)
    with pytest.raises(MismatchFound, match=told):
        measure(_program(), asked, tmp_path)


def test_unicast(tmp_path, monkeypatch, capsys):
    """UNICAST=1: more flits, the same outputs; it is said which it was."""
    monkeypatch.setattr(command, "program", lambda *_, **how: _program())
    placed = functools.partial(setting, node=NODE)
    monkeypatch.setattr(command, "setting", lambda *a, **k: moved(placed(*a, **k), ON_THE_WAY))
    made, told = {}, {}
    for unicast in (False, True):
        file = tmp_path / "figures.json"
        options = ["--random", "3x60", "--mesh", str(MESH), "--back-door", "--json", str(file)]
        options += ["--unicast"] * unicast
        command.sim([*options], standalone_mode=False)
        made[unicast], told[unicast] = json.loads(file.read_text()), capsys.readouterr().out
        assert made[unicast]["unicast"] is unicast
    assert re.search(r"spikes are sent by +│ +multicast ", told[False])
    assert re.search(r"spikes are sent by +│ +unicast ", told[True])
    assert "copies of multicasts" in told[False]
    assert "copies of multicasts" not in told[True]
    many, one = (made[unicast]["host_flits_per_timestep"] for unicast in (True, False))
    credits_given = 2  # to either node of the last layer
    assert many - credits_given == pytest.approx(2 * (one - credits_given))
    sent, whole = (made[unicast]["flits_per_timestep"] for unicast in (False, True))
    assert sent + made[False]["copies_per_timestep"] == pytest.approx(whole)
    assert made[True]["copies_per_timestep"] == 0
    assert made[False]["flits_compared"] == made[True]["flits_compared"]
    assert made[False]["hops_per_flit"] * sent < made[True]["hops_per_flit"] * whole


@pytest.mark.thorough
def test_command(tmp_path, monkeypatch, capsys):
    """A random network, stalled, round a dead link, read back; on small nodes, made in a hurry."""
    monkeypatch.setattr(command, "program", functools.partial(run.program, optimise=False))
    monkeypatch.setattr(command, "setting", functools.partial(setting, node=NODE))
    file = tmp_path / "figures.json"
    options = ["--random", "3x60", "--mesh", str(MESH), "--images", "3", "--stalls", "0.1"]
    options += ["--dead", "0.0.0", "--routing", "detour", "--read-back", "both"]
    command.sim([*options, "--json", str(file)], standalone_mode=False)
    made = json.loads(file.read_text())
    assert made["nodes"] == len(set(made["places"])) == 6
    assert made["stall"] == 0.1
    assert made["unicast"]
    assert made["words_read_back"] == 2 * made["words_loaded"]
    times = [made[each] for each in ("computing", "sending", "blocked", "waiting")]
    assert sum(times) == pytest.approx(1)
    assert made["host_flits_per_timestep"] < made["cycles_per_timestep"]
    told = capsys.readouterr().out
    assert "mismatches RTL / golden model" in told
    assert "unicast, as links are dead" in told
    kinds = {kind: sum(each.values()) for kind, each in made["energy_nj"].items()}
    whole = sum(kinds.values())
    assert re.search(rf"energy/image at 65 nm +│ +{whole:.1f} nJ", told)
    network = kinds["network"]
    assert re.search(rf"  network +│ +{network:.1f} nJ, {network / whole:.1%}", told)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "fc1024", "--mesh", "2x2x1"], "fc1024 .* needs 5 nodes of 256 neurons"),
        (["--mesh", "2x2"], "MESH must be like 4x4x4"),
        (["--mesh", "9x1x1"], "a mesh must have from 1 to 8 nodes along x"),
        (
            ["--mesh", "2x1x1", "--stalls", "1"],
            "STALLS must be a chance from 0 to less than 1, not 1",
        ),
        (["--random", "0x5"], "RANDOM must be layers x neurons like 16x1024"),
        (["--random", "2x2000"], "RANDOM must be layers x neurons like 16x1024"),
        (
            ["--random", "2x64", "--layer", "fc256"],
            "LAYER= is for a network with weights",
        ),
        (["--random", "2x64", "--images", "0"], "IMAGES must be 1 or more"),
        (["--random", "9x1024", "--mesh", "2x2x2"], "random_9x1024 .* needs 36 nodes"),
        (["--mesh", "2x1x1", "--lanes", "4"], "LANES= is for a fixed chip, without MESH="),
        (["--mesh", "2x1x1", "--waves-mb", "5"], "WAVES_MB has no meaning without WAVES=1"),
        (
            ["--random", "2x256", "--images", "1", "-t", "99", "--waves", "--waves-mb", "1"],
            "the waveform of one image would take .*, and WAVES_MB is 1: take fewer times",
        ),
        (["--mesh", "2x1x1", "--dead", "0.0.0"], "a mesh of 2x1x1 has no vertical link 0.0.0-0"),
        (
            ["--mesh", "2x1x2", "--dead", "0.0.0,1.0.0"],
            "the link [01].0.0-[01].0.1 is dead, and xyz",
        ),
        (["--mesh", "2x2x1", "--depth", "1"], "router depth must be an integer from 2"),
        (["--mesh", "2x2x1", "--routing", "yx"], "ROUTING must be one of xyz, detour"),
    ],
)
def test_bad_input(options, message):
    """One line, status 2."""
    assert re.match(f"error: ({message})", refused_here("sim", *options))


@pytest.mark.parametrize("asked", ["sim", "map"])
def test_different_neurons(tmp_path, asked):
    """Two layers that no node can be both: one line, status 2, from every command that maps."""
    layers = (Dense(inputs=9, neurons=9, neuron=each) for each in (LEAKY, CONTINUOUS))
    weights = save(random_network_of(NetworkShape.of("two", tuple(layers)), 0), tmp_path)
    refusal = refused_here(asked, "--weights", weights, "--mesh", "2x1x1")
    assert refusal.startswith("error: layers 1 and 2 of two have different neurons, and all nodes")


@pytest.mark.parametrize(
    "option", ["--stalls=0.1", "--back-door", "--read-back=both", "--dead=0.0.0", "--unicast"]
)
def test_without_a_mesh(option):
    """What only a mesh has is refused for a fixed chip."""
    name = option.strip("-").partition("=")[0].replace("-", "_").upper()
    assert refused_here("sim", option).startswith(f"error: {name}= is for a mesh, which MESH=")
