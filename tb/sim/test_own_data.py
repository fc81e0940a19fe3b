"""``INPUT=``: images and spikes of the user's own through every command that runs images."""

import functools
import json
import re

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.extras import needs_distributed
from tb.kit.networks import random_network, random_network_of, save
from tb.kit.silicon import needs_synthesis
from trispike import golden
from trispike.models.data.encoders import encode
from trispike.models.network.layers import Convolution, Dense
from trispike.models.network.maps import Maps
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.models.network.volume import Volume
from trispike.sim.cosim import command, cosimulation
from trispike.sim.cosim.command import ChipRun

pytestmark = pytest.mark.xdist_group("own")

RNG = np.random.default_rng(6)
PIXELS = RNG.integers(0, 256, (9, 3, 12), np.uint8)
SPIKES = RNG.random((9, 4, 3, 1, 12)) < 0.4
LABELS = RNG.integers(0, 5, 9)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quickly = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quickly)


@pytest.fixture
def given(tmp_path):
    """Options of a run on arrays, which ``own.npz`` holds, of a small network with an encoder."""

    def given(encoder=Encoder.RATE, groups=(), **arrays) -> list:
        np.savez(tmp_path / "own.npz", **arrays)
        layers = Dense(inputs=36, neurons=20), Dense(inputs=20, neurons=5)
        shape = NetworkShape.of("small", layers, encoder=encoder, groups=groups)
        weight_file = save(random_network_of(shape, 1), tmp_path)
        return ["--weights", weight_file, "--input", tmp_path / "own.npz"]

    return given


def _figures(folder, *options) -> dict:
    path = folder / "figures.json"
    done = trispike_here("sim", *options, "--json", path)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(path.read_text()) | {"printed": done.stdout, "warned": done.stderr}


def _network():
    return random_network((36, 20, 5), 1, "small")


@pytest.mark.thorough
def test_images_on_the_chip(given, tmp_path):
    """With labels, from an image in the middle on, in two shards as in one."""
    options = [*given(images=PIXELS, labels=LABELS), "--first", 2, "--timesteps", 3]
    one, two = (_figures(tmp_path, *options, "--jobs", jobs) for jobs in (1, 2))
    got = golden.run(_network(), encode(_network().shape, PIXELS.reshape(9, 36), 3, 0)[2:]).labels
    assert one["accuracy"] == two["accuracy"] == np.mean(got == LABELS[2:])
    assert (one["data"], one["images"], one["first_image"]) == ("own", 7, 2)
    assert (two["shards"], two["spikes"]) == (2, one["spikes"])
    assert not any(one["mismatches"].values())
    assert f" INPUT={tmp_path}/own.npz " in one["command"]
    assert one["warned"] == ""


@pytest.mark.thorough
def test_spikes_without_labels_on_the_chip(given, tmp_path):
    """As many timesteps as they have; no accuracy is printed, and JSON has null."""
    made = _figures(tmp_path, *given(Encoder.GIVEN, spikes=SPIKES))
    assert (made["timesteps"], made["images"]) == (4, 9)
    assert made["accuracy"] is made["golden_accuracy"] is made["decisions"]["accuracy"] is None
    assert "accuracy" not in made["printed"]
    assert made["spikes"][0] == SPIKES.sum() / 9


@pytest.mark.thorough
def test_labels_of_two_parts(given, tmp_path):
    """Known, each part has its accuracy; not known, none has."""
    assert _figures(tmp_path, *given(groups=(3, 2), images=PIXELS))["answers"] == []
    made = _figures(tmp_path, *given(groups=(3, 2), images=PIXELS, labels=LABELS))
    assert len(made["answers"]) == 2


@pytest.mark.thorough
def test_maps_of_a_convolution(tmp_path):
    """By channel, row and column."""
    maps = Maps(volume=Volume(channels=2, height=6, width=5), kernel=(3, 3))
    first = Convolution(maps=maps, channels=3)
    layers = first, Convolution(maps=Maps.whole(first.output), channels=4)
    network = random_network_of(NetworkShape.of("maps", layers), 2)
    options = ["--weights", save(network, tmp_path), "--input", tmp_path / "own.npz"]
    pixels = RNG.integers(0, 256, (3, 2, 6, 5), np.uint8)
    np.savez(tmp_path / "own.npz", images=pixels.transpose(0, 2, 3, 1))
    message = refused_here("sim", *options)
    assert "takes maps of 2x6x5, but own gives 6x5x2: channels, height and width; " in message
    np.savez(tmp_path / "own.npz", images=pixels)
    spikes = encode(network.shape, pixels.reshape(3, 60), 5, 0)
    made = _figures(tmp_path, *options)
    assert made["spikes"][0] == spikes.sum() / 3


def test_layers_without_labels(given):
    """`make energy WIDTHS=1`."""
    done = trispike_here("energy", "--widths", *given(images=PIXELS))
    assert done.returncode == 0, done.stderr
    assert "small on own, T = 1" in done.stdout
    assert "accuracy" not in done.stdout
    done = trispike_here("energy", "--widths", *given(Encoder.GIVEN, spikes=SPIKES, labels=LABELS))
    assert "small on own, T = 4" in done.stdout
    assert "accuracy on these images: " in done.stdout


def test_map(given):
    done = trispike_here("map", *given(images=PIXELS))
    assert done.returncode == 0, done.stderr
    assert "9 images of own" in done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize("labels", [{}, {"labels": LABELS}])
def test_mesh(given, tmp_path, labels):
    made = _figures(tmp_path, *given(Encoder.GIVEN, spikes=SPIKES, **labels), "--mesh", "2x1x1")
    assert (made["data"], made["timesteps"]) == ("own", 4)
    assert (made["accuracy"] is None) == ("accuracy" not in made["printed"]) == (not labels)


@pytest.mark.thorough
def test_bench(given, tmp_path):
    path = tmp_path / "bench.json"
    options = ["--json", path, "--budget", "1", "--timesteps", "2"]
    done = trispike_here("bench", *given(images=PIXELS), *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text())["run"]["data"] == "own"


@needs_synthesis
@pytest.mark.thorough
def test_energy(given):
    done = trispike_here("energy", *given(images=PIXELS), "--traced", "2")
    assert done.returncode == 0, done.stderr
    assert "by events, all 9 images" in done.stdout
    assert "accuracy" not in done.stdout


@needs_distributed
@pytest.mark.thorough
def test_cluster(given, tmp_path):
    """Workers, in processes of their own, get what the file holds."""
    from distributed import LocalCluster

    options = given(Encoder.GIVEN, spikes=SPIKES, labels=LABELS)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        made = _figures(tmp_path, *options, "--cluster", cluster.scheduler_address)
    assert made["shards"] > 1
    assert made["spikes"][0] == SPIKES.sum() / 9


def test_command_of_images_that_died(given):
    """It names the file, and takes no data set's name beside it."""
    weight_file, own = given(images=PIXELS)[1::2]
    death = cosimulation.Death(images=range(2, 5), judged=1, why="it died")
    told = command._obituary(death, ChipRun(weights=weight_file, input=own))
    wanted = f"make sim INPUT={own} LANES=1 T=5 SEED=0 WEIGHTS={weight_file} FIRST=2 IMAGES=3"
    assert told.endswith(wanted)


@pytest.mark.parametrize("words", ["sim", "sim --mesh 2x1x1", "energy", "map", "bench"])
@pytest.mark.parametrize(
    ("encoder", "arrays", "options", "message"),
    [
        ("rate", {"spikes": SPIKES}, [], "takes 36 pixels, but own gives 36 spikes"),
        ("given", {"images": PIXELS}, [], "takes 36 spikes, but own gives 36 pixels"),
        ("rate", {"images": PIXELS[:, 0]}, [], "takes 36 pixels, but own gives 12 pixels"),
        ("given", {"spikes": SPIKES}, ["-t", 5], "T must be 4 on own, not 5"),
        (
            "rate",
            {"images": PIXELS, "labels": np.arange(-3, 6).clip(0)},
            [],
            "must be from 0 to 4 for .*, not 5",
        ),
        ("rate", {"images": PIXELS}, ["-n", 10], "IMAGES must be at most 9, own's test images"),
        ("rate", {"images": PIXELS}, ["--data", "digits"], "DATA= is for data sets by name, and"),
        ("rate", {"images": PIXELS}, ["--data-folder", "."], "DATA_FOLDER= is for data sets by n"),
        ("rate", {}, [], "own.npz: it must hold images or spikes"),
    ],
)
def test_what_is_refused(given, words, encoder, arrays, options, message):
    own = given(Encoder(encoder), **arrays)
    assert re.search(message, refused_here(*words.split(), *own, *options))


def test_commands_without_test_images(given):
    """Training, tables of our networks, what makes its own spikes, and the record in docs/."""
    own = given(images=PIXELS)[2:]
    for name in ("train", "accuracy", "neurons", "verilog"):
        assert f"{name} takes no INPUT=; leave it out" in refused_here(name, *own)
    message = refused_here("sim", "--random", "2x16", *own)
    assert "INPUT= is for a network with weights, without RANDOM=; leave it out" in message
    for mode in ([], ["--widths"]):
        message = refused_here("energy", "--record", *own, *mode)
        assert "RECORD= is for data sets by name; leave it out with INPUT=" in message


@pytest.mark.thorough
def test_a_name_like_that_of_a_data_set(tmp_path):
    """The card's accuracy is that of other images; the name is plain where a file's is not."""
    for name in ("digits", "[b]my own"):
        np.savez(tmp_path / f"{name}.npz", images=np.zeros((2, 28, 28), np.uint8), labels=[1, 2])
    options = ["--layer", "fc256", "--input"]
    made = _figures(tmp_path, *options, tmp_path / "digits.npz")
    assert (made["data"], made["card_accuracy"], made["warned"]) == ("digits", None, "")
    made = _figures(tmp_path, *options, tmp_path / "[b]my own.npz")
    assert made["data"] == "_b_my_own"
    assert "on _b_my_own" in made["printed"]
