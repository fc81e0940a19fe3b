"""Where a node differs, a waveform and a timeline are written, and agree with the message."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest
from amaranth import *

from tb.kit import timelines
from tb.kit.command import trispike_here
from tb.kit.mutants import export_anew, wrap
from tb.kit.networks import random_network_of, save
from tb.kit.waves import MeshWave
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.network.layers import Dense
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.rtl.layers import layer as layer_block
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.sim.node import command, divergence, files, run
from trispike.sim.node.setting import setting
from trispike.sim.tools import cached_verilog

LAYERS = (Dense(inputs=8, neurons=6), Dense(inputs=6, neurons=3))
NETWORK = random_network_of(NetworkShape.of("seen", LAYERS, encoder=Encoder.GIVEN), 2)
NODE = NodeShape(inputs=32, neurons=32, sources=2, destinations=2)
INPUT, NEURON, IMAGE = 7, 4, 3

MESSAGE = re.compile(
    r"^first divergence: (?P<what>extra|missing) spike: image (?P<image>\d+), "
    r"timestep (?P<timestep>\d+), layer (?P<layer>\d+), neuron (?P<neuron>\d+), "
    r"node (?P<sender>\S+) to node (?P<receiver>\S+), cycle (?P<cycle>\d+): "
    r"expected (?P<expected>.+), got (?P<got>.+); "
    r"see cycle (?P=cycle) of (?P<wave>\S+) and (?P<timeline>\S+)$",
    re.MULTILINE,
)


class WrongWeight(WeightMemory):
    """Stores another weight from `INPUT`, which only layer 1 has, to `NEURON`."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := WeightMemory(shape=self.shape))
        code = self.write_data[2 * NEURON : 2 * NEURON + 2]
        with m.If(self.write_neuron == INPUT):
            wrong = Mux(code == 1, 0b11, 0b01)
            m.d.comb += inner.write_data[2 * NEURON : 2 * NEURON + 2].eq(wrong)
        return m


@pytest.fixture
def tell(tmp_path, monkeypatch):
    """Run spikes on two nodes with a `WrongWeight`, which nothing reads before `IMAGE`."""
    export_anew(monkeypatch)
    monkeypatch.setattr(run, "block_verilog", cached_verilog.block_verilog)
    monkeypatch.setattr(layer_block, "WeightMemory", WrongWeight)
    for each in (command, divergence):
        monkeypatch.setattr(each, "program", functools.partial(run.program, optimise=False))
    monkeypatch.setattr(command, "setting", functools.partial(setting, node=NODE))
    monkeypatch.setattr(files, "build_folder", lambda: tmp_path)
    spikes = np.random.default_rng(4).random((8, 3, 8)) < 0.6
    spikes[:IMAGE, :, INPUT] = 0
    spikes[IMAGE:, :, INPUT] = 1
    np.savez(tmp_path / "input.npz", spikes=spikes)

    def told(*options):
        asked = ["--weights", save(NETWORK, tmp_path), "--input", tmp_path / "input.npz"]
        done = trispike_here("sim", *asked, "--mesh", "2x1x1", "--back-door", *options)
        assert done.returncode == 1, done.stdout + done.stderr
        return done

    return told


@pytest.mark.thorough
def test_a_fault_is_shown(tell, tmp_path):
    """Message, waveform, its words and timeline agree on image, node, neuron, cycle and flit."""
    done = tell("--waves")  # one build for both runs
    told = MESSAGE.search(done.stderr)
    assert told, done.stderr
    assert (told["image"], told["layer"], told["neuron"]) == (str(IMAGE), "1", str(NEURON))
    cycle = int(told["cycle"])
    place = Path(told["wave"])
    assert place.parent == tmp_path / "waves"
    wave, words = MeshWave(place), MeshWave(place).words()
    assert set(wave.shown()) <= set(wave.bits)

    def signal(node, name):
        scope = f"node_{node.replace('.', '_')}.block."
        (found,) = (each for each in wave.shown() if _short(each) == scope + name)
        return found

    arrived = signal(told["receiver"], "interface.arrived.o__payload")
    assert words[wave.at(cycle + 1, arrived)] == told["got"]
    fired = wave.changes(signal(told["sender"], "cluster.o__payload"))
    spiked = [value >> NEURON & 1 for when, value in fired if when < cycle][-1]
    assert spiked == (told["what"] == "extra")
    assert max(when for when, _ in fired) <= cycle + divergence._AFTER

    made = timelines.read(Path(told["timeline"]))
    [(when, name, args)] = made.instants["first divergence"]
    assert when == args["cycle"] == cycle
    assert name.startswith(f"first divergence: {told['what']} spike: image {IMAGE}")
    for key in ("image", "timestep", "layer", "neuron"):
        assert args[key] == int(told[key])
    (came,) = (
        each for each in made.slices[f"node {told['receiver']} receives"] if each.start == cycle
    )
    assert came.name == told["got"]
    begins = [name for _, name, _ in made.instants["host"] if name.endswith("begins")]
    assert begins[0] == f"image {IMAGE} timestep 1 begins"

    whole = re.search(r"^waveform: (\S+)$", done.stdout, re.MULTILINE)
    assert "waves: all 8 images, about" in done.stdout
    assert MeshWave(Path(whole[1])).at(cycle + 1, arrived) == wave.at(cycle + 1, arrived)


def _short(name):
    """The name of a signal without the module of its node."""
    return re.sub(r"\.\w+_top\.", ".", name)
