"""Neurons in a user's files: what is wrong with one is said in a line, by the command too."""

import json

import pytest

from tb.kit.command import refused_here
from tb.kit.networks import random_network_of, save
from trispike.models.network.layers import Dense
from trispike.models.network.neuron import LEAKY
from trispike.models.network.shape import NetworkShape


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"leak": [18]}, "a neuron's leak must be ascending shifts from 1 to 17, not (18,)"),
        ({"leak": list(range(1, 19))}, "a neuron's leak must be ascending shifts from 1 to 17"),
        ({"synapse": [2, 2]}, "a neuron's synapse must be ascending shifts from 1 to 17"),
        ({"phases": 0}, "a neuron's phases must be from 1 to 8, not 0"),
        ({"phases": 9}, "a neuron's phases must be from 1 to 8, not 9"),
        ({"phases": 8}, "at most 131071 in the first of 8 phases"),
        ({"carries": False}, "a neuron that starts each timestep from zero must not have a leak"),
        ({"reset": "sometimes"}, "sometimes"),
    ],
)
def test_a_card_with_a_neuron_that_is_none(fields, message, tmp_path):
    shape = NetworkShape.of("wrong", (Dense(inputs=784, neurons=10, neuron=LEAKY),))
    path = save(random_network_of(shape, 1), tmp_path)
    card = path.with_suffix(".json")
    text = json.loads(card.read_text())
    text["network"]["layers"][0]["neuron"] |= fields
    card.write_text(json.dumps(text))
    told = refused_here("sim", "--weights", path, "--images", "1")
    assert message in told


def test_first_without_an_answer(tmp_path):
    """A network of first spikes whose outputs cannot spike: refused where it is loaded."""
    shape = NetworkShape.of("mute", (Dense(inputs=784, neurons=10),))
    path = save(random_network_of(shape, 1), tmp_path)
    card = path.with_suffix(".json")
    text = json.loads(card.read_text())
    text["network"]["read_out"] = "first"
    text["network"]["layers"][0]["threshold"] = "none"
    card.write_text(json.dumps(text))
    assert "layer 1 must have a threshold with read-out first" in refused_here(
        "sim", "--weights", path, "--images", "1"
    )
