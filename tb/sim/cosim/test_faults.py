"""Deliberate faults, each made in a copy of the checkout, are caught and named."""

import re

import numpy as np
import pytest

from tb.kit.command import copy_of_checkout, trispike
from tb.kit.networks import random_network, save
from trispike.models.network import weights

WHERE = re.compile(
    r"first divergence: (?P<what>[a-z ]+): image (?P<image>\d+), timestep (?P<timestep>\d+), "
    r"layer (?P<layer>\d+), neuron (?P<neuron>\d+), cycle (?P<cycle>\d+): "
    r"expected (?P<expected>-?\d+), got (?P<got>-?\d+)"
)


@pytest.fixture
def copy(tmp_path):
    """A copy of Trispike's rooms, to break."""
    return copy_of_checkout(tmp_path / "copy", builds=True)


def _edit(path, before, after):
    text = path.read_text()
    assert text.count(before) == 1, f"{path.name} has no single {before!r} to break"
    path.write_text(text.replace(before, after))


def _run(copy, weight_file, images=20):
    """Run digits through the broken copy: the status must be 1, the divergence named."""
    options = ["--weights", weight_file, "--images", str(images), "--timesteps", "2"]
    done = trispike("sim", *options, root=copy)
    assert done.returncode == 1, done.stdout + done.stderr
    found = WHERE.search(done.stderr)
    assert found, done.stderr
    return {key: int(value) if key != "what" else value for key, value in found.groupdict().items()}


def test_unbroken_copy_agrees(copy, tmp_path):
    """Without a fault the copy passes, so that the faults below are what is caught."""
    weight_file = save(random_network((784, 12, 4), 1), tmp_path)
    options = ["--weights", weight_file, "--images", "20", "--timesteps", "2"]
    done = trispike("sim", *options, root=copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_wrong_weight(copy, tmp_path):
    """One weight of 9,408 arrives in the SRAM with another value."""
    network = random_network((784, 12, 4), 1)
    row, neuron = 400, 7
    weight = int(network.layers[0].weights[row, neuron])
    wrong = {0: 0b01, 1: 0b11, -1: 0b00}[weight]
    _edit(
        copy / "rtl" / "program.py",
        "            yield here | pack(Write, target=Target.WEIGHTS.value, row=row, data=word)",
        f"            if index == 0 and row == {row}:\n"
        f"                word = word & ~(3 << {2 * neuron}) | {wrong} << {2 * neuron}\n"
        "            yield here | pack(Write, target=Target.WEIGHTS.value, row=row, data=word)",
    )
    found = _run(copy, save(network, tmp_path))
    assert (found["what"], found["layer"], found["neuron"]) == ("potential", 1, neuron)
    a = network.layers[0].a
    change = {0: a, 1: -2 * a, -1: a}[weight]
    assert found["got"] - found["expected"] == change


def test_compare_with_equality(copy, tmp_path):
    """A PE that fires at the threshold already, not only above it.

    Layer 2 of the network below sits at its threshold whenever nothing spikes in layer 1.
    """
    _edit(copy / "rtl" / "pe.py", "potential > self.threshold", "potential >= self.threshold")
    network = random_network((784, 12, 4), 2)
    layer = network.layers[1]
    fields = {"weights": layer.weights, "a": layer.a, "b": 5, "threshold": 5}
    bias = np.array([0, 1, 1, -1])
    quiet = type(layer)(**fields, bias=bias)
    silent = network.layers[0]
    first = type(silent)(weights=np.abs(silent.weights), bias=silent.bias, a=0, b=1, threshold=100)
    edge = save(type(network)(name="edge", layers=(first, quiet)), tmp_path)
    found = _run(copy, edge)
    assert found["what"] == "spike"
    place = (found["image"], found["timestep"], found["layer"], found["neuron"])
    assert place == (0, 1, 2, 1)
    assert (found["expected"], found["got"]) == (0, 1)

    # A figure file that cannot be written does not hide it.
    full = trispike("sim", "--weights", edge, "--images", "2", "--json", "/dev/full", root=copy)
    assert "first divergence: spike: image 0" in full.stderr


def test_dropped_address(copy, tmp_path):
    """An encoder that ends a timestep one address early."""
    _edit(
        copy / "rtl" / "aer.py",
        "at_end.eq(end_first | ~first_bit.any)",
        "at_end.eq(end_first | (~rest.any() & ~nonempty.any()))",
    )
    found = _run(copy, save(random_network((784, 12, 4), 3), tmp_path))
    assert found["what"] == "potential"
    assert (found["image"], found["timestep"], found["layer"]) == (0, 1, 1)


def test_hang(copy, tmp_path):
    """A layer that never shows its output: the run ends all the same, and says what is missing."""
    _edit(
        copy / "rtl" / "flow.py",
        "            m.d.sync += self.valid.eq(1)",
        "            m.d.sync += self.valid.eq(0)",
    )
    weight_file = save(random_network((784, 12, 4), 4), tmp_path)
    done = trispike("sim", "--weights", weight_file, "--images", "5", root=copy)
    assert done.returncode == 1, done.stdout + done.stderr
    message = "first divergence: spike: number of vectors: image 0, timestep 1, layer 1: "
    assert message + "expected 25, got 0" in done.stderr


def test_weights_file_keeps_its_digest(tmp_path):
    """The faults above are of the RTL: the weight file that both sides read is sound."""
    path = save(random_network((784, 12, 4), 1), tmp_path)
    network, card = weights.load(path)
    assert weights.digest(network) == card.digest
