"""Networks of arrays, and their runs, without the command line."""

import functools

import numpy as np
import pytest

from tb.kit.mutants import export_anew
from tb.kit.networks import random_network, save
from tb.kit.weight_files import assert_same
from trispike import golden
from trispike.models.data.spikes import encode as rate
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.layers import Bias, Threshold
from trispike.models.network.neuron import LEAKY
from trispike.models.network.shape import Encoder, ReadOut
from trispike.rtl.layers import layer
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.sim.cosim import cosimulation
from trispike.sim.notebook import convolution, dense, load, network, run_golden, run_rtl

pytestmark = pytest.mark.xdist_group("notebook")

RNG = np.random.default_rng(2)
FIRST, LAST = RNG.integers(-1, 2, (12, 9)), RNG.integers(-1, 2, (9, 3))
SPIKES = RNG.random((5, 4, 12)) < 0.5


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quickly = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quickly)


def _net(**more):
    layers = dense(FIRST, threshold=1, bias=range(9)), dense(LAST.tolist(), threshold=[0, 1, 2])
    return network(*layers, **{"encoder": "given", **more})


def test_load(tmp_path):
    """A weight file, or a name with a data set or without."""
    mine = random_network((12, 9, 3), 0)
    assert_same(load(save(mine, tmp_path)), mine)
    for data in ("mnist", "digits"):
        assert_same(load("fc256", data), weights.load(weights.committed("fc256", data))[0])
    assert_same(load("fc256"), load("fc256", "digits"))
    with pytest.raises(BadInput, match=r"LAYER must be one of fc256, .* not 'fc257'"):
        load("fc257")
    with pytest.raises(BadInput, match=r"cannot read .*absent\.json"):
        load(tmp_path / "absent.npz")


def test_fields_of_dense_layers():
    first, last = _net().layers
    assert np.array_equal(first.weights, FIRST)
    assert (first.a, first.b, first.bias.tolist()) == (1, None, list(range(9)))
    assert (last.b, last.bias.any(), last.threshold.tolist()) == (0, False, [0, 1, 2])
    assert (first.shape.bias, first.shape.threshold) == (Bias.EACH, Threshold.ONE)
    leaky = dense(LAST, threshold=5, bias=[1, 0, -1], a=3, b=7, neuron=LEAKY)
    assert (leaky.a, leaky.b, leaky.biases.tolist(), leaky.neuron) == (3, 7, [7, 0, -7], LEAKY)
    net = network(dense(FIRST, threshold=None), encoder="direct", read_out="potential")
    assert (net.layers[0].a, net.encoder, net.read_out) == (
        None,
        Encoder.DIRECT,
        ReadOut.POTENTIAL,
    )


def test_weights_of_maps_are_those_of_pytorch():
    """A convolution and a dense layer after it, against sums written out."""
    kernels, columns = RNG.integers(-1, 2, (3, 2, 3, 3)), RNG.integers(-1, 2, (3 * 2 * 2, 4))
    layers = convolution(kernels, 5, 4, padding=1, pool=2, threshold=1), dense(columns, threshold=0)
    net = network(*layers, encoder="given")
    spikes = RNG.random((2, 1, 2, 5, 4)) < 0.5
    result = run_golden(net, spikes)
    padded = np.pad(spikes[:, 0].astype(int), ((0, 0), (0, 0), (1, 1), (1, 1)))
    sums = np.zeros((2, 3, 4, 4), int)
    for n, channel, row, column in np.ndindex(sums.shape):
        window = padded[n, :, row : row + 3, column : column + 3]
        sums[n, channel, row, column] = (window * kernels[channel]).sum()
    assert np.array_equal(result.potentials[0].reshape(sums.shape), sums)
    pooled = (sums > 1).reshape(2, 3, 2, 2, 2, 2).any(axis=(3, 5)).reshape(2, -1)
    assert np.array_equal(result.potentials[1][:, 0], pooled.astype(int) @ columns)


def test_golden_model():
    """The same as without the door; spikes are drawn where they are not given."""
    net = _net()
    result = run_golden(net, SPIKES)
    assert np.array_equal(result.labels, golden.run(net, SPIKES).labels)
    pixels = RNG.integers(0, 256, (5, 3, 4), np.uint8)
    drawn = run_golden(_net(encoder=Encoder.RATE), pixels, timesteps=3, seed=4)
    expected = golden.run(net, rate(pixels.reshape(5, 12), 3, 4))
    assert np.array_equal(drawn.potentials[0], expected.potentials[0])
    assert run_golden(_net(encoder="rate"), pixels).spikes[0].shape == (5, 5, 9)


@pytest.mark.thorough
def test_rtl():
    """It is the golden model's, in the cycles that follow from its spikes."""
    run, result = (
        run_rtl(_net(), SPIKES, labels=[0, 1, 2, 0, 1], lanes=2),
        run_golden(_net(), SPIKES),
    )
    assert run.labels.tolist() == result.labels.tolist()
    assert run.figures.accuracy == np.mean(result.labels == [0, 1, 2, 0, 1])
    for counted, fired in zip(run.spikes, (SPIKES, *result.spikes), strict=True):
        assert counted.tolist() == fired.sum(axis=-1).tolist()
    assert (run.mismatches, run.first_mismatch) == (0, None)
    assert run.cycles[0] == run.figures.latency_cycles
    assert run.cycles[1:].mean() == run.figures.cycles_per_image_mean
    assert run.energy_nj == sum(run.figures.energy_nj.values()) > 0
    assert run.predictions_per_second() == pytest.approx(run.figures.predictions_per_second)
    assert run.predictions_per_second(100) == pytest.approx(1e8 / run.cycles[1:].mean())
    assert run.figures.lanes == 2


class Positive(ProcessingElement):
    """Fires always."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += self.spike.eq(1)
        return m


@pytest.mark.thorough
def test_a_difference_is_told(monkeypatch):
    """By its number and its place."""
    export_anew(monkeypatch)
    monkeypatch.setattr(layer, "ProcessingElement", Positive)
    run = run_rtl(_net(), SPIKES)
    assert run.mismatches == sum(run.figures.mismatches.values()) > 0
    assert str(run.first_mismatch) == run.figures.first_divergence


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dense(FIRST / 1, threshold=1), "weights must be a 2-dimensional array of integ"),
        (lambda: dense(FIRST * 2, threshold=1), "weights must be -1, 0 or "),
        (lambda: dense(5, threshold=1), "weights must be a 2-dimensional array of integers"),
        (lambda: dense(FIRST, threshold=1, bias=[1]), "bias must have 9 values, not 1"),
        (lambda: dense(FIRST, threshold=[1, 2]), "threshold must have 9 values, not 2"),
        (lambda: dense(FIRST, threshold=0.5), "threshold must be an integer, not 0.5"),
        (lambda: convolution(FIRST, 5, 5, threshold=1), "must have 4 dimensions, not 2"),
        (lambda: convolution(FIRST.reshape(4, 3, 3, 3), 5.0, 5, threshold=1), "height must be an"),
        (
            lambda: _net(encoder="giv"),
            "encoder must be one of rate, direct, bits, latency, given, ",
        ),
        (lambda: _net(read_out=3), "read_out must be one of count, potential, first, not 3"),
        (lambda: network(), "a network must have 1 to 512 layers, not 0"),
        (lambda: network(*_net().layers[::-1]), "layer 2 must take 3 inputs, as layer 1 gives"),
        (lambda: run_golden(_net(), SPIKES[..., 1:]), "mine takes 12 spikes, but samples gives 11"),
        (lambda: run_golden(_net(), SPIKES[0]), r"samples: spikes must be bool or uint8 of shape"),
        (lambda: run_golden(_net(), SPIKES, timesteps=3), "T must be 4, the timesteps of the data"),
        (lambda: run_golden(_net(encoder="rate"), SPIKES), "samples: images must be uint8 of"),
        (lambda: run_rtl(_net(), SPIKES, [0]), r"samples: labels must be integers of shape \(5,\)"),
        (lambda: run_rtl(_net(), SPIKES, [3] * 5), "labels must be from 0 to 2 for mine, not 3"),
        (lambda: run_rtl(_net(), SPIKES, lanes=3), "lanes must be one of 1, 2, 4, 8, not 3"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(BadInput, match=message):
        make()
