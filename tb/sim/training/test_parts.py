"""The parts of a training, each against a calculation by hand."""

import itertools
import math

import numpy as np
import pytest

from tb.kit.extras import needs_torch
from trispike.golden import run
from trispike.models.errors import BadInput
from trispike.models.network.layers import Dense
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.events import addition
from trispike.sim.cost.prices import prices
from trispike.sim.cost.scaling import OSU_180, scaled
from trispike.sim.training.export import integer_network
from trispike.sim.training.recipe import TW_SNN, Recipe, changed, recipe
from trispike.sim.training.ternary import ternarise


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("name", 3),
        ("timesteps", 0),
        ("timesteps", 256),
        ("timesteps", 2.0),
        ("weight_bits", 4),
        ("beta", 1.5),
        ("loss", "hinge"),
        ("learnt_alpha", 1),
        ("start", 0),
        ("batch", 0),
        ("batch", 2.0),
        ("schedule", "flat"),
        ("first_rate", 0),
        ("last_rate", float("inf")),
        ("decay", -0.1),
        ("dropout", 1),
        ("window", 0),
        ("distortion", 2),
        ("elastic", -0.5),
        ("copies", 0),
        ("copies", 2.0),
        ("flips", 1),
        ("undistorted", 1.5),
        ("activity_limit", -1),
        ("activity_price", float("nan")),
        ("energy_price", -1),
    ],
)
def test_bad_recipe(what, value):
    with pytest.raises(BadInput, match=f"{what} must be"):
        Recipe(**{what: value})


def test_unknown_recipe():
    with pytest.raises(BadInput, match=r"RECIPE must be one of trispike, .*tw-snn.*, not 'fast'"):
        recipe("fast")


def test_changed_settings():
    settings = "beta=0.2 batch=50 window=none loss=squared-hinge learnt_alpha=true"
    other = changed(TW_SNN, settings)
    assert (other.name, other.beta, other.batch, other.window) == ("custom", 0.2, 50, None)
    assert (other.loss, other.learnt_alpha) == ("squared hinge", True)
    assert other.dropout == TW_SNN.dropout
    assert changed(TW_SNN, " ") == TW_SNN


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "speed=2",
            r"a setting must be NAME=VALUE of timesteps, weight_bits, beta, .*, not 'speed=2'",
        ),
        ("name=mine", "not 'name=mine'"),
        ("beta", "beta must be a number, not ''"),
        ("batch=1.5", "batch must be an integer, not '1.5'"),
        ("learnt_alpha=1", "learnt_alpha must be true or false, not '1'"),
        ("batch=none", "batch must be an integer, not 'none'"),
        ("beta=2", "beta must be from 0 to 1"),
    ],
)
def test_bad_changes(settings, message):
    with pytest.raises(BadInput, match=message):
        changed(TW_SNN, settings)


@needs_torch
def test_ternary_and_its_gradient():
    import torch

    from trispike.sim.training.neurons import Ternarise

    weights = torch.tensor([0.5, -2.0, 0.1, -0.3], requires_grad=True)
    values = Ternarise.apply(weights, 0.1)
    alpha = (0.5 + 2.0 + 0.3) / 3
    assert values.tolist() == pytest.approx([alpha, -alpha, 0, -alpha])
    values.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert weights.grad.tolist() == [1, 0, 3, 4]  # eq. 13: not through |w| > 1
    codes, size = ternarise(weights.detach().numpy(), 0.1)
    assert (codes * size).tolist() == pytest.approx(values.tolist())


@needs_torch
def test_kept_weights_and_their_gradient():
    """A ramp to twice the limit, which is 0.2 here."""
    import torch

    from trispike.sim.training.neurons import Kept

    weights = torch.tensor([2.0, -0.3, 0.2, -0.1, 0.0, -0.4], requires_grad=True)
    kept = Kept.apply(weights, 0.1)
    assert kept.tolist() == [1, 1, 1, 0, 0, 1]
    kept.backward(torch.tensor([1.0, 1.0, 2.0, 1.0, 1.0, 1.0]))
    assert weights.grad.tolist() == pytest.approx([0, -2.5, 5.0, -2.5, 0, 0])


@needs_torch
@pytest.mark.parametrize("draws", [1, 2])
def test_nanojoules_are_those_of_the_exported_network(draws):
    """Spikes and operations by the golden model, times the prices; of draws the mean."""
    import torch

    from trispike.sim.training.fit import parameters
    from trispike.sim.training.neurons import Net

    torch.manual_seed(0)
    shape = NetworkShape.dense(name="any", sizes=(30, 20, 70, 10))
    net = Net(shape, Recipe(learnt_alpha=True, draws=draws, beta=0.3))
    inputs = (torch.rand(draws, 40, 30) < 0.5).float()
    found = net.nanojoules(inputs, net(inputs)[1])
    spikes = inputs.numpy().astype(bool).reshape(-1, 1, 30)
    network = integer_network(shape, parameters(net), 0.3)
    wanted = 0.0
    for layer, given in zip(network.layers, (spikes, *run(network, spikes).spikes), strict=False):
        counts = given.sum(axis=(0, 1))
        met = counts @ (layer.weights != 0).sum(axis=1)
        spike, operation = prices(layer.shape)
        wanted += counts.sum() * spike + met * operation
    assert found.item() == pytest.approx(wanted / len(spikes), rel=1e-5)
    found.backward()
    assert net.layers[0].weights.grad.any()  # through hidden spikes and its own operations
    assert net.layers[2].weights.grad.any()


def test_prices_by_hand():
    """Two banks of 256 x 128 bits, an encoder of 196 inputs, a PE of 19 flip-flops."""
    spike, operation = prices(Dense(inputs=196, neurons=128))
    passed, change = (
        scaled(constant.value, OSU_180, TARGET)
        for constant in (constants.FLIP_FLOP_PASSED, constants.FLIP_FLOP_CHANGE)
    )
    read = 2 * constants.SRAM_READ[128, 256].value
    assert spike == pytest.approx((read + addition(32) + 14 * passed) / 1000)
    there_and_back = (2 - 1 / 128) * (addition(8) + addition(18))
    added = there_and_back + addition(18) + 18 / 4 * change
    assert operation == pytest.approx((added + 19 * passed) / 1000)


@needs_torch
@pytest.mark.parametrize("beta", [0.0, 0.01, 0.1, 0.7, 1.0])
def test_ternary_by_comparing_each_weight(beta):
    """Weights at the very limits, at their neighbours, and at random, and no weight but 0."""
    import torch

    from trispike.sim.training.neurons import Ternarise

    torch.manual_seed(0)
    edges = torch.tensor([beta * 1.5, beta * 1.5, 1.0, 1.0, 0.0, 1.5])
    edges = torch.nextafter(edges, torch.tensor([2.0, -2.0, 2.0, 1.0, 0.0, 1.5]))
    weights = torch.cat([edges, torch.tensor([beta * 1.5]), torch.randn(1000).clamp(-1.2, 1.2)])
    for values in (weights, -weights, torch.zeros(3)):
        values = values.clone().requires_grad_()
        gradient = torch.randn_like(values)
        Ternarise.apply(values, beta, 1.0).backward(gradient)
        kept = values.abs() >= beta * values.abs().max()
        assert torch.equal(Ternarise.apply(values, beta, 1.0), values.sign() * kept)
        assert torch.equal(values.grad, gradient * (values.abs() <= 1))


@needs_torch
@pytest.mark.parametrize("timesteps", [1, 3, 8])
def test_latencies_are_the_encoders(timesteps):
    import torch

    from trispike.models.data import latency
    from trispike.sim.training.presentation import presented

    images = np.arange(256, dtype=np.uint8).reshape(2, 128)
    shape = NetworkShape.of("any", _shape(128, 4).layers, encoder=Encoder.LATENCY)
    spikes = presented(shape, torch.tensor(images), timesteps)
    assert np.array_equal(spikes.transpose(0, 1).numpy(), latency.encode(images, timesteps))


@needs_torch
def test_learnt_alpha_is_what_the_layer_computes_with():
    import torch

    from trispike.sim.training.neurons import Layer

    layer = Layer(Dense(inputs=8, neurons=3), Recipe(learnt_alpha=True))
    assert layer.alpha() == pytest.approx(3 * (2 / 8) ** 0.5)
    layer.gain.data += 0.7
    layer.bias.data.zero_()  # and so no bias at all
    codes, _ = ternarise(layer.weights.detach().numpy(), 0.1)
    potentials = layer(torch.ones(1, 1, 8))
    assert potentials[0, 0].tolist() == pytest.approx((layer.alpha() * codes.sum(0)).tolist())
    potentials.sum().backward()
    assert layer.gain.grad.item() == pytest.approx(layer.alpha() * codes.sum(), rel=1e-5)
    assert Layer(Dense(inputs=8, neurons=3), Recipe()).alpha() is None


@needs_torch
@pytest.mark.parametrize(
    ("window", "wanted"), [(None, [0, 0, 0, 0.5, 0.5]), (1.0, [0, 0.5, 0.5, 0.5, 0])]
)
def test_spike_and_its_gradient(window, wanted):
    import torch

    from trispike.sim.training.dynamics import Fire

    potentials = torch.tensor([-0.1, 0.1, 1.0, 1.9, 2.1], requires_grad=True)
    spikes = Fire.apply(potentials, window)
    assert spikes.tolist() == [0, 0, 0, 1, 1]  # strictly above
    spikes.sum().backward()
    assert potentials.grad.tolist() == wanted


@needs_torch
def test_squared_hinge_by_hand():
    import torch

    from trispike.sim.training.losses import loss_of

    potentials = torch.tensor([[[2.5, 0.0, 1.0], [0.5, 0.5, -3.0]]])
    answers = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    hinge = ((0 + 0 + 1) + (0.25 + 2.25 + 0)) / 2
    assert loss_of(potentials, [], answers, TW_SNN).item() == pytest.approx(hinge)
    hidden = [torch.tensor([[[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]]])]
    priced = Recipe(loss="squared hinge", activity_limit=2.0, activity_price=0.5)
    assert loss_of(potentials, hidden, answers, priced).item() == pytest.approx(hinge + 0.25)


def _chance_of_label(chances, label):
    """By every pattern of output spikes, as the read-out would label it."""
    total = 0.0
    flat = [chance for timestep in chances for chance in timestep]
    for pattern in itertools.product([0, 1], repeat=len(flat)):
        if np.argmax(pattern) % len(chances[0]) * any(pattern) == label:
            total += math.prod(c if s else 1 - c for c, s in zip(flat, pattern, strict=True))
    return total


@needs_torch
@pytest.mark.parametrize(("draws", "timesteps"), [(1, 1), (1, 3), (3, 1)])
@pytest.mark.parametrize("label", range(4))
def test_first_spike_by_every_pattern(label, draws, timesteps):
    import torch

    from trispike.sim.training import losses

    rows = [[0.3, 1.7, 1.1, -0.8], [-0.2, 0.9, 2.2, 0.1], [0.4, 1.1, -1.3, 0.6]]
    rows = rows[: draws * timesteps]
    potentials = torch.tensor(rows, dtype=torch.float64).view(draws, timesteps, 1, 4)
    chances = [[1 / (1 + math.exp(1 - v)) for v in row] for row in rows]
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    ranked = math.exp(means[label]) / sum(map(math.exp, means))
    each = [chances[k : k + timesteps] for k in range(0, len(rows), timesteps)]
    first = sum(math.log(_chance_of_label(draw, label)) for draw in each) / draws
    wanted = -(first + math.log(ranked)) / 2
    answers = torch.nn.functional.one_hot(torch.tensor([label]), 4)
    assert losses.first_spike(potentials, answers, [4]).item() == pytest.approx(wanted)
    assert losses.label(potentials, answers, [4]).item() == pytest.approx(-first)


@needs_torch
@pytest.mark.parametrize(
    ("schedule", "middle"), [("cosine", (1e-2 + 1e-4) / 2), ("exponential", 1e-3)]
)
def test_step_size(schedule, middle):
    from trispike.sim.training.fit import step_size

    settings = Recipe(schedule=schedule, first_rate=1e-2, last_rate=1e-4)
    assert step_size(settings, 0.0) == pytest.approx(1e-2)
    assert step_size(settings, 0.5) == pytest.approx(middle)
    assert step_size(settings, 1.0) == pytest.approx(1e-4)


def _shape(*sizes):
    return NetworkShape.dense(name="any", sizes=sizes)


def _blob(row, column):
    image = np.zeros((28, 28), np.uint8)
    image[row : row + 4, column : column + 4] = 200
    return image.reshape(-1)


@needs_torch
def test_distortion_moves_and_keeps_a_blob():
    import torch

    from trispike.sim.training.distortion import distorted

    torch.manual_seed(0)
    images = torch.tensor(np.stack([_blob(12, 12)] * 200))
    moved = distorted(images, 1.0)
    assert moved.dtype == torch.uint8
    assert moved.shape == images.shape
    assert len(moved.unique(dim=0)) > 150
    mass = moved.double().sum(1)
    assert ((mass > 0.7 * 3200) & (mass < 1.35 * 3200)).all()  # scaled by up to 1.12 both ways
    square = moved.double().reshape(-1, 28, 28)
    rows = (square.sum(2) * torch.arange(28)).sum(1) / mass
    assert ((rows - 13.5).abs() < 2.5).all()
    assert (rows - 13.5).abs().max() > 1  # 2 pixels at most, and not never


@needs_torch
def test_elastic_distortion_moves_parts_of_an_image_apart():
    import torch

    from trispike.sim.training.distortion import distorted

    torch.manual_seed(0)
    images = torch.tensor(np.stack([_blob(4, 12)] * 300 + [_blob(20, 12)] * 300))
    square = distorted(images, 0.0, 1.0).double().reshape(-1, 28, 28)
    rows = (square.sum(2) * torch.arange(28)).sum(1) / square.sum((1, 2))
    assert rows[:300].mean().item() == pytest.approx(5.5, abs=0.2)
    assert rows[300:].mean().item() == pytest.approx(21.5, abs=0.2)
    assert 0.3 < rows[:300].std() < 1.2  # a pixel at the knots, less between them
    both = distorted(images[:300] + images[300:], 0.0, 1.0).double().reshape(-1, 28, 28)
    top, bottom = both[:, :14], both[:, 14:]
    shifts = [(part.sum(2) * torch.arange(14)).sum(1) / part.sum((1, 2)) for part in (top, bottom)]
    assert abs(np.corrcoef(*shifts)[0, 1]) < 0.3  # bent, not shifted as a whole


@needs_torch
def test_every_other_photograph_is_mirrored_all_colours_alike():
    import torch

    from trispike.sim.training.distortion import distorted

    torch.manual_seed(0)
    photograph = np.concatenate([_blob(12, 4), _blob(12, 10), _blob(6, 4)])
    images = torch.tensor(np.stack([photograph] * 200))
    moved = distorted(images, 0.0, channels=3, flips=True).unflatten(1, (3, 28, 28))
    plain = images.unflatten(1, (3, 28, 28))
    mirrored = (moved == plain.flip(3)).all((1, 2, 3))
    assert 70 < mirrored.sum() < 130
    assert torch.equal(moved[~mirrored], plain[~mirrored])


@needs_torch
def test_spikes_are_shifted_sample_by_sample():
    import torch

    from trispike.sim.training.distortion import shifted

    torch.manual_seed(0)
    spikes = torch.zeros(3, 200, 7, 7)
    for t in range(3):
        spikes[t, :, 3, t + 2] = 1
    moved = shifted(spikes.flatten(2), 0.5).unflatten(2, (7, 7))
    places = moved.nonzero().reshape(3, 200, 4)[..., 2:] - torch.tensor([3, 2])
    places[..., 1] -= torch.arange(3)[:, None]  # all timesteps of a sample alike
    assert (places == places[:1]).all()
    shifts = {tuple(place) for place in places[0].tolist()}
    assert shifts == set(itertools.product((-1, 0, 1), repeat=2))
    assert torch.equal(shifted(spikes.flatten(2), 0.0), spikes.flatten(2))
    edge = torch.ones(1, 50, 9)
    assert set(shifted(edge, 0.5).sum(2).flatten().tolist()) == {4.0, 6.0, 9.0}
    with pytest.raises(BadInput, match="distortion needs a square sensor, not one of 12 pixels"):
        shifted(torch.zeros(2, 3, 12), 0.5)


@needs_torch
def test_no_distortion_is_none():
    import torch

    from trispike.sim.training.distortion import distorted

    images = torch.randint(0, 256, (20, 784), dtype=torch.uint8)
    assert torch.equal(distorted(images, 0.0), images)


@needs_torch
def test_distortion_needs_square_images():
    import torch

    from trispike.sim.training.distortion import distorted

    with pytest.raises(BadInput, match="distortion needs square images, not 12 pixels"):
        distorted(torch.zeros(3, 12, dtype=torch.uint8), 0.5)


@needs_torch
def test_last_epochs_see_the_images_as_they_are(monkeypatch):
    from trispike.sim.training import fit

    made = []
    monkeypatch.setattr(fit, "distorted", lambda images, *_, **__: made.append(1) or images + 1)
    images = np.zeros((8, 16), np.uint8)
    settings = Recipe(distortion=0.5, copies=2, undistorted=0.4)
    training = fit.Training(_shape(16, 4), images, np.arange(8) % 4, settings, epochs=10, seed=0)
    seen = []
    for training.epoch in range(10):
        seen.append(int(training._seen_images().max()))
    assert seen == [1] * 6 + [0] * 4
    assert len(made) == 2  # each copy is made once


@needs_torch
def test_a_copy_for_each_epoch_is_new_and_not_kept():
    from trispike.sim.training import fit

    images = np.tile(_blob(12, 12), (4, 1))
    settings = Recipe(distortion=1.0, copies=6)
    training = fit.Training(_shape(784, 4), images, np.arange(4), settings, epochs=6, seed=0)
    seen = set()
    for training.epoch in range(6):
        seen.add(training._seen_images().numpy().tobytes())
    assert len(seen) == 6
    assert not training._copies
