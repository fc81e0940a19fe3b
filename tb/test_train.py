"""Training: without PyTorch one line; with it, small runs that must learn and must repeat."""

import importlib.util
import itertools
import sys

import numpy as np
import pytest

from golden import accuracy_by_timestep, run
from models import train as training
from models import weights
from models.datasets import Dataset
from models.errors import BadInput
from models.network import NetworkShape
from models.recipe import PAPER, Recipe
from models.ternary import ternarise

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch, the train extra, is not installed"
)


@pytest.fixture
def tiny(monkeypatch):
    """A network of 12-16-3 named tiny, and a data set of three easy classes named easy."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400).astype(np.uint8)
    images = rng.integers(0, 60, (400, 12)).astype(np.uint8)
    for n, label in enumerate(labels):
        images[n, 4 * label : 4 * label + 4] += 180
    images.flags.writeable = labels.flags.writeable = False  # as MNIST's are
    data = Dataset(
        name="easy",
        train_images=images[:300],
        train_labels=labels[:300],
        test_images=images[300:],
        test_labels=labels[300:],
    )
    monkeypatch.setattr(training, "preset", lambda _: NetworkShape(name="tiny", sizes=(12, 16, 3)))
    monkeypatch.setattr(training, "load", lambda *_: data)
    return data


def _train(folder, **changes):
    arguments = {
        "epochs": 30,
        "seed": 5,
        "measure": accuracy_by_timestep,
        "output_folder": folder,
        "timesteps": 4,
        "recipe": Recipe(batch=20, first_rate=1e-2, dropout=0.0),
        **changes,
    }
    return training.train("tiny", "easy", **arguments)


def test_without_torch(tiny, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "models.tw_snn", raising=False)
    monkeypatch.delattr("models.tw_snn", raising=False)
    with pytest.raises(BadInput, match=r"needs PyTorch; install it with pip install '\.\[train\]'"):
        _train(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be an integer, 1 or more, not 0"),
        ({"epochs": 1.5}, r"epochs must be an integer, 1 or more, not 1\.5"),
        ({"seed": -1}, "seed must be from 0"),
        ({"test_seed": -1}, "seed must be from 0"),
        ({"timesteps": 256}, "timesteps must be from 1 to 255"),
    ],
)
def test_bad_arguments(tiny, tmp_path, change, message):
    with pytest.raises(BadInput, match=message):
        _train(tmp_path, **change)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("beta", 1.5),
        ("batch", 0),
        ("batch", 2.0),
        ("first_rate", 0),
        ("last_rate", float("inf")),
        ("decay", -0.1),
        ("dropout", 1),
        ("window", 0),
        ("activity_limit", -1),
        ("activity_price", float("nan")),
    ],
)
def test_bad_recipe(what, value):
    with pytest.raises(BadInput, match=f"{what} must be"):
        Recipe(**{what: value})


@pytest.mark.parametrize("seed", range(5))
def test_export_fires_as_the_real_network_does(seed):
    """Every neuron of every layer, against eq. 1-2 with the real ternary weights."""
    rng = np.random.default_rng(seed)
    sizes = (40, 30, 20, 10)
    layers = [
        (rng.normal(size=(i, n)) * 2 * (2 / i) ** 0.5, rng.normal(size=n) * i**-0.5)
        for i, n in itertools.pairwise(sizes)
    ]
    network = training.export("any", layers, 0.1)
    spikes = rng.random((50, 4, 40)) < 0.5
    result = run(network, spikes)
    active = spikes
    for k, (weight, bias) in enumerate(layers):
        (codes, alpha), (bias_codes, scale) = ternarise(weight, 0.1), ternarise(bias, 0.1)
        assert np.array_equal(codes, network.layers[k].weights)
        sums = active.astype(np.int64) @ codes.astype(np.int64)
        active = alpha * sums + scale * bias_codes > 1.0
        assert np.array_equal(active, result.spikes[k]), k
        assert active.any()


@needs_torch
def test_learns_and_tells_the_truth(tiny, tmp_path, capsys):
    path = _train(tmp_path)
    network, card = weights.load(path)
    measured = accuracy_by_timestep(
        network, tiny.test_images, tiny.test_labels, timesteps=4, seed=0
    )
    assert card.accuracy == measured.accuracy
    assert card.spikes == measured.spikes
    assert card.accuracy[3] > 0.9
    assert card.epochs == 30
    assert card.recipe["name"] == "tw-snn"
    assert card.recipe["batch"] == 20
    assert "tiny easy" in capsys.readouterr().err


@needs_torch
def test_repeats(tiny, tmp_path):
    one = _train(tmp_path / "one", epochs=3)
    other = _train(tmp_path / "other", epochs=3)
    third = _train(tmp_path / "third", epochs=3, seed=6)
    assert one.read_bytes() == other.read_bytes()
    assert weights.card_path(one).read_bytes() == weights.card_path(other).read_bytes()
    assert one.read_bytes() != third.read_bytes()


@needs_torch
def test_price_lowers_activity(tiny, tmp_path):
    free = Recipe(batch=20, first_rate=1e-2, dropout=0.0, activity_price=0.0)
    dear = Recipe(batch=20, first_rate=1e-2, dropout=0.0, activity_price=1.0, activity_limit=1.0)
    spikes = [
        weights.load(_train(tmp_path / name, recipe=recipe))[1].spikes[1]
        for name, recipe in (("free", free), ("dear", dear))
    ]
    assert spikes[1] < spikes[0]


@needs_torch
def test_divergence_exports_nothing(tiny, tmp_path):
    wild = Recipe(batch=20, first_rate=1e38, last_rate=1e38)
    with pytest.raises(BadInput, match=r"training diverged in epoch \d+: the loss is (nan|inf)"):
        _train(tmp_path, recipe=wild)
    assert list(tmp_path.iterdir()) == []


@needs_torch
def test_ternary_and_its_gradient():
    import torch

    from models.tw_snn import _Ternarise

    weights_ = torch.tensor([0.5, -2.0, 0.1, -0.3], requires_grad=True)
    values = _Ternarise.apply(weights_, 0.1)
    alpha = (0.5 + 2.0 + 0.3) / 3
    assert values.tolist() == pytest.approx([alpha, -alpha, 0, -alpha])
    values.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert weights_.grad.tolist() == [1, 0, 3, 4]  # eq. 13: not through |w| > 1
    codes, size = ternarise(weights_.detach().numpy(), 0.1)
    assert (codes * size).tolist() == pytest.approx(values.tolist())


@needs_torch
@pytest.mark.parametrize(
    ("window", "wanted"), [(None, [0, 0, 0, 0.5, 0.5]), (1.0, [0, 0.5, 0.5, 0.5, 0])]
)
def test_spike_and_its_gradient(window, wanted):
    import torch

    from models.tw_snn import _Fire

    potentials = torch.tensor([-0.1, 0.1, 1.0, 1.9, 2.1], requires_grad=True)
    spikes = _Fire.apply(potentials, window)
    assert spikes.tolist() == [0, 0, 0, 1, 1]  # strictly above
    spikes.sum().backward()
    assert potentials.grad.tolist() == wanted


@needs_torch
def test_loss_by_hand():
    import torch

    from models.tw_snn import loss_of

    potentials = torch.tensor([[2.5, 0.0, 1.0], [0.5, 0.5, -3.0]])
    labels = torch.tensor([0, 1])
    hinge = ((0 + 0 + 1) + (0.25 + 2.25 + 0)) / 2
    assert loss_of(potentials, [], labels, PAPER).item() == pytest.approx(hinge)
    hidden = [torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]])]
    priced = Recipe(activity_limit=2.0, activity_price=0.5)
    assert loss_of(potentials, hidden, labels, priced).item() == pytest.approx(hinge + 0.25)


def test_paper_recipe_is_the_papers():
    assert PAPER.fields() == {
        "name": "tw-snn",
        "beta": 0.01,
        "batch": 100,
        "first_rate": 1e-3,
        "last_rate": 1e-5,
        "decay": 0.0,
        "dropout": 0.2,
        "window": None,
        "activity_limit": 60.0,
        "activity_price": 0.0,
    }
