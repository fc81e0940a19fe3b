"""`make prune`: what it prints and writes, and what it refuses."""

import dataclasses
import json

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike_here
from trispike.models.network import weights
from trispike.sim.prune import command
from trispike.sim.prune.pruning import Pruning


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "build_folder", lambda: tmp_path / "build")
    return tmp_path


def test_command(house):
    """The file holds what the table says, and comes from where the network came."""
    path = house / "figures.json"
    done = trispike_here("prune", "--images", "20", "--json", str(path))
    assert done.returncode == 0, done.stderr
    assert "equal on 20 images of digits, T = 5: every label" in done.stdout
    whole, card = weights.load(weights.committed("fc256", "digits"))
    pruned, own = weights.load(house / "build" / "weights" / "fc256_pruned.npz")
    figures = json.loads(path.read_text())
    gone = figures["layers"][0]["silent"] + figures["layers"][0]["unread"]
    assert gone > 50
    assert pruned.shape.sizes == (784, 256 - gone, 10)
    assert figures["layers"][0]["quiet"] >= figures["layers"][0]["silent"]
    assert figures["layers"][1]["after"]["empty_rows"] == 0
    assert own.origin == card.origin
    zeros = [float(np.mean(layer.weights == 0)) for layer in (whole.layers[0], pruned.layers[0])]
    both = [figures["layers"][0][when]["weights"] for when in ("before", "after")]
    assert both == pytest.approx(zeros)


def test_again(house):
    """Of a pruned network nothing can go, and nothing is written."""
    output = house / "once.npz"
    assert trispike_here("prune", "--images", "5", "--output", str(output)).returncode == 0
    done = trispike_here("prune", "--images", "5", "--weights", str(output))
    assert "nothing can go: nothing is written" in done.stdout
    assert not list((house / "build").rglob("*.npz"))


def test_difference_is_told(house, monkeypatch):
    """Should both networks differ, that is a failed comparison, and nothing is written."""
    right = Pruning.pruned.fget

    def wrong(pruning):
        first, *others = right(pruning).layers
        first = dataclasses.replace(first, threshold=first.threshold - 10)
        return dataclasses.replace(pruning.network, layers=(first, *others))

    monkeypatch.setattr(Pruning, "pruned", property(wrong))
    done = trispike_here("prune", "--images", "20")
    assert done.returncode == 1
    assert "first divergence: spikes of layer 1 differ" in done.stderr
    assert not list((house / "build").rglob("*.npz"))


def test_refusals(house):
    """Bad input is one line, status 2."""
    assert "must end with .npz" in refused_here("prune", "--images", "5", "--output", "x.txt")
    assert "IMAGES must be" in refused_here("prune", "--images", "0")
