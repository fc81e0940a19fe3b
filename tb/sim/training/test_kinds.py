"""Networks of every kind of neuron, trained on easy data in seconds."""

import dataclasses
import itertools

import numpy as np
import pytest

from tb.kit.easy import easy_data
from tb.kit.extras import needs_torch
from trispike.golden import run
from trispike.models.data import encoders
from trispike.models.data.samples import Samples
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import Card, Measured
from trispike.models.network.convolutional import VGG, layers_of
from trispike.models.network.layers import Layer
from trispike.models.network.origin import Trained
from trispike.models.network.presets import PRESETS, TABLE_1
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume
from trispike.sim.training import train as training
from trispike.sim.training.recipe import TUNED, Recipe, recipe

ALIKE = [shape.name for shape in VGG[1:]]
"""Networks that only their sizes tell from another."""

KINDS = [name for name in PRESETS if name not in [*TABLE_1, *ALIKE]]


def _tiny(name: str) -> NetworkShape:
    """The preset ``name`` with few neurons: 12 inputs, 3 outputs, in two groups if it has two."""
    shape = PRESETS[name]
    if shape.has_maps:
        first, last = (
            {f.name: getattr(layer, f.name) for f in dataclasses.fields(Layer)}
            for layer in (shape.layers[0], shape.layers[-1])
        )
        maps = Volume(channels=1, height=3, width=4)
        layers = layers_of(maps, "16c2p1-mp2-3", first, last, pixels=first.pop("pixels"))
        return NetworkShape.of("tiny", layers, shape.read_out, shape.input.encoder)
    groups = (3, 2) if shape.groups else ()
    inner = [24] * (len(shape.layers) - 1)
    sizes = (12, *inner, sum(groups) or 3)
    layers = tuple(
        dataclasses.replace(layer, inputs=i, neurons=n)
        for layer, (i, n) in zip(shape.layers, itertools.pairwise(sizes), strict=True)
    )
    return NetworkShape.of("tiny", layers, shape.read_out, shape.input.encoder, groups)


def _data(shape: NetworkShape, timesteps: int):
    """Easy images, or for networks of given spikes such images as spikes that come or go."""
    data = easy_data(0)
    if shape.input.encoder is not Encoder.GIVEN:
        return data
    rate = NetworkShape.dense(name="any", sizes=(12, 3))
    fields = {}
    for part in ("train", "test"):
        images = getattr(data, f"{part}_images")
        spikes = encoders.encode(rate, images, timesteps, seed=0)
        later = np.arange(len(images)) % 2
        when = np.arange(timesteps) < timesteps // 2
        spikes &= np.where(later[:, np.newaxis], ~when, when)[..., np.newaxis]
        fields[f"{part}_images"] = encoders.packed(spikes)
        fields[f"{part}_labels"] = 2 * getattr(data, f"{part}_labels") + later
    samples = Samples(volume=Volume(channels=12), timesteps=timesteps, groups=(3, 2))
    return dataclasses.replace(data, samples=samples, **fields)


@pytest.fixture(params=KINDS)
def kind(request, monkeypatch):
    """Name of a preset, and a network and data that are as small, named tiny and easy."""
    shape = _tiny(request.param)
    data = _data(shape, recipe("trispike", request.param).timesteps)
    monkeypatch.setattr(training, "preset", lambda _: shape)
    monkeypatch.setattr(training, "load", lambda *_: data)
    return request.param, shape, data


def _train(folder, name, **changes):
    settings = dataclasses.replace(
        recipe("trispike", name), batch=20, first_rate=1e-2, distortion=0.0, flips=False, **changes
    )
    plan = training.Plan(layer="tiny", data="easy", epochs=20, seed=5, recipe=settings)
    return training.train(plan, output_folder=folder)


@needs_torch
def test_learns_and_tells_the_truth(kind, tmp_path):
    name, shape, data = kind
    network, card = weights.load(_train(tmp_path, name))
    timesteps = len(card.measured.accuracy)
    trained_for = recipe("trispike", name).timesteps
    assert card.timesteps == (trained_for if trained_for > 1 else None)
    assert timesteps == {"dc12_64_512": 8}.get(name, trained_for)
    given = encoders.encode(shape, data.test_images, timesteps, seed=0)
    result = run(network, given)
    right = np.mean(result.labels == data.test_labels)
    assert card.measured.accuracy[-1] == pytest.approx(right)
    assert right > 0.9
    fired = [np.count_nonzero(x) / (100 * timesteps) for x in (given, *result.spikes)]
    assert card.measured.spikes == pytest.approx(fired)
    assert (network.read_out, network.encoder) == (shape.read_out, shape.input.encoder)
    assert [layer.neuron.phases for layer in network.layers] == [
        layer.neuron.phases for layer in shape.layers
    ]


@needs_torch
def test_repeats(kind, tmp_path):
    name, *_ = kind
    one, other = (_train(tmp_path / folder, name) for folder in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_every_kind_has_its_settings():
    assert set(TUNED) == {*KINDS, *ALIKE}
    for name, shape in PRESETS.items():
        has_state = any(layer.neuron.has_state for layer in shape.layers)
        assert (recipe("trispike", name) != recipe("trispike")) == (name not in TABLE_1)
        assert (recipe("trispike", name).timesteps > 1) == has_state
    assert recipe("trispike", "fc256") == recipe("trispike")


def test_fashion_has_its_settings():
    for name in ("trispike", "trispike-32bit"):
        assert recipe(name, "fc256", "fashion").distortion < recipe(name, "fc256").distortion
    assert recipe("tw-snn", "fc256", "fashion") == recipe("tw-snn")
    both = recipe("trispike", "diet256_256", "fashion")
    assert (both.timesteps, both.draws) == (2, 1)
    assert both.distortion == recipe("trispike", "", "fashion").distortion


@pytest.mark.parametrize("name", KINDS)
def test_32_bits_are_for_the_seeds_neurons(name):
    with pytest.raises(BadInput, match=r"weight_bits must be 2 for .*, not 32"):
        training.Plan(layer=name, data="mnist", epochs=1, recipe=Recipe(weight_bits=32))


def test_draws_are_for_input_that_is_drawn():
    with pytest.raises(BadInput, match=r"draws must be 1 for first512, whose input is not drawn"):
        training.Plan(layer="first512", data="mnist", epochs=1, recipe=Recipe(draws=2))
    with pytest.raises(BadInput, match="draws must be 1 with 2 timesteps, not 3"):
        Recipe(draws=3, timesteps=2)


def test_the_first_spike_is_for_networks_that_answer_so():
    with pytest.raises(
        BadInput, match=r"loss must be first spike or label for first512, .*not cross"
    ):
        training.Plan(layer="first512", data="mnist", epochs=1, recipe=Recipe(loss="cross entropy"))
    assert PRESETS["first512"].read_out is ReadOut.FIRST


@pytest.mark.parametrize(
    ("name", "known"), [("first512", {8: 0.9}), ("diet256_256", {1: 0.8, 2: 0.9})]
)
def test_a_card_tells_the_accuracy_of_the_timesteps_that_were_measured(name, known):
    timesteps = recipe("trispike", name).timesteps
    accuracy = (*[0.8] * (timesteps - 1), 0.9)
    card = Card(
        shape=PRESETS[name],
        origin=Trained(
            data="mnist",
            data_sha256={},
            recipe=recipe("trispike", name).fields(),
            seed=0,
            epochs=1,
            threads=1,
        ),
        measured=Measured(
            test_seed=0,
            held_out_accuracy=accuracy,
            accuracy=accuracy,
            spikes=(),
            operations=0.0,
            zeros=(),
        ),
    )
    told = {t: card.accuracy("mnist", t) for t in range(1, 12)}
    assert {t: value for t, value in told.items() if value is not None} == known
    assert card.accuracy("digits", timesteps) is None
