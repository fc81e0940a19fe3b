"""Training: without PyTorch one line; with it, small runs that learn, repeat and can be resumed."""

import dataclasses
import itertools
import sys

import numpy as np
import pytest

from tb.kit.easy import easy_data
from tb.kit.extras import needs_torch
from trispike.golden import run
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.layers import Dense, Threshold
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.sim.training import train as training
from trispike.sim.training.export import Trained, integer_network
from trispike.sim.training.recipe import RECIPES, TW_SNN, Recipe, recipe
from trispike.sim.training.tally import accuracy_by_timestep
from trispike.sim.training.ternary import ternarise

EASY = Recipe(name="easy", loss="squared hinge", batch=20, schedule="exponential", first_rate=1e-2)


@pytest.fixture
def tiny(monkeypatch):
    """A network of 12-16-3 named tiny, and a data set of three easy classes named easy."""
    data = easy_data(0)
    monkeypatch.setattr(
        training, "preset", lambda _: NetworkShape.dense(name="tiny", sizes=(12, 16, 3))
    )
    monkeypatch.setattr(training, "load", lambda *_: data)
    return data


def _train(folder, *, timesteps=4, test_seed=0, **changes):
    settings = {"layer": "tiny", "data": "easy", "epochs": 30, "seed": 5, "recipe": EASY}
    return training.train(
        training.Plan(**{**settings, **changes}),
        output_folder=folder,
        timesteps=timesteps,
        test_seed=test_seed,
    )


def _bytes(path):
    return path.read_bytes(), weights.card_path(path).read_bytes()


def test_without_torch(tiny, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BadInput, match=r"needs PyTorch: .* -m pip install 'trispike\[train\]'"):
        _train(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be an integer, 1 or more, not 0"),
        ({"epochs": 1.5}, r"epochs must be an integer, 1 or more, not 1\.5"),
        ({"threads": 0}, "threads must be an integer, 1 or more, not 0"),
        ({"seed": -1}, "seed must be from 0"),
        ({"test_seed": -1}, "seed must be from 0"),
        ({"timesteps": 256}, "timesteps must be from 1 to 255"),
    ],
)
def test_bad_arguments(tiny, tmp_path, change, message):
    with pytest.raises(BadInput, match=message):
        _train(tmp_path, **change)


@pytest.mark.parametrize("learnt", [None, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_export_fires_as_the_real_network_does(seed, learnt):
    """Every neuron of every layer, against eq. 1-2 with the real ternary weights."""
    rng = np.random.default_rng(seed)
    sizes = (40, 30, 20, 10)
    layers = [
        Trained(
            weights=rng.normal(size=(i, n)) * 2 * (2 / i) ** 0.5,
            bias=rng.normal(size=n) * i**-0.5,
            alpha=learnt,
        )
        for i, n in itertools.pairwise(sizes)
    ]
    network = integer_network(NetworkShape.dense(name="any", sizes=sizes), layers, 0.1)
    spikes = rng.random((50, 4, 40)) < 0.5
    result = run(network, spikes)
    active = spikes
    for k, layer in enumerate(layers):
        codes, alpha = ternarise(layer.weights, 0.1)
        bias_codes, scale = ternarise(layer.bias, 0.1)
        assert np.array_equal(codes, network.layers[k].weights)
        sums = active.astype(np.int64) @ codes.astype(np.int64)
        active = (learnt or alpha) * sums + scale * bias_codes > 1.0
        assert np.array_equal(active, result.spikes[k]), k
        assert active.any()


@pytest.mark.parametrize("pixels", [False, True])
def test_thresholds_are_those_of_the_real_comparison(pixels):
    """Sums that just reach the threshold or pass it; neurons that always fire, and never."""
    weights = np.ones((3, 5), np.float32)
    scales = np.array([0.5, 0.5, 0.1, 0.0, 0.0], np.float32)
    shifts = np.array([0.0, 0.5, -0.1, 2.0, 1.0], np.float32)
    layer = Trained(weights=weights, bias=shifts, alpha=scales)
    shape = Dense(inputs=3, neurons=5, threshold=Threshold.EACH, pixels=pixels)
    encoder = Encoder.DIRECT if pixels else Encoder.RATE
    network = NetworkShape.of("any", (shape,), encoder=encoder)
    exported = integer_network(network, [layer], 0.1).layers[0]
    most = 3 * 255 if pixels else 3
    assert exported.shape == shape
    real = np.arange(-most, most + 1, dtype=np.float32)[:, None] * scales + shifts > 1
    integer = np.arange(-most, most + 1)[:, None] > exported.threshold
    assert np.array_equal(integer, real)
    assert exported.threshold[:2].tolist() == [2, 1]


@needs_torch
@pytest.mark.parametrize("name", ["trispike", "trispike-sparse", "tw-snn"])
def test_learns_and_tells_the_truth(tiny, tmp_path, capsys, name):
    settings = dataclasses.replace(
        recipe(name), batch=20, first_rate=1e-2, distortion=0.0, dropout=0.0
    )
    path = _train(tmp_path, recipe=settings)
    network, card = weights.load(path)
    measured = accuracy_by_timestep(
        network, tiny.test_images, tiny.test_labels, timesteps=4, seed=0
    )
    assert card.measured.accuracy == measured.accuracy
    assert card.measured.spikes == measured.spikes
    assert card.measured.operations == measured.operations
    held_out = accuracy_by_timestep(
        network, tiny.train_images[-60:], tiny.train_labels[-60:], timesteps=4, seed=0
    )
    assert card.measured.held_out_accuracy == held_out.accuracy
    assert card.measured.accuracy[3] > 0.9
    assert (card.origin.epochs, card.origin.threads, card.origin.data_sha256) == (
        30,
        1,
        tiny.digests,
    )
    assert Recipe(**card.origin.recipe) == settings
    assert f"tiny easy {name}" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "unfinished").iterdir()] == []


@needs_torch
def test_a_price_of_energy_saves_operations_and_spikes(tiny, tmp_path):
    """With the same seed, and without unlearning the classes."""
    free, priced = (
        weights.load(_train(tmp_path / str(price), recipe=recipe, timesteps=1))[1]
        for price in (0, 1)
        for recipe in [dataclasses.replace(EASY, energy_price=30.0 * price)]
    )
    assert priced.measured.operations < 0.8 * free.measured.operations
    assert priced.measured.spikes[1] < 0.8 * free.measured.spikes[1]
    assert priced.measured.accuracy[0] > free.measured.accuracy[0] - 0.05
    assert priced.origin.recipe["energy_price"] == 30.0


@pytest.mark.parametrize(
    ("layer", "change"),
    [("diet256_256", {}), ("dc12_64_512", {}), ("fc256", {"weight_bits": 32})],
)
def test_energy_has_a_price_for_dense_layers_of_drawn_spikes(layer, change):
    """Others have costs that the price does not know."""
    settings = dataclasses.replace(recipe("trispike", layer), energy_price=0.01, **change)
    with pytest.raises(BadInput, match=f"energy_price must be 0 for {layer} .*, not 0.01"):
        training.Plan(layer=layer, data="mnist", epochs=1, recipe=settings)


@needs_torch
def test_repeats(tiny, tmp_path):
    one = _train(tmp_path / "one", epochs=3)
    other = _train(tmp_path / "other", epochs=3)
    third = _train(tmp_path / "third", epochs=3, seed=6)
    assert _bytes(one) == _bytes(other)
    assert one.read_bytes() != third.read_bytes()


@needs_torch
def test_repeats_on_a_gpu(tiny, tmp_path):
    if not training.has_gpu():
        pytest.skip("PyTorch sees no GPU")
    one = _train(tmp_path / "one", epochs=3, device="cuda")
    other = _train(tmp_path / "other", epochs=3, device="cuda")
    assert _bytes(one) == _bytes(other)
    assert weights.load(one)[1].origin.device == "cuda"


@needs_torch
def test_without_a_gpu(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(training, "has_gpu", lambda: False)
    with pytest.raises(BadInput, match="DEVICE is cuda, but PyTorch sees no GPU"):
        _train(tmp_path, device="cuda")
    assert list(tmp_path.iterdir()) == []


@needs_torch
def test_only_the_images_to_fit_are_learnt_from(tiny, monkeypatch, tmp_path):
    """Other held-out and test images, the same weights."""
    one = _train(tmp_path / "one", epochs=3)
    others = easy_data(1)
    images = np.concatenate([tiny.fit_images, others.held_out_images])
    labels = np.concatenate([tiny.fit_labels, others.held_out_labels])
    changed = dataclasses.replace(others, train_images=images, train_labels=labels)
    monkeypatch.setattr(training, "load", lambda *_: changed)
    other = _train(tmp_path / "other", epochs=3)
    assert one.read_bytes() == other.read_bytes()
    assert _bytes(one) != _bytes(other)


@needs_torch
@pytest.mark.parametrize("when", [1, 4, 7])
def test_an_interrupted_training_ends_at_the_same_weights(tiny, monkeypatch, tmp_path, when):
    from trispike.sim.training import checkpoint, fit

    drops = dataclasses.replace(EASY, dropout=0.2)
    whole = _train(tmp_path / "whole", epochs=8, recipe=drops)
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
    run_epoch, ran = fit.Training.run_epoch, []

    def interrupted(self):
        ran.append(self.epoch)
        if len(ran) == when + 1:
            raise KeyboardInterrupt
        return run_epoch(self)

    monkeypatch.setattr(fit.Training, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "parts", epochs=8, recipe=drops)
    assert list((tmp_path / "parts").glob("*.npz")) == []
    parts = _train(tmp_path / "parts", epochs=8, recipe=drops)
    assert ran == [*range(when + 1), *range(when, 8)]
    assert _bytes(parts) == _bytes(whole)


@needs_torch
def test_other_settings_do_not_go_on_from_it(tiny, monkeypatch, tmp_path):
    from trispike.sim.training import checkpoint, fit

    whole = _train(tmp_path / "whole", epochs=3, seed=6)
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
    monkeypatch.setattr(training.weights, "save", _raise_interrupt)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "parts", epochs=3, seed=5)
    assert len(list((tmp_path / "parts" / "unfinished").iterdir())) == 1
    monkeypatch.undo()
    monkeypatch.setattr(
        training, "preset", lambda _: NetworkShape.dense(name="tiny", sizes=(12, 16, 3))
    )
    monkeypatch.setattr(training, "load", lambda *_: tiny)
    assert _bytes(_train(tmp_path / "parts", epochs=3, seed=6)) == _bytes(whole)
    monkeypatch.setattr(fit.Training, "run_epoch", _raise_interrupt)  # seed 5 has no epoch left
    assert _train(tmp_path / "parts", epochs=3, seed=5).exists()


@needs_torch
def test_other_data_do_not_go_on_from_it(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(training.weights, "save", _raise_interrupt)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path, epochs=2)
    others = dataclasses.replace(easy_data(1), digests={"easy": "1" * 64})
    monkeypatch.setattr(training, "load", lambda *_: others)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path, epochs=2)
    assert len(list((tmp_path / "unfinished").iterdir())) == 2


def _raise_interrupt(*_):
    raise KeyboardInterrupt


@needs_torch
def test_a_damaged_state_is_refused(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(training.weights, "save", _raise_interrupt)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path, epochs=2)
    (state,) = (tmp_path / "unfinished").iterdir()
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(BadInput, match=r"cannot go on from .*tiny-easy-easy-.*\.pt: .*; remove it"):
        _train(tmp_path, epochs=2)


@needs_torch
def test_price_lowers_activity(tiny, tmp_path):
    free = dataclasses.replace(EASY, activity_price=0.0)
    dear = dataclasses.replace(EASY, activity_price=1.0, activity_limit=1.0)
    spikes = [
        weights.load(_train(tmp_path / name, recipe=recipe))[1].measured.spikes[1]
        for name, recipe in (("free", free), ("dear", dear))
    ]
    assert spikes[1] < spikes[0]


@needs_torch
def test_beta_raises_sparsity(tiny, tmp_path):
    zeros = [
        weights.load(_train(tmp_path / str(beta), recipe=dataclasses.replace(EASY, beta=beta)))[
            1
        ].measured.zeros[0]
        for beta in (0.01, 0.5)
    ]
    assert zeros[1] > zeros[0] + 0.2


@needs_torch
@pytest.mark.parametrize("interval", [0.0, 1e9])
def test_divergence_exports_nothing(tiny, monkeypatch, tmp_path, interval):
    from trispike.sim.training import checkpoint

    monkeypatch.setattr(checkpoint, "INTERVAL", interval)
    wild = dataclasses.replace(EASY, first_rate=1e38, last_rate=1e38)
    with pytest.raises(BadInput, match=r"training diverged in epoch \d+: the loss is (nan|inf)"):
        _train(tmp_path, recipe=wild)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@needs_torch
def test_a_late_divergence_leaves_no_state(tiny, monkeypatch, tmp_path):
    """Going on from a state before it would only diverge again."""
    from trispike.sim.training import checkpoint, fit

    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
    step, steps = fit.Training._step, []

    def diverges(self, *arguments):
        steps.append(self.epoch)
        if self.epoch == 2:
            assert list((tmp_path / "unfinished").iterdir())
            self.net.layers[0].weights.data.fill_(float("nan"))
        return step(self, *arguments)

    monkeypatch.setattr(fit.Training, "_step", diverges)
    with pytest.raises(BadInput, match="diverged in epoch 3: there are weights that are"):
        _train(tmp_path)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@needs_torch
def test_32_bit_weights_are_what_was_trained(tiny, tmp_path):

    from trispike.models.network import real_weights

    plain = dataclasses.replace(RECIPES["tw-snn-32bit"], batch=20, first_rate=1e-2)
    path = training.train(
        training.Plan(layer="tiny", data="easy", epochs=30, recipe=plain),
        output_folder=tmp_path,
        timesteps=4,
    )
    assert path.name == "tiny-easy-tw-snn-32bit.npz"
    network, card = real_weights.load(path)
    assert len(np.unique(network.layers[0].weights)) > 100
    assert card.measured.accuracy[3] > 0.9
    assert card.origin.recipe["weight_bits"] == 32


def test_tw_snn_is_the_papers():
    """TW-SNN sec. 3.3: beta 0.01; Adam, 1e-3 to 1e-5 exponential, batch 100, dropout 0.2."""
    settings = TW_SNN.fields()
    wanted = {
        "name": "tw-snn",
        "weight_bits": 2,
        "beta": 0.01,
        "loss": "squared hinge",
        "batch": 100,
        "schedule": "exponential",
        "first_rate": 1e-3,
        "last_rate": 1e-5,
        "decay": 0.0,
        "dropout": 0.2,
        "distortion": 0.0,
        "activity_price": 0.0,
    }
    assert {key: settings[key] for key in wanted} == wanted
    assert recipe("tw-snn-literal").window is None
    assert recipe("tw-snn-32bit") == dataclasses.replace(
        TW_SNN, name="tw-snn-32bit", weight_bits=32
    )
