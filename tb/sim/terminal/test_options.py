"""Options whose defaults come from a weight file's card."""

import dataclasses

import pytest

from tb.kit.networks import random_network
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.origin import Trained as Origin
from trispike.sim.terminal.options import Images, Trained


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request(Images, Trained):
    """A network on test images."""


def _save(path, timesteps, data="mnist"):
    network = random_network((784, 4, 10), 0, "fc256")
    origin = Origin(
        data=data, data_sha256={}, recipe={"timesteps": timesteps}, seed=0, epochs=1, threads=1
    )
    weights.save(path, network, Card(shape=network.shape, origin=origin))
    return path


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """A folder in place of that of the committed weights, empty."""
    monkeypatch.setattr(weights, "_FOLDER", tmp_path)
    return tmp_path


def test_data_and_timesteps_are_those_of_the_committed_weights(committed):
    _save(committed / "fc256-fashion.npz", 7, "fashion")
    _save(committed / "fc256-mnist.npz", 3)
    asked = Request(layer="fc256")
    assert (asked.data, asked.timesteps) == ("mnist", 3)
    assert Request(layer="fc256", data="fashion").timesteps == 7
    assert Request(layer="fc256", timesteps=2).timesteps == 2
    asked = Request(layer="fc1024")
    assert (asked.data, asked.timesteps) == ("digits", 5)


def test_timesteps_are_those_of_the_weight_file(tmp_path):
    asked = Request(weights=_save(tmp_path / "mine.npz", 4))
    assert (asked.layer, asked.data, asked.timesteps) == ("fc256", "mnist", 4)
    assert Request(weights=_save(tmp_path / "mine.npz", 1)).timesteps == 5
