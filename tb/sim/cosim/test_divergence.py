"""Where the RTL differs, a waveform and a timeline are written, and agree with the message."""

import dataclasses
import functools
import re
from pathlib import Path

import numpy as np
import pytest
import pywellen
from amaranth import *

from tb.kit import timelines
from tb.kit.command import trispike_here
from tb.kit.mutants import export_anew, wrap
from tb.kit.networks import random_network_of, save
from trispike.models.network.layers import Dense
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.rtl.layers import layer as layer_block
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.sim.cosim import command, cosimulation, divergence, harness
from trispike.sim.cosim.stimulus import Given
from trispike.sim.tools.simulator import SimulationError

NETWORK = random_network_of(
    NetworkShape.of(
        "seen",
        (Dense(inputs=8, neurons=6), Dense(inputs=6, neurons=3)),
        encoder=Encoder.GIVEN,
    ),
    2,
)

MESSAGE = re.compile(
    r"^first divergence: (?P<what>[a-z ]+): image (?P<image>\d+), timestep (?P<timestep>\d+), "
    r"layer (?P<layer>\d+), neuron (?P<neuron>\d+), cycle (?P<cycle>\d+): "
    r"expected (?P<expected>-?\d+), got (?P<got>-?\d+); "
    r"see cycle (?P<alone>\d+) of (?P<wave>\S+) and (?P<timeline>\S+), of image (?P=image) alone$",
    re.MULTILINE,
)


INPUT, NEURON, IMAGE = 5, 4, 3


class WrongWeight(WeightMemory):
    """Stores another weight from `INPUT` to `NEURON` of layer 1."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := WeightMemory(shape=self.shape))
        if self.shape.inputs == 8:
            low = 2 * NEURON
            code = self.write_data[low : low + 2]
            with m.If(self.write_neuron == INPUT):
                m.d.comb += inner.write_data[low : low + 2].eq(Mux(code == 1, 0b11, 0b01))
        return m


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run spikes through a chip with a `WrongWeight`, which nothing reads before `IMAGE`.

    Returns what was told, and a function that shows another difference of the same run.
    """
    export_anew(monkeypatch)
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)
    monkeypatch.setattr(command, "build_folder", lambda: tmp_path)
    monkeypatch.setattr(layer_block, "WeightMemory", WrongWeight)

    seen = []
    show = divergence.show

    def noted(first, subject, folder, place):
        seen.append((first, subject))
        return show(first, subject, folder, place)

    monkeypatch.setattr(divergence, "show", noted)

    def again(**changes):
        first, subject = seen[0]
        first = dataclasses.replace(first, **changes)
        spikes = np.load(tmp_path / "input.npz")["spikes"]
        subject = dataclasses.replace(subject, stimulus=Given(spikes))
        return show(first, subject, tmp_path / "again", tmp_path / "waves" / "again")

    def told(*options):
        spikes = np.random.default_rng(4).random((12, 3, 8)) < 0.6
        spikes[:IMAGE, :, INPUT] = 0
        spikes[IMAGE, 1:, INPUT] = 1
        spikes[IMAGE, 0, INPUT] = 0
        np.savez(tmp_path / "input.npz", spikes=spikes)
        files = ["--weights", save(NETWORK, tmp_path), "--input", tmp_path / "input.npz"]
        done = trispike_here("sim", *files, *options)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr

    return told, again


def _at(path, cycle, signal):
    """Value of a signal in a cycle of the harness."""
    wave, seen = pywellen.Waveform(str(path)), {}
    names = {var.full_name: var for var in wave.all_vars()}

    def changes(name):
        wave.stream_changes(
            lambda time, _, value: seen.setdefault(name, []).append((time, int(value))),
            [names[f"{harness.TOP}.{name}"]],
        )
        return seen[name]

    (begun,) = (time for time, value in changes("cycle") if value == cycle)
    return [value for time, value in changes(signal) if time <= begun][-1]


@pytest.mark.thorough
def test_a_fault_is_shown(run, tmp_path, monkeypatch):
    """Message, waveform and timeline agree on image, layer, neuron, cycle and value."""
    tell, again = run
    told = MESSAGE.search(message := tell("--waves"))  # one build for both runs
    assert told, message
    found = {key: int(value) for key, value in told.groupdict().items() if value.isdecimal()}
    place = [found[name] for name in ("image", "timestep", "layer", "neuron")]
    assert (told["what"], *place) == ("potential", IMAGE, 2, 1, NEURON)
    assert found["cycle"] > found["alone"]
    got = int(told["got"])
    signal = f"chip.layer_{found['layer'] - 1}.pe_{found['neuron']}.potential"
    assert _at(told["wave"], found["alone"], signal) == got % 2**18

    made = timelines.read(Path(told["timeline"]))
    [(cycle, name, args)] = made.instants["first divergence"]
    assert cycle == args["cycle"] == found["alone"]
    assert name.startswith("first divergence: potential: image")
    for key in ("image", "timestep", "layer", "neuron"):
        assert args[key] == found[key]
    (fire,) = (
        each
        for each in made.slices[f"layer {found['layer']} PEs"]
        if each.start == cycle and each.name == "fire"
    )
    assert fire.within == (f"image {found['image']}", f"timestep {found['timestep']}")

    (tmp_path / "waves" / "again.json").write_text("of an earlier run")
    assert again(got=got + 1) == f"image {IMAGE} does not differ so where it is run alone"
    assert not [*(tmp_path / "waves").glob("again.*")]
    monkeypatch.setattr(cosimulation, "run", broken)
    assert again() == "no waveform of it: some log"


class Silent(FlowController):
    """Never shows the layer's output."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.sync += self.valid.eq(0)
        return m


@pytest.mark.thorough
def test_a_hang_is_shown(run, monkeypatch):
    """What never came has no cycle; the timeline ends with what the chip did last."""
    monkeypatch.setattr(layer_block, "FlowController", Silent)
    tell, _ = run
    told = re.search(r"expected 36, got 0; see \S+ and (\S+), of image 0 alone$", tell().strip())
    made = timelines.read(Path(told[1]))
    [(_, name, args)] = made.instants["first divergence"]
    assert name.startswith("first divergence: spike: number of vectors: image 0, timestep 1")
    assert args["cycle"] is None
    assert made.cycles("layer 1 PEs", "fire") == 3
    assert made.slices["layer 2 PEs"][0].name == "waits for input"


@pytest.mark.thorough
def test_too_large(run, tmp_path, monkeypatch):
    """Where a waveform would take too much there is a timeline alone."""
    monkeypatch.setattr(divergence, "USUAL_WAVES_MB", 0)
    tell, _ = run
    assert re.search(r"; see cycle \d+ of \S+\.json, of image 3 alone$", tell().strip())


def broken(*arguments, **options):
    """A run that breaks down."""
    raise SimulationError("some log")
