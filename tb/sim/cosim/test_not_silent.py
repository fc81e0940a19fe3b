"""What a run says that agrees with its models and is likely not what was meant."""

import dataclasses
import functools
import json
import os
import shutil
import time

import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.networks import random_network, save
from trispike.models.network import weights
from trispike.models.network.parameters import Network
from trispike.sim.cosim import cosimulation

CARD = weights.committed("fc256_256", "digits")


@pytest.fixture
def quick(monkeypatch):
    """Builds that take less time than their runs."""
    model = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", model)


@pytest.mark.thorough
@pytest.mark.xdist_group("fc256_256")
def test_other_parameters_than_measured(tmp_path):
    """A layer that was transposed agrees with its models; its card tells another accuracy."""
    network, card = weights.load(CARD)
    first, square, last = network.layers
    turned = dataclasses.replace(square, weights=square.weights.T.copy())
    turned = Network(name=network.name, layers=(first, turned, last), read_out=network.read_out)
    weights.save(tmp_path / "turned.npz", turned, card)
    figures = tmp_path / "figures.json"
    options = ["--weights", tmp_path / "turned.npz", "--images", "60", "--json", figures]
    done = trispike_here("sim", *options)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: accuracy is ")
    assert f"{card.measured.accuracy[4]:.2%}" in line
    made = json.loads(figures.read_text())
    assert made["data"] == "digits"
    assert made["card_accuracy"] == card.measured.accuracy[4] > made["accuracy"] + 0.3


@pytest.mark.thorough
def test_outputs_that_never_spike(tmp_path, quick):
    """The label is class 0's then; the table says how often, and what the accuracy is worth."""
    network = random_network((784, 5, 10), 3)
    mute = dataclasses.replace(network.layers[1], threshold=2**17 - 1)
    mute = Network(name="mute", layers=(network.layers[0], mute), read_out=network.read_out)
    figures = tmp_path / "figures.json"
    done = trispike_here(
        "sim", "--weights", save(mute, tmp_path), "--images", "30", "--json", figures
    )
    assert done.returncode == 0, done.stderr
    assert "  without an output spike " in done.stdout
    made = json.loads(figures.read_text())
    assert made["decisions"] == {"silent": 30, "tied": 0, "accuracy": 0.0}
    assert made["accuracy"] > 0


def test_data_of_the_file(tmp_path, quick):
    """Without DATA= it is what the file was trained on; another one is warned of."""
    mnist = weights.committed("fc256_256", "mnist")
    message = refused_here("sim", "--weights", mnist, "--data-folder", tmp_path / "nowhere")
    assert "nowhere does not exist" in message
    message = refused_here("sim", "--weights", mnist, "--layer", "fc256")
    assert "LAYER=fc256 is not fc256_256, the network in " in message
    options = ["--weights", mnist, "--data", "digits", "--first", "999999"]
    done = trispike_here("sim", *options)
    assert done.returncode == 2
    warning, _ = done.stderr.splitlines()
    assert warning == f"warning: {mnist} was trained on mnist, and this run is on digits"


@pytest.mark.parametrize("seconds", [-60, 0, 10**8])
def test_no_old_result_after_a_failure(tmp_path, seconds):
    """The file of an earlier run is set aside, whatever the new one is refused for.

    It is, too, if the clock has gone back since it was written.
    """
    figures, damaged = tmp_path / "r.json", tmp_path / "damaged.npz"
    shutil.copy(CARD, damaged)
    damaged.write_bytes(damaged.read_bytes()[:-200])
    shutil.copy(CARD.with_suffix(".json"), damaged.with_suffix(".json"))
    figures.write_text("{}")
    old = time.time() + seconds
    os.utime(figures, (old, old))
    refused_here("sim", "--weights", damaged, "--json", figures)
    assert not figures.exists()
    assert (tmp_path / "r.json.old").read_text() == "{}"


def test_outputs_and_classes(tmp_path):
    """Eight outputs for ten digits can be meant; it is said."""
    path = save(random_network((784, 5, 8), 3), tmp_path)
    done = trispike_here("map", "--weights", path, "--images", "2")
    assert f"warning: {path} has 8 outputs, and digits has 10 classes" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("command", ["synth", "energy"])
def test_the_record_is_for_our_networks(command):
    """What a network of the user's costs is printed, and never kept beside ours."""
    message = refused_here(command, "--record", "--weights", CARD)
    assert message.endswith("RECORD= is for the networks of Trispike; leave it out with WEIGHTS=")
