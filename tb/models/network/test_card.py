"""Cards: what is wrong in one is told in a line; older ones are read."""

import dataclasses
import json

import pytest

from tb.kit.weight_files import one_line, rich_network, saved
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import Card

_LAYERS = [
    {"kind": "dense", "inputs": 5, "neurons": 3},
    {"kind": "dense", "inputs": 3, "neurons": 2},
]


def _volume(size):
    return {"volume": {"channels": size, "height": 1, "width": 1}, "encoder": "rate"}


def _first_layer(**changes):
    return {"layers": [{**_LAYERS[0], **changes}, _LAYERS[1]]}


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        (
            "network",
            {**_first_layer(inputs=6), "input": _volume(6)},
            "weights_1 must be 5 of uint8",
        ),
        ("network", {"layers": _LAYERS[:1]}, "holds bias_2.npy, constants_2.npy, weights_2.npy"),
        ("network", _first_layer(inputs=8193), "layer inputs must be an integer from 1 to 8192"),
        ("network", {"layers": []}, "a network must have 1 to 512 layers, not 0"),
        ("network", _first_layer(neurons=3.5), "Expected `int`, got `float` - at `$.neurons`"),
        ("network", _first_layer(threshold="two"), "Invalid enum value 'two' - at `$.threshold`"),
        (
            "network",
            _first_layer(kind="sparse"),
            "kind must be one of dense, convolution, not 'sparse'",
        ),
        ("network", _first_layer(kind=["dense"]), "convolution, not ['dense']"),
        ("network", {"x\ny": 1}, r"unknown fields x\ny; restore it"),
        (
            "network",
            {"layers": [{"kind": "dense", "inputs": 8192, "neurons": 8192}] * 3},
            "a network must have at most 134,217,728 weights, not 201,326,592",
        ),
        ("network", {"input": _volume(4)}, "layer 1 must take 4 inputs"),
        ("network", {"read_out": "potential"}, "layer 2 must not have a threshold"),
        ("network", {"name": "other"}, "does not belong to tiny-digits.json: digest"),
        ("network", {"name": 7}, "Expected `str`, got `int` - at `$.name`"),
        ("network", {"extra": 1}, "unknown fields extra"),
        ("origin", {"seed": True}, "Expected `int`, got `bool` - at `$.seed`"),
        ("origin", {"recipe": "tw-snn"}, "Expected `object`, got `str` - at `$.recipe`"),
        ("origin", {"kind": "stolen"}, "kind must be one of trained, imported, made"),
        ("measured", {"accuracy": ["x"]}, "Expected `float`, got `str` - at `$.accuracy[0]`"),
        (None, {"measured": {}}, "Object missing required field `test_seed`"),
        (None, {"digest": "0" * 64}, "does not belong to tiny-digits.json: digest"),
        (None, {"format": "trispike-weights-9"}, "is not a card of format trispike-weights-3"),
        (None, {"extra": 1}, "unknown fields extra"),
    ],
)
def test_wrong_card(tmp_path, section, change, message):
    path = saved(tmp_path)
    card = weights.card_path(path)
    fields = json.loads(card.read_text())
    (fields[section] if section else fields).update(change)
    card.write_text(json.dumps(fields))
    with pytest.raises(BadInput) as caught:
        weights.load(path)
    assert message in one_line(caught)
    assert "tiny-digits" in str(caught.value)


def test_card_of_format_2(tmp_path):
    """Cards from before format 3 are read, and the digest has stayed what it was."""
    path = saved(tmp_path)
    place = weights.card_path(path)
    card, fields = weights.load(path)[1], json.loads(place.read_text())
    flat = {"format": "trispike-weights-2", "name": "tiny", "sizes": [5, 3, 2]}
    flat |= {**fields["origin"], **fields["measured"], "digest": fields["digest"]}
    del flat["kind"]
    place.write_text(json.dumps(flat))
    assert weights.load(path)[1] == card
    place.write_text(json.dumps({**flat, "zeros": "none"}))
    with pytest.raises(BadInput, match=r"Expected `array`, got `str` - at `\$\.zeros`"):
        weights.load(path)


@pytest.mark.parametrize(("skip", "stability"), [(3, None), (0, 1 << 33), (254, 7)])
def test_skip_and_stability_come_back(tmp_path, skip, stability):
    """They are data: the card holds them, and the digest is of them too."""
    plain = rich_network()
    network = dataclasses.replace(plain, skip=skip, stability=stability)
    path = saved(tmp_path, network)
    loaded, card = weights.load(path)
    assert (loaded.skip, loaded.stability) == (card.skip, card.stability) == (skip, stability)
    assert loaded.shape == card.shape == network.shape != plain.shape
    card_file = weights.card_path(path)
    card_file.write_text(card_file.read_text().replace(f'"skip": {skip}', '"skip": 7'))
    with pytest.raises(BadInput, match=r"does not belong to tiny-digits\.json: digest"):
        weights.load(path)


def test_card_of_a_usual_read_out(tmp_path):
    """Nothing in it is of skipping and stopping."""
    text = weights.card_path(saved(tmp_path)).read_text()
    assert not any(word in text for word in ("skip", "stop", "stability", "decision"))


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "7"])
def test_card_is_no_card(tmp_path, text):
    path = saved(tmp_path)
    weights.card_path(path).write_text(text)
    with pytest.raises(BadInput, match=r"tiny-digits\.json is not a"):
        weights.load(path)


@pytest.mark.parametrize("layer", ["fc256_256", "ct256_256", "dc12_64_512"])
def test_a_card_that_was_read_is_written_as_it_was(layer):
    """Dense layers of both formats, and convolutions."""
    data = {"fc256_256": "digits", "ct256_256": "saccade"}.get(layer, "mnist")
    path = weights.card_path(weights.committed(layer, data))
    text = Card.from_json(path.read_bytes(), path.name).to_json()
    assert Card.from_json(text, "again").to_json() == text
    assert b"lanes" not in text
