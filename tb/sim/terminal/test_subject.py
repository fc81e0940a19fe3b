"""Networks on data that they take, and on data that they do not."""

import dataclasses

import numpy as np
import pytest

from tb.kit.networks import random_network, save
from trispike.models.data import mnist
from trispike.models.errors import BadInput
from trispike.models.network.shape import Encoder
from trispike.sim.cosim.command import ChipRun
from trispike.sim.terminal.subject import Subject


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Gives the test samples for a network of some sizes, by its encoder, on some data."""
    images = np.zeros((4, 784), np.uint8), np.arange(4, dtype=np.uint8), {}
    monkeypatch.setattr(mnist, "read", lambda part, folder: images)

    def give(data: str, encoder: Encoder, sizes: tuple[int, ...], timesteps: int):
        network = dataclasses.replace(random_network(sizes, 0), encoder=encoder)
        weight_file = save(network, tmp_path)
        asked = ChipRun(data=data, weights=weight_file, timesteps=timesteps, data_folder=tmp_path)
        return Subject.of(asked).test_images(asked)

    return give


def test_spikes(given, capfd):
    """Two groups of outputs for two questions are what the data want."""
    samples, labels, chosen = given("saccade", Encoder.GIVEN, (1156, 5, 12), 16)
    assert samples.shape == (4, 16, 145)
    assert labels.tolist() == [0, 3, 4, 7]
    assert chosen == range(4)
    assert capfd.readouterr().err == ""


def test_other_outputs(given, capfd):
    given("saccade", Encoder.GIVEN, (1156, 5, 10), 16)
    assert "has 10 outputs, and saccade has 10 + 2 classes" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("data", "encoder", "inputs", "timesteps", "message"),
    [
        ("saccade", Encoder.RATE, 1156, 16, "takes 1156 pixels, but saccade gives 1156 spikes"),
        ("saccade", Encoder.GIVEN, 784, 16, "takes 784 spikes, but saccade gives 1156 spikes"),
        ("digits", Encoder.GIVEN, 784, 16, "takes 784 spikes, but digits gives 784 pixels"),
        ("digits", Encoder.BITS, 64, 16, "takes 64 pixels, but digits gives 784 pixels"),
        ("saccade", Encoder.GIVEN, 1156, 5, "^T must be 16 on saccade, not 5$"),
    ],
)
def test_what_does_not_fit(given, data, encoder, inputs, timesteps, message):
    with pytest.raises(BadInput, match=message):
        given(data, encoder, (inputs, 12), timesteps)


@pytest.mark.parametrize("recipe", [None, "trispike", "tw-snn"])
def test_recipe(recipe):
    """The committed weights of that recipe, or of the usual one."""
    asked = ChipRun(layer="fc256_256", data="mnist", recipe=recipe)
    card = Subject.of(asked).card
    assert (card.shape.name, card.data) == ("fc256_256", "mnist")
    assert card.recipe == (recipe or "trispike")
