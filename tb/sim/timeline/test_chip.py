"""`make sim TIMELINE=`: what the chip did, cycle by cycle, from the RTL."""

import dataclasses
import functools
import json
import os

import numpy as np
import pytest

from tb.kit import early, perfetto, timelines
from tb.kit.command import refused_here, trispike_here
from tb.kit.early import early_network, spikes_of
from tb.kit.networks import random_network_of, save
from tb.kit.perfetto import needs_perfetto
from trispike.models.network.layers import Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import CONTINUOUS, LEAKY
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume
from trispike.sim.cosim import cosimulation

IMAGES, TIMESTEPS = 5, 4

STALL = "stall: output not taken"


def _network(name, seed, *layers, read_out=ReadOut.COUNT):
    shape = NetworkShape.of(name, layers, read_out, encoder=Encoder.GIVEN)
    return random_network_of(shape, seed)


def _dense():
    """Layer 2 takes longer than layer 1, which has to wait."""
    first = Dense(inputs=6, neurons=40)
    return _network("dense", 3, first, Dense(inputs=40, neurons=9, neuron=LEAKY))


def _maps():
    first = Convolution(
        maps=Maps(volume=Volume(channels=2, height=6, width=6), kernel=(3, 3), padding=1, pool=2),
        channels=3,
        neuron=CONTINUOUS,
    )
    second = Convolution(maps=Maps.whole(first.output), channels=4, threshold=Threshold.NONE)
    return _network("maps", 5, first, second, read_out=ReadOut.POTENTIAL)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Builds made in a hurry."""
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)


def _spikes(volume):
    shape = (IMAGES, TIMESTEPS, volume.channels, volume.height, volume.width)
    spikes = np.random.default_rng(1).random(shape) < 0.6
    spikes[0, 1] = 0  # a timestep without a spike
    return spikes.reshape(IMAGES, TIMESTEPS, -1) if volume.positions == 1 else spikes


def _run(folder, network, spikes, *, drawn):
    """Run ``spikes``, ``drawn`` images on the timeline: it, the JSON's figures, the trace."""
    np.savez(folder / "input.npz", spikes=spikes)
    names = {name: folder / f"{name}.json" for name in ("timeline", "json")}
    trace = folder / "trace.npz"
    files = [word for name, path in names.items() for word in (f"--{name}", path)]
    done = trispike_here(
        "sim",
        *("--weights", save(network, folder), "--input", folder / "input.npz", "--trace", trace),
        *(*files, "--timeline-images", str(drawn)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"timeline: {names['timeline']}" in done.stdout
    return timelines.read(names["timeline"]), json.loads(names["json"].read_text()), np.load(trace)


def _check(made, figures, trace, network):
    """Spikes and cycles of each layer are those of the figures, and where the trace has them."""
    images, timesteps = trace["input"].shape[:2]
    layers = range(1, len(network.layers) + 1)
    tracks = ["input", *(f"layer {k} spikes" for k in layers)]
    counts = [made.spikes(track) for track in tracks]
    assert counts == [round(each * images) for each in figures["spikes"]]
    for k, each in zip(layers, figures["spiking_cycles"], strict=True):
        missing = round(each * images) - made.cycles(f"layer {k} PEs", "integrate")
        assert missing > 0 if network.shape.stops and k < len(layers) else missing == 0
    predictions = [each.stop for each in made.slices["read-out"]]
    assert predictions == trace["result_cycles"].tolist()
    assert [each.args["label"] for each in made.slices["read-out"]] == trace["labels"].tolist()
    first = trace["images"][0]
    for k, layer in zip(layers, network.shape.layers, strict=True):
        slices = made.slices[f"layer {k} PEs"]
        fired = [
            (each.within, cycle)
            for each in slices
            if each.name == "fire"
            for cycle in range(each.start, each.stop)
        ]
        cycles = trace[f"fire_{k}"].reshape(images, timesteps, -1)
        expected = [
            ((f"image {first + image}", f"timestep {step + 1}"), int(cycles[image, step, window]))
            for image, step, window in np.argwhere(cycles >= 0).tolist()
        ]
        assert fired == expected
        if not layer.fires:
            continue
        told = sorted(
            (args["image"] - first, args["timestep"] - 1, neuron)
            for _, _, args in made.instants[tracks[k]]
            for neuron in args["neurons"]
        )
        assert told
        assert [[*each] for each in told] == np.argwhere(trace[f"spikes_{k}"]).tolist()


def test_dense(tmp_path):
    """Each cycle of a layer is in one slice; the stalls are those that the layer behind makes."""
    network = _dense()
    spikes = _spikes(network.shape.input.volume)
    made, figures, trace = _run(tmp_path, network, spikes, drawn=IMAGES)
    _check(made, figures, trace, network)
    assert made.cycles("layer 1 PEs", STALL) > 0 == made.cycles("layer 2 PEs", STALL)
    leaves = [each for each in made.slices["layer 1 PEs"] if "timestep" not in each.name]
    leaves = [each for each in leaves if "image" not in each.name]
    ends = [0, *(each.stop for each in leaves[:-1])]
    assert [each.start for each in leaves] == ends
    part, _, _ = _run(tmp_path, network, spikes, drawn=2)  # the same build
    assert part.told["images"] == [0, 1]
    for track, slices in part.slices.items():
        beyond = made.slices[track][: len(slices)]
        assert [(each.name, each.start) for each in slices[:-1]] == [
            (each.name, each.start) for each in beyond[:-1]
        ]
        assert {each.args["image"] for each in slices if "image" in each.args} == {0, 1}


@needs_perfetto
@pytest.mark.thorough
def test_dense_in_perfetto(tmp_path):
    """Its trace processor counts the spikes and cycles that the run's figures and trace have."""
    network = _dense()
    spikes = _spikes(network.shape.input.volume)
    made, figures, trace = _run(tmp_path, network, spikes, drawn=IMAGES)
    layers = range(1, len(network.layers) + 1)
    with perfetto.opened(tmp_path / "timeline.json") as opened:
        opened.agrees(made)
        counts, cycles = opened.spikes(), opened.cycles()
    tracks = ["input", *(f"layer {k} spikes" for k in layers)]
    assert counts == dict(zip(tracks, np.rint(IMAGES * np.array(figures["spikes"])), strict=True))
    for k, spiking in zip(layers, figures["spiking_cycles"], strict=True):
        track = f"layer {k} PEs"
        assert cycles[track, "integrate"] == round(IMAGES * spiking)
        assert cycles[track, "fire"] == trace[f"fire_{k}"].size
        for name in (STALL, "waits for input", "waits for spikes", "leak", "image 0"):
            assert cycles.get((track, name), 0) == made.cycles(track, name)
    assert cycles["layer 1 PEs", STALL] > 0
    images = sum(cycles[each] for each in cycles if each[0] == "read-out")
    assert images == trace["result_cycles"][-1]


@pytest.mark.thorough
def test_maps(tmp_path):
    """Many windows a timestep, a state in memory, a pool, a layer that never fires."""
    network = _maps()
    spikes = _spikes(network.shape.input.volume)
    _check(*_run(tmp_path, network, spikes, drawn=IMAGES), network)


@pytest.mark.thorough
def test_images_that_stop_early(tmp_path):
    """A timestep that the end of its image cuts is the last of it."""
    network = early_network(ReadOut.COUNT, LEAKY, (9, 30, 6, 3))
    network = dataclasses.replace(network, encoder=Encoder.GIVEN)
    made, figures, trace = _run(tmp_path, network, spikes_of(9), drawn=early.IMAGES)
    assert figures["timesteps_taken"] < early.TIMESTEPS
    _check(made, figures, trace, network)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--timeline", "a.txt"], "TIMELINE must end with .json, not 'a.txt'"),
        (["--timeline-images", "3"], "TIMELINE_IMAGES has no meaning without TIMELINE="),
        (["--timeline", "a.json", "--timeline-images", "0"], "TIMELINE_IMAGES must be 1 or more"),
        (["--timeline", "a.json", "--cluster", "tcp://a:1"], "TIMELINE= is for this machine's own"),
    ],
)
def test_refused(options, message):
    assert message in refused_here("sim", *options)


def test_an_earlier_timeline_is_set_aside(tmp_path):
    """A run that fails leaves none that looks like its own."""
    file = tmp_path / "timeline.json"
    file.write_text("of an earlier run")
    os.utime(file, (0, 0))
    refused_here("sim", "--layer", "fc256", "--timeline", file, "--skip", "9")
    assert not file.exists()
    assert (tmp_path / "timeline.json.old").read_text() == "of an earlier run"
