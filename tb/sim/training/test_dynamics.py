"""Neurons over time: PyTorch's, which are trained, against the golden model's, which run."""

import itertools

import numpy as np
import pytest

from tb.kit.extras import needs_torch
from trispike.golden import run
from trispike.models.data.encoders import encode
from trispike.models.network.convolutional import layers_of
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import (
    CONTINUOUS,
    FIRST_SPIKE,
    INTEGRATE_AND_FIRE,
    LEAKY,
    WEIGHTED,
    Neuron,
    Order,
    Reset,
)
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume
from trispike.sim.training.export import integer_network
from trispike.sim.training.recipe import Recipe

pytestmark = needs_torch

NEURONS = {
    "from zero": INTEGRATE_AND_FIRE,
    "carried": CONTINUOUS,
    "leaky": LEAKY,
    "two shifts": Neuron(carries=True, leak=(1, 3)),
    "leak last": Neuron(carries=True, leak=(2,), order=Order.RESET_FIRST),
    "to zero": Neuron(carries=True, leak=(2,), reset=Reset.ZERO),
    "once": Neuron(carries=True, once=True),
    "synapse": Neuron(synapse=(1,)),
    "first spike": FIRST_SPIKE,
}

SIZES = (30, 40, 40, 5)


def _shape(neuron, encoder=Encoder.RATE, last=INTEGRATE_AND_FIRE, step=Step.THRESHOLD):
    layers = [
        Dense(
            inputs=i,
            neurons=n,
            bias=Bias.EACH,
            neuron=neuron,
            step=step,
            pixels=encoder is Encoder.DIRECT and i == SIZES[0],
        )
        for i, n in itertools.pairwise(SIZES[:-1])
    ]
    layers.append(
        Dense(inputs=SIZES[-2], neurons=5, bias=Bias.EACH, neuron=last, threshold=Threshold.NONE)
    )
    return NetworkShape.of("any", tuple(layers), ReadOut.POTENTIAL, encoder)


def _net(shape, timesteps, seed=0):
    """An untrained network with a large learnt leak."""
    import torch

    from trispike.sim.training.neurons import Net

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = Net(shape, Recipe(timesteps=timesteps, learnt_alpha=True, start=2.5)).eval()
    for layer in net.layers:
        layer.bias.data += 0.1
        if layer.leak is not None:
            layer.leak.data += 1.0
    return net


def _exported(net):
    from trispike.sim.training.fit import parameters

    return integer_network(net.shape, parameters(net), net.recipe.beta)


@pytest.mark.parametrize("encoder", [Encoder.RATE, Encoder.DIRECT, Encoder.LATENCY])
@pytest.mark.parametrize("neuron", NEURONS.values(), ids=NEURONS)
def test_what_is_exported_fires_as_what_was_trained(neuron, encoder):
    """All spikes and potentials but for a few that the rounding of biases and thresholds flips."""
    import torch

    timesteps, shape = 6, _shape(neuron, encoder)
    net = _net(shape, timesteps)
    images = np.random.default_rng(1).integers(0, 256, (100, 30)).astype(np.uint8)
    inputs = encode(shape, images, timesteps, seed=0)
    result = run(_exported(net), inputs)
    given = torch.from_numpy(inputs.astype(np.float32)).transpose(0, 1)
    with torch.no_grad():
        potentials, hidden = net(given[:1] if encoder is Encoder.DIRECT else given)
    for trained, fired in zip(hidden, result.spikes, strict=False):
        trained = trained.transpose(0, 1).numpy() > 0
        assert 0.02 < fired.mean() < 0.9
        assert (trained != fired).mean() < 0.015
    labels = potentials.sum(0).argmax(1).numpy()
    assert (labels == result.labels).mean() > 0.93
    assert sum(result.saturations) == 0


CONVOLUTIONS = "10c3p1-mp2-12c3s2p1-20c2-16-5"


def _convolutional(volume, encoder, hidden):
    last = {"threshold": Threshold.NONE, "bias": Bias.EACH}
    layers = layers_of(volume, CONVOLUTIONS, hidden, last, pixels=encoder is Encoder.DIRECT)
    return NetworkShape.of("any", layers, ReadOut.POTENTIAL, encoder)


def _settled(shape, inputs, timesteps):
    """A network whose normalisations have the statistics of ``inputs``, no two channels alike."""
    import torch

    from trispike.sim.training.neurons import Net
    from trispike.sim.training.normalisation import settle

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = Net(shape, Recipe(timesteps=timesteps, learnt_alpha=True, beta=0.3))
        for layer in net.layers:
            if layer.norm is not None:
                layer.norm.weight.data.normal_(0, 1.5)
                layer.norm.bias.data.normal_(0.3, 0.5)
    settle(net, [inputs])
    return net


def _both(shape, timesteps):
    """Hidden spikes and potentials of a settled network, and what its export does on the same."""
    import torch

    size = (60, shape.input.volume.size)
    images = np.random.default_rng(1).integers(0, 256, size).astype(np.uint8)
    inputs = encode(shape, images, timesteps, seed=0)
    given = torch.from_numpy(inputs.astype(np.float32)).transpose(0, 1)
    given = given[:1] if shape.input.encoder is Encoder.DIRECT else given
    net = _settled(shape, given, timesteps)
    with torch.no_grad():
        potentials, hidden = net(given)
    passed = [each.transpose(0, 1).flatten(2).numpy() > 0 for each in hidden]
    return passed, potentials, run(_exported(net), inputs)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("encoder", [Encoder.RATE, Encoder.DIRECT])
def test_convolutions_fire_exactly_as_what_was_trained(encoder, channels):
    """Every spike, through pools, strides, padding and normalisation, and every label."""
    volume = Volume(channels=channels, height=9, width=8)
    hidden = {"threshold": Threshold.EACH, "bias": Bias.TERNARY}
    passed, potentials, result = _both(_convolutional(volume, encoder, hidden), 2)
    for trained, fired in zip(passed, result.spikes, strict=False):
        assert 0.02 < fired.mean() < 0.98
        assert np.array_equal(trained, fired)
    assert np.array_equal(potentials.sum(0).argmax(1).numpy(), result.labels)
    assert len(np.unique(result.labels)) > 1


@pytest.mark.parametrize(
    ("neuron", "encoder", "threshold"),
    [
        (CONTINUOUS, Encoder.RATE, Threshold.EACH),
        (CONTINUOUS, Encoder.DIRECT, Threshold.EACH),
        (LEAKY, Encoder.RATE, Threshold.EACH),
        (FIRST_SPIKE, Encoder.RATE, Threshold.EACH),
        (CONTINUOUS, Encoder.DIRECT, Threshold.ONE),
    ],
    ids=["carried", "pixels", "leaky", "first spike", "not normalised"],
)
def test_maps_carry_as_what_was_trained(neuron, encoder, threshold):
    """All spikes but for a few that the rounding of biases and decays flips."""
    volume = Volume(channels=2, height=9, width=8)
    hidden = {"threshold": threshold, "bias": Bias.EACH, "neuron": neuron}
    passed, _, result = _both(_convolutional(volume, encoder, hidden), 5)
    for trained, fired in zip(passed, result.spikes, strict=False):
        assert 0.02 < fired.mean() < 0.98
        assert (trained != fired).mean() < 0.08


def test_settled_statistics_are_those_of_all_batches():
    import torch

    from trispike.sim.training.normalisation import Normalisation, settle

    torch.manual_seed(0)
    norm = Normalisation(2)
    batches = torch.randn(6, 3, 50, 2, 4, 4) * 3 + torch.tensor([1.0, -2.0]).view(2, 1, 1)
    settle(norm, batches)
    assert norm.mean.tolist() == pytest.approx(batches.mean((0, 1, 2, 4, 5)).tolist())
    assert norm.variance.tolist() == pytest.approx([9, 9], rel=0.05)
    values = norm(batches.flatten(0, 1))
    assert values.std().item() == pytest.approx(1, rel=0.01)
    assert not norm.training


def test_weighted_spikes_settle_at_the_values_that_were_trained():
    """Over many periods, the spikes of every neuron, by their weights, less the first periods."""
    import torch

    from trispike.sim.training.presentation import presented

    shape = _shape(WEIGHTED, Encoder.BITS, Neuron(phases=4), Step.ONE)
    net = _net(shape, 240)
    for layer in net.layers:
        layer.bias.data += 0.4
    images = np.random.default_rng(1).integers(0, 256, (50, 30)).astype(np.uint8)
    result = run(_exported(net), encode(shape, images, 240, seed=0))
    with torch.no_grad():
        potentials, hidden = net(presented(shape, torch.from_numpy(images), 1))
    weights = 2.0 ** -(1 + np.arange(4))
    for (values,), spikes in zip(hidden, result.spikes, strict=False):
        periods = spikes.reshape(50, 60, 4, 40).transpose(0, 1, 3, 2) @ weights
        assert 0.05 < values.mean() < 0.9
        assert np.abs(periods[:, 20:].mean(axis=1) - values.numpy()).max() < 0.02
    assert (potentials[0].argmax(1).numpy() == result.labels).mean() > 0.95


def test_gradients_reach_the_leak_and_every_timestep():
    import torch

    net = _net(_shape(LEAKY), 4)
    spikes = torch.rand(4, 50, 30).lt(0.3).float().requires_grad_()
    net(spikes)[0][-1].square().sum().backward()
    assert net.layers[0].leak.grad.abs() > 0
    assert (spikes.grad.abs().sum((1, 2)) > 0).all()


def test_a_neuron_that_fired_once_is_silent():
    import torch

    from trispike.sim.training.dynamics import activity

    added = torch.full((5, 1, 2), 0.625)
    spikes = activity(added, Neuron(carries=True, once=True), 0, 1.0)
    assert spikes[:, 0].tolist() == [[0, 0], [1, 1], [0, 0], [0, 0], [0, 0]]
    often = activity(added, CONTINUOUS, 0, 1.0)
    assert often[:, 0, 0].tolist() == [0, 1, 0, 1, 1]  # 0.625, 1.25, 0.875, 1.5, 1.125


def test_leaks_are_exported_as_they_were_rounded():
    net = _net(_shape(Neuron(carries=True, leak=(1, 3))), 2)
    network = _exported(net)
    for layer, trained in zip(network.layers, net.layers, strict=True):
        assert layer.neuron.leak == trained.shifts()
    assert network.layers[0].neuron.leak == (1, 2)  # 0.625 became 0.82


def test_pooled_bits_by_hand():
    import torch

    from trispike.sim.training.dynamics import pooled_bits

    said = torch.tensor([[0.5, 0.25, 0.0], [0.4375, 0.0, 0.9], [0.8, 0.8, 0.8]])
    values = said.view(1, 1, 1, 3, 3).requires_grad_()
    pool = pooled_bits(values, 2, 4)
    assert pool.flatten().tolist() == [0.9375]  # 1000, 0100, 0111; what is left over is left out
    pool.sum().backward()
    assert values.grad.nonzero()[:, 3:].tolist() == [[0, 0]]
    torch.manual_seed(0)
    between = pooled_bits(torch.full((1, 100, 1, 30, 30), 0.71875), 1, 4)  # 11.5 of 16
    assert set(between.flatten().tolist()) == {0.6875, 0.75}
    assert between.mean().item() == pytest.approx(0.71875, abs=1e-3)


@pytest.mark.parametrize("neuron", [INTEGRATE_AND_FIRE, CONTINUOUS, WEIGHTED], ids=str)
def test_few_normalised_neurons_pass_something_on_at_first(neuron):
    import torch

    from trispike.sim.training.neurons import Layer

    torch.manual_seed(0)
    shape = Dense(inputs=30, neurons=200, threshold=Threshold.EACH, bias=Bias.EACH, neuron=neuron)
    layer = Layer(shape, Recipe(timesteps=8))
    inputs = torch.rand(1, 300, 30).lt(0.4).float().expand(8, -1, -1)  # the same at each timestep
    passed = layer.activity(layer(inputs))
    assert 0.1 < (passed > 0).float().mean() < 0.25
