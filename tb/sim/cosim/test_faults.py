"""Deliberate faults in the RTL are caught and named."""

import dataclasses
import functools
import re

import numpy as np
import pytest
from amaranth import *

from tb.kit.command import trispike_here
from tb.kit.mutants import export_anew, wrap
from tb.kit.networks import random_network, save
from trispike.models.network import weights
from trispike.rtl.layers import lanes
from trispike.rtl.layers import layer as layer_block
from trispike.rtl.layers.aer import AEREncoder
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.weight_memory import WeightMemory
from trispike.rtl.neuron import pe
from trispike.rtl.neuron.pe import PEState, ProcessingElement, TernaryMultiplexer
from trispike.rtl.priority import LowestOne
from trispike.sim.cosim import cosimulation, divergence

WHERE = re.compile(
    r"first divergence: (?P<what>[a-z ]+): image (?P<image>\d+), timestep (?P<timestep>\d+), "
    r"layer (?P<layer>\d+), neuron (?P<neuron>\d+), cycle (?P<cycle>\d+): "
    r"expected (?P<expected>-?\d+), got (?P<got>-?\d+)"
)


WRONG_ROW, WRONG_NEURON = 400, 7


class WrongWeight(WeightMemory):
    """Stores another value than it is told for one weight of the layer with 784 inputs."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := WeightMemory(shape=self.shape))
        if self.shape.inputs == 784:
            low = 2 * WRONG_NEURON
            code = self.write_data[low : low + 2]
            with m.If(self.write_neuron == WRONG_ROW):
                wrong = Mux(code == 0, 0b01, Mux(code == 0b01, 0b11, 0b00))
                m.d.comb += inner.write_data[low : low + 2].eq(wrong)
        return m


class Equality(ProcessingElement):
    """Fires at the threshold already, not only above it."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        fired = Signal()
        with m.If(self.state == PEState.FIRE):
            m.d.sync += fired.eq(self.potential >= self.threshold)
        m.d.comb += self.spike.eq(fired)
        return m


class FirstLane(TernaryMultiplexer):
    """Tells a PE not to clock its register where the first lane's weight is 0, whatever others."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += self.zero.eq(~self.codes[0][0])
        return m


class WithoutTheLast(AEREncoder):
    """Ends a timestep one address early."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := AEREncoder(inputs=self.inputs))
        m.submodules.last = last = LowestOne(width=self.inputs)
        m.d.comb += [
            last.bits.eq(self.i.payload[::-1]),
            inner.i.payload.eq(self.i.payload & ~last.one_hot[::-1]),
        ]
        return m


class Silent(FlowController):
    """Never shows the layer's output."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.sync += self.valid.eq(0)
        return m


@pytest.fixture(autouse=True)
def quickly_and_anew(monkeypatch):
    """Builds made in a hurry, of exports that are not the cache's; none for a waveform."""
    export_anew(monkeypatch)
    monkeypatch.setattr(divergence, "show", lambda *_: "")
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)


def _run(weight_file, *more):
    """Run digits through the broken chip: the status must be 1, the divergence named."""
    options = ["--weights", weight_file, "--images", "20", "--timesteps", "2", *more]
    done = trispike_here("sim", *options)
    assert done.returncode == 1, done.stdout + done.stderr
    found = WHERE.search(done.stderr)
    assert found, done.stderr
    return {key: int(value) if key != "what" else value for key, value in found.groupdict().items()}


def test_no_fault_agrees(tmp_path):
    """Without a fault the chip passes, so that the faults below are what is caught."""
    weight_file = save(random_network((784, 12, 4), 1), tmp_path)
    options = ["--weights", weight_file, "--images", "20", "--timesteps", "2"]
    done = trispike_here("sim", *options)
    assert done.returncode == 0, done.stdout + done.stderr


def test_wrong_weight(tmp_path, monkeypatch):
    """One weight of 9,408 arrives in the SRAM with another value."""
    network = random_network((784, 12, 4), 1)
    weight = int(network.layers[0].weights[WRONG_ROW, WRONG_NEURON])
    monkeypatch.setattr(layer_block, "WeightMemory", WrongWeight)
    found = _run(save(network, tmp_path))
    assert (found["what"], found["layer"], found["neuron"]) == ("potential", 1, WRONG_NEURON)
    a = network.layers[0].a
    change = {0: a, 1: -2 * a, -1: a}[weight]
    assert found["got"] - found["expected"] == change


@pytest.mark.thorough
def test_enable_that_misses_a_lane(tmp_path, monkeypatch):
    """PEs that are not clocked for the second lane alone: one neuron has its weights only there."""
    monkeypatch.setattr(pe, "TernaryMultiplexer", FirstLane)
    network = random_network((784, 12, 4), 5)
    first, second = network.layers
    odd_input, this_neuron = np.arange(784)[:, None] % 2 == 1, np.arange(12) == WRONG_NEURON
    weight = np.where(odd_input == this_neuron, first.weights, 0).astype(np.int8)
    layers = (dataclasses.replace(first, weights=weight), second)
    found = _run(save(dataclasses.replace(network, layers=layers), tmp_path), "--lanes", "2")
    place = (found["image"], found["timestep"], found["layer"], found["neuron"])
    assert (found["what"], *place) == ("potential", 0, 1, 1, WRONG_NEURON)
    assert found["got"] == first.b * first.bias[WRONG_NEURON] != found["expected"]


@pytest.mark.thorough
def test_compare_with_equality(tmp_path, monkeypatch):
    """A PE that fires at the threshold already, not only above it.

    Layer 2 of the network below sits at its threshold whenever nothing spikes in layer 1.
    """
    monkeypatch.setattr(layer_block, "ProcessingElement", Equality)
    network = random_network((784, 12, 4), 2)
    layer = network.layers[1]
    fields = {"weights": layer.weights, "a": layer.a, "b": 5, "threshold": 5}
    bias = np.array([0, 1, 1, -1])
    quiet = type(layer)(**fields, bias=bias)
    silent = network.layers[0]
    first = type(silent)(weights=np.abs(silent.weights), bias=silent.bias, a=0, b=1, threshold=100)
    edge = save(type(network)(name="edge", layers=(first, quiet)), tmp_path)
    found = _run(edge)
    assert found["what"] == "spike"
    place = (found["image"], found["timestep"], found["layer"], found["neuron"])
    assert place == (0, 1, 2, 1)
    assert (found["expected"], found["got"]) == (0, 1)

    # A figure file that cannot be written does not hide it.
    full = trispike_here("sim", "--weights", edge, "--images", "2", "--json", "/dev/full")
    assert "first divergence: spike: image 0" in full.stderr


@pytest.mark.thorough
def test_dropped_address(tmp_path, monkeypatch):
    """An encoder that ends a timestep one address early."""
    monkeypatch.setattr(lanes, "AEREncoder", WithoutTheLast)
    found = _run(save(random_network((784, 12, 4), 3), tmp_path))
    assert found["what"] == "potential"
    assert (found["image"], found["timestep"], found["layer"]) == (0, 1, 1)


@pytest.mark.thorough
def test_hang(tmp_path, monkeypatch):
    """A layer that never shows its output: the run ends all the same, and says what is missing."""
    monkeypatch.setattr(layer_block, "FlowController", Silent)
    weight_file = save(random_network((784, 12, 4), 4), tmp_path)
    done = trispike_here("sim", "--weights", weight_file, "--images", "5")
    assert done.returncode == 1, done.stdout + done.stderr
    message = "first divergence: spike: number of vectors: image 0, timestep 1, layer 1: "
    assert message + "expected 25, got 0" in done.stderr


def test_weights_file_keeps_its_digest(tmp_path):
    """The faults above are of the RTL: the weight file that both sides read is sound."""
    path = save(random_network((784, 12, 4), 1), tmp_path)
    network, card = weights.load(path)
    assert weights.digest(network) == card.digest
