"""`make sim TRACE=`: every spike and potential of a run, from the RTL."""

import dataclasses
import os

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.networks import random_network_of, save
from trispike import golden
from trispike.models.data import datasets
from trispike.models.data.encoders import encode
from trispike.models.network.layers import Dense, Threshold
from trispike.models.network.neuron import LEAKY
from trispike.models.network.shape import NetworkShape, ReadOut


def _weight_file(folder):
    layers = (
        Dense(inputs=784, neurons=9, neuron=LEAKY),
        Dense(inputs=9, neurons=10, threshold=Threshold.NONE),
    )
    network = random_network_of(NetworkShape.of("traced", layers, ReadOut.POTENTIAL), 5)
    return network, save(network, folder)


@pytest.mark.thorough
def test_trace(tmp_path):
    """Of two simulations side by side, in the order of the images, as the golden model has it."""
    network, weight_file = _weight_file(tmp_path)
    file = tmp_path / "trace.npz"
    options = ["--images", "5", "--first", "3", "--timesteps", "4", "--jobs", "2"]
    done = trispike_here("sim", "--weights", weight_file, "--trace", file, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    images = datasets.load_test("digits")[0][3:8]
    spikes = encode(network.shape, images, timesteps=4, seed=0, first_image=3)
    expected = golden.run(network, spikes)
    trace = np.load(file, allow_pickle=False)
    assert trace["images"].tolist() == [3, 4, 5, 6, 7]
    assert (trace["input"] == spikes).all()
    assert (trace["spikes_1"] == expected.spikes[0]).all()
    assert "spikes_2" not in trace
    for k in (1, 2):
        assert (trace[f"potentials_{k}"] == expected.potentials[k - 1]).all()
        assert (np.diff(trace[f"fire_{k}"].reshape(-1)[:12]) > 0).all()
    assert trace["labels"].tolist() == expected.labels.tolist()


@pytest.mark.thorough
def test_images_that_stop_early(tmp_path):
    """What had not happened as an image ended is 0, and its cycle -1; the rest is as it was."""
    network, weight_file = _weight_file(tmp_path)
    file = tmp_path / "trace.npz"
    options = ["--images", "6", "--timesteps", "9", "--stability", "1", "--trace", file]
    done = trispike_here("sim", "--weights", weight_file, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    images = datasets.load_test("digits")[0][:6]
    stops = dataclasses.replace(network, stability=1)
    result = golden.run(stops, encode(network.shape, images, timesteps=9, seed=0))
    trace = np.load(file, allow_pickle=False)
    fired = trace["fire_2"] >= 0
    assert (fired.sum(axis=1) >= result.decided).all()
    assert not fired.all()
    assert (trace["potentials_2"][fired] == result.potentials[1][fired]).all()
    assert not trace["potentials_2"][~fired].any()


def test_refused(tmp_path):
    _, weight_file = _weight_file(tmp_path)
    told = refused_here("sim", "--weights", weight_file, "--trace", tmp_path / "trace.csv")
    assert told == "error: TRACE must end with .npz, not 'trace.csv'"
    told = refused_here(
        "sim", "--weights", weight_file, "--trace", "trace.npz", "--cluster", "tcp://a:1"
    )
    assert told == "error: TRACE= is for this machine's own runs: leave out CLUSTER="


def test_an_earlier_trace_is_set_aside(tmp_path):
    """A run that fails leaves none that looks like its own."""
    _, weight_file = _weight_file(tmp_path)
    file = tmp_path / "trace.npz"
    file.write_bytes(b"of an earlier run")
    os.utime(file, (0, 0))
    refused_here("sim", "--weights", weight_file, "--trace", file, "--skip", "9")
    assert not file.exists()
    assert (tmp_path / "trace.npz.old").read_bytes() == b"of an earlier run"
