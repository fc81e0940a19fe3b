"""Where a router differs, a waveform and a timeline are written, and agree with the message."""

import functools
import re
from pathlib import Path

import pytest
from amaranth import *

from tb.kit import timelines
from tb.kit.command import trispike_here
from tb.kit.mutants import export_anew, wrap
from tb.kit.waves import MeshWave
from trispike.models.mesh.flits import SPIKE
from trispike.rtl.noc import input_unit
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.flit import is_multicast
from trispike.sim.noc import command, divergence, files, run

NEURON, OTHER = 37, 38

MESSAGE = re.compile(
    r"^first divergence: flit: node (?P<sender>\S+) to node (?P<receiver>\S+), "
    r"cycle (?P<cycle>\d+): expected (?P<expected>.+), got (?P<got>.+); "
    r"see cycle (?P=cycle) of (?P<wave>\S+) and (?P<timeline>\S+)$",
    re.MULTILINE,
)


class OtherNeuron(FlitBuffer):
    """Takes a spike of `NEURON` for one of `OTHER`."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := FlitBuffer(depth=self.depth))
        field = SPIKE["neuron"]
        bits = slice(field.lowest, field.lowest + field.width)
        with m.If(~self.i.payload[0] & (self.i.payload[bits] == NEURON)):
            m.d.comb += inner.i.payload[bits].eq(OTHER)
        return m


def _marked(flit):
    """Whether ``flit`` is a spike of `NEURON`."""
    field = SPIKE["neuron"]
    return ~flit[0] & (flit[field.lowest : field.lowest + field.width] == NEURON)


def too_many(flit):
    """Takes a spike of `NEURON` for a multicast."""
    return is_multicast(flit) | _marked(flit)


def too_few(flit):
    """Takes a spike of `NEURON` for none."""
    return is_multicast(flit) & ~_marked(flit)


@pytest.fixture(params=[("FlitBuffer", OtherNeuron)], ids=["neuron"])
def tell(request, tmp_path, monkeypatch):
    """Send flits through routers with a fault in their input units."""
    export_anew(monkeypatch)
    monkeypatch.setattr(input_unit, *request.param)
    for each in (command, divergence):
        monkeypatch.setattr(each, "program", functools.partial(run.program, optimise=False))
    monkeypatch.setattr(files, "build_folder", lambda: tmp_path)

    def told(*options):
        options = ["--rate", "0.3", "--cycles", "1500", *options]
        done = trispike_here("noc", *options)
        assert done.returncode == 1, done.stdout + done.stderr
        found = MESSAGE.search(done.stderr)
        assert found, done.stderr
        assert Path(found["wave"]).parent == tmp_path / "waves"
        return done, found, timelines.read(Path(found["timeline"]))

    return told


def _scope(node):
    return f"mesh_harness.mesh.router_{node.replace('.', '_')}"


@pytest.mark.thorough
@pytest.mark.xdist_group("noc-divergence")
def test_a_fault_is_shown(tell):
    """Message, waveform, its words and timeline agree on nodes, cycle and flit."""
    done, told, made = tell("--mesh", "2x1x1", "--waves")  # one build for both runs
    cycle, place = int(told["cycle"]), Path(told["wave"])
    wave, words = MeshWave(place), MeshWave(place).words()
    assert set(wave.shown()) <= set(wave.bits)
    assert told["expected"].endswith(f"neuron {NEURON}")
    assert told["got"] == told["expected"].replace(f"neuron {NEURON}", f"neuron {OTHER}")
    there = _scope(told["receiver"])
    for port, value in (("valid", 1), ("ready", 1)):
        assert wave.at(cycle, f"{there}.o_local__{port}") == value
    assert words[wave.at(cycle, f"{there}.o_local__payload")] == told["got"]
    came_in = wave.changes(f"{_scope(told['sender'])}.i_local__payload")
    assert told["expected"] in [words[value] for when, value in came_in if when < cycle]
    seen = [when for when, _ in wave.changes(f"{there}.o_local__payload")]
    assert max(0, cycle - divergence._BEFORE) <= min(seen)
    assert max(seen) <= cycle + divergence._AFTER

    [(when, name, args)] = made.instants["first divergence"]
    assert when == args["cycle"] == cycle
    assert name.startswith("first divergence: flit: node ")
    (came,) = (
        each for each in made.slices[f"node {told['receiver']} receives"] if each.start == cycle
    )
    assert came.name == told["got"]

    whole = re.search(r"^waveform: (\S+)$", done.stdout, re.MULTILINE)
    said = re.search(r"^waves: all 1,500 cycles, about (\S+) MB of", done.stdout, re.MULTILINE)
    assert 0.5 < float(said[1]) * 1e6 / Path(whole[1]).stat().st_size < 2
    signal = f"{there}.o_local__payload"
    assert MeshWave(Path(whole[1])).at(cycle, signal) == wave.at(cycle, signal)


@pytest.mark.thorough
@pytest.mark.xdist_group("noc-divergence")
@pytest.mark.parametrize(
    ("tell", "share", "side"),
    [(("is_multicast", too_many), "0", "got"), (("is_multicast", too_few), "1", "expected")],
    ids=["one too many", "lost"],
    indirect=["tell"],
)
def test_a_wrong_copy_is_shown(tell, share, side):
    """In the middle of a row, of a flit for its end; the timeline has what came there."""
    _, told, made = tell("--mesh", "3x1x1", "--multicast", share)
    assert told["receiver"] == "1.0.0"
    assert told[side].endswith(f"neuron {NEURON}")
    assert not re.search(r"->>? 1\.0\.0", told[side])
    assert ("->>" in told[side]) == (share == "1")
    came = [each.name for each in made.slices["node 1.0.0 receives"]]
    assert (told[side] in came) == (side == "got")
