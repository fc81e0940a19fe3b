"""Weight files: what was saved comes back, and damage is one line, never another network."""

import dataclasses
import io
import itertools
import json
import random
import zipfile

import numpy as np
import pytest

from tb.kit.networks import NO_MNIST
from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.network import codes, weight_file, weights
from trispike.models.network.card import Card, Measured, digest
from trispike.models.network.origin import Imported, Made, Trained
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.sim.training.tally import accuracy_by_timestep


def _network(seed: int = 0, sizes=(5, 3, 2)) -> Network:
    rng = np.random.default_rng(seed)
    layers = tuple(
        LayerParameters(
            weights=rng.integers(-1, 2, (inputs, neurons)),
            bias=rng.integers(-1, 2, neurons),
            a=int(rng.integers(128)),
            b=int(rng.integers(128)),
            threshold=int(rng.integers(-(1 << 17), 1 << 17)),
        )
        for inputs, neurons in itertools.pairwise(sizes)
    )
    return Network(name="tiny", layers=layers)


def _card(network: Network, **changes) -> Card:
    card = Card(
        shape=network.shape,
        origin=Trained(
            data="digits",
            data_sha256={"images": "ab" * 32},
            recipe={"name": "by-hand", "beta": 0.01},
            seed=1,
            epochs=2,
            threads=1,
        ),
        measured=Measured(
            test_seed=3,
            held_out_accuracy=(0.25, 0.5),
            accuracy=(0.5, 0.75),
            spikes=(2.0, 1.0, 0.5),
            operations=1.5,
            zeros=(0.25, 0.5),
        ),
    )
    return dataclasses.replace(card, **changes)


def _rich_network() -> Network:
    """Thresholds and biases of each neuron, and a last layer that never fires."""
    rng = np.random.default_rng(5)
    hidden = LayerParameters(
        weights=rng.integers(-1, 2, (5, 3)),
        bias=rng.integers(-4000, 4000, 3),
        a=3,
        b=None,
        threshold=rng.integers(-9, 9, 3),
    )
    last = LayerParameters(
        weights=rng.integers(-1, 2, (3, 2)), bias=np.array([1, -1]), a=2, b=7, threshold=None
    )
    return Network(name="tiny", layers=(hidden, last), read_out=ReadOut.POTENTIAL)


def _saved(folder, network=None):
    path = folder / "tiny-digits.npz"
    network = network or _network()
    weights.save(path, network, _card(network))
    return path


def _assert_same(one: Network, other: Network):
    assert one.name == other.name
    assert one.shape == other.shape
    for k, (left, right) in enumerate(zip(one.layers, other.layers, strict=True)):
        assert np.array_equal(left.weights, right.weights), k
        assert np.array_equal(left.bias, right.bias), k
        assert (left.a, left.b) == (right.a, right.b), k
        assert np.array_equal(left.threshold, right.threshold), k


def _one_line(caught) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("count", range(10))
def test_codes_come_back(count):
    values = np.random.default_rng(count).integers(-1, 2, count).astype(np.int8)
    packed = codes.pack(values)
    assert packed.shape == (codes.packed_size(count),)
    for k, value in enumerate(values.tolist()):
        assert packed[k // 4] >> 2 * (k % 4) & 3 == {0: 0b00, 1: 0b01, -1: 0b11}[value]
    assert np.array_equal(codes.unpack(packed, (count,), "x"), values)


@pytest.mark.parametrize("sizes", [(1, 1), (5, 3, 2), (784, 256, 10), (1024, 7)])
def test_save_and_load(tmp_path, sizes):
    network = _network(4, sizes)
    path = _saved(tmp_path, network)
    found, card = weights.load(path)
    _assert_same(found, network)
    assert card == _card(network, digest=digest(network))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "tiny-digits.json",
        "tiny-digits.npz",
    ]


def test_same_parameters_give_the_same_bytes(tmp_path):
    one, other = _saved(tmp_path / "one"), _saved(tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    assert weights.card_path(one).read_bytes() == weights.card_path(other).read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_reads_the_archive_without_pickle(tmp_path):
    with np.load(_saved(tmp_path), allow_pickle=False) as archive:
        kinds = {name: (array.dtype, array.shape) for name, array in archive.items()}
    assert kinds == {
        "weights_1": (np.uint8, (4,)),
        "bias_1": (np.uint8, (1,)),
        "constants_1": (np.int32, (3,)),
        "weights_2": (np.uint8, (2,)),
        "bias_2": (np.uint8, (1,)),
        "constants_2": (np.int32, (3,)),
    }


def test_digest_sees_everything():
    network = _network()
    layer = network.layers[0]
    flipped = layer.weights.copy()
    flipped[0, 0] = (flipped[0, 0] + 2) % 3 - 1
    bias = layer.bias.copy()
    bias[-1] = (bias[-1] + 2) % 3 - 1
    seen = {digest(network), digest(dataclasses.replace(network, name="other"))}
    for change in ({"weights": flipped}, {"bias": bias}, {"a": 9}, {"b": 9}, {"threshold": 9}):
        layers = (dataclasses.replace(layer, **change), *network.layers[1:])
        seen.add(digest(dataclasses.replace(network, layers=layers)))
    assert len(seen) == 7


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_flipped_bit_is_refused_or_harmless(tmp_path, suffix):
    path = _saved(tmp_path)
    network, victim = _network(), path.with_suffix(suffix)
    original = victim.read_bytes()
    rng = random.Random(7)
    refused = 0
    for k in range(len(original)):
        damaged = bytearray(original)
        damaged[k] ^= 1 << rng.randrange(8)
        victim.write_bytes(damaged)
        message = None
        try:
            found, _ = weights.load(path)
        except BadInput as error:
            message = str(error)
        if message is None:
            _assert_same(found, network)
        else:
            refused += 1
            assert "\n" not in message
            assert path.stem in message
    assert refused > len(original) // 4


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_truncation_is_refused(tmp_path, suffix):
    path = _saved(tmp_path)
    victim = path.with_suffix(suffix)
    original = victim.read_bytes()
    for length in range(0, len(original) - 1, 7):  # the card's last newline may go
        victim.write_bytes(original[:length])
        with pytest.raises(BadInput) as caught:
            weights.load(path)
        assert victim.name in _one_line(caught)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_missing_file(tmp_path, suffix):
    path = _saved(tmp_path)
    path.with_suffix(suffix).unlink()
    with pytest.raises(BadInput, match=r"cannot read .*tiny-digits\S+: No such file") as caught:
        weights.load(path)
    assert path.with_suffix(suffix).name in _one_line(caught)


def _rewrite(path, **members):
    """Change members of the archive, keeping it a sound zip file; None leaves one out."""
    with np.load(path) as archive:
        arrays = {**archive, **members}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"weights_1": np.full(4, 0b10, np.uint8)}, "layer 1: weights_1 holds the code 0b10"),
        ({"bias_2": np.array([0b10], np.uint8)}, "layer 2: bias_2 holds the code 0b10"),
        ({"bias_2": np.array([0b010000], np.uint8)}, "layer 2: bias_2 holds values beyond"),
        ({"constants_1": np.array([128, 0, 0], np.int32)}, "layer 1: a must be from 0 to 127, not"),
        ({"constants_1": np.array([0, 128, 0], np.int32)}, "layer 1: b must be from 0 to 127, not"),
        ({"constants_2": np.array([0, 0, 1 << 17], np.int32)}, "layer 2: threshold must be from"),
        ({"constants_2": np.array([0, 0, 1], np.int64)}, "constants_2 must be 3 of int32"),
        ({"weights_1": np.zeros(5, np.uint8)}, "weights_1 must be 4 of uint8"),
        ({"weights_1": np.zeros((2, 2), np.uint8)}, "weights_1 must be 4 of uint8"),
        ({"weights_1": np.zeros(9999, np.uint8)}, "weights_1 must have 4 values, not"),
        ({"weights_1": np.array([None])}, "weights_1 must be 4 of uint8"),
        ({"weights_1": None}, "is damaged or cut short"),
        ({"weights_3": np.zeros(1, np.uint8)}, "it holds weights_3.npy besides"),
        ({"bias_1": np.array([0b010101], np.uint8)}, "does not belong to tiny-digits.json: digest"),
    ],
)
def test_wrong_contents(tmp_path, members, message):
    path = _saved(tmp_path)
    _rewrite(path, **members)
    with pytest.raises(BadInput) as caught:
        weights.load(path)
    assert message in _one_line(caught)
    assert str(path) in str(caught.value)


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
        ("network", _first_layer(kind="sparse"), "kind must be one of dense, not 'sparse'"),
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
    path = _saved(tmp_path)
    card = weights.card_path(path)
    fields = json.loads(card.read_text())
    (fields[section] if section else fields).update(change)
    card.write_text(json.dumps(fields))
    with pytest.raises(BadInput) as caught:
        weights.load(path)
    assert message in _one_line(caught)
    assert "tiny-digits" in str(caught.value)


def test_card_of_format_2(tmp_path):
    """Cards from before format 3 are read, and the digest has stayed what it was."""
    path = _saved(tmp_path)
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


@pytest.mark.parametrize("origin", [Imported(file="a.nir", sha256="0"), Made(how="by hand")])
def test_every_parameter_comes_back(tmp_path, origin):
    """Thresholds and biases a neuron, a silent last layer, no measurements."""
    network, path = _rich_network(), tmp_path / "tiny.npz"
    weights.save(path, network, Card(shape=network.shape, origin=origin))
    loaded, card = weights.load(path)
    _assert_same(loaded, network)
    assert loaded.read_out is ReadOut.POTENTIAL
    assert (card.origin, card.measured, card.data) == (origin, None, None)


@pytest.mark.parametrize(("skip", "stability"), [(3, None), (0, 1 << 33), (254, 7)])
def test_skip_and_stability_come_back(tmp_path, skip, stability):
    """They are data: the card holds them, and the digest is of them too."""
    plain = _rich_network()
    network = dataclasses.replace(plain, skip=skip, stability=stability)
    path = _saved(tmp_path, network)
    loaded, card = weights.load(path)
    assert (loaded.skip, loaded.stability) == (card.skip, card.stability) == (skip, stability)
    assert loaded.shape == card.shape == network.shape != plain.shape
    card_file = weights.card_path(path)
    card_file.write_text(card_file.read_text().replace(f'"skip": {skip}', '"skip": 7'))
    with pytest.raises(BadInput, match=r"does not belong to tiny-digits\.json: digest"):
        weights.load(path)


def test_card_of_a_usual_read_out(tmp_path):
    """Nothing in it is of skipping and stopping."""
    text = weights.card_path(_saved(tmp_path)).read_text()
    assert not any(word in text for word in ("skip", "stop", "stability", "decision"))


def test_digest_covers_every_field():
    """A change of any parameter changes the digest."""
    network = _rich_network()
    digests = {digest(network)}
    for k, layer in enumerate(network.layers):
        for name in ("weights", *(field.name for field in layer.shape.fields)):
            value = np.array(getattr(layer, name))
            value.flat[-1] += 1 if value.flat[-1] < 1 else -1
            changed = value if value.ndim else int(value)
            layers = list(network.layers)
            layers[k] = dataclasses.replace(layer, **{name: changed})
            digests.add(digest(dataclasses.replace(network, layers=tuple(layers))))
    assert len(digests) == 1 + 4 + 4


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "7"])
def test_card_is_no_card(tmp_path, text):
    path = _saved(tmp_path)
    weights.card_path(path).write_text(text)
    with pytest.raises(BadInput, match=r"tiny-digits\.json is not a"):
        weights.load(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = _saved(tmp_path)
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["weights_1"] = np.zeros(50_000_000, np.uint8)
    np.savez_compressed(path, **arrays)
    with pytest.raises(BadInput, match="weights_1 must have 4 values, not 50000128 bytes"):
        weights.load(path)


def test_interruption_never_leaves_a_pair_that_disagrees(tmp_path, monkeypatch):
    """Stopped before, between or after the two renames: the old pair, no pair, the new pair."""
    path = _saved(tmp_path)
    old, new = _network(), _network(1)
    real, renamed = weight_file.write_atomically, []

    def stop_after(count):
        def write(place, data):
            if len(renamed) == count:
                raise KeyboardInterrupt
            real(place, data)
            renamed.append(place)

        return write

    monkeypatch.setattr(weight_file, "write_atomically", stop_after(0))
    with pytest.raises(KeyboardInterrupt):
        weights.save(path, new, _card(new))
    _assert_same(weights.load(path)[0], old)
    monkeypatch.setattr(weight_file, "write_atomically", stop_after(1))
    with pytest.raises(KeyboardInterrupt):
        weights.save(path, new, _card(new))
    with pytest.raises(BadInput, match="does not belong to"):
        weights.load(path)
    monkeypatch.setattr(weight_file, "write_atomically", real)
    weights.save(path, new, _card(new))
    _assert_same(weights.load(path)[0], new)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trispike.models.files.os.fsync", fail)
    network = _network()
    with pytest.raises(BadInput, match=r"cannot write .*: No space left on device; name a folder"):
        weights.save(tmp_path / "tiny-digits.npz", network, _card(network))
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    network = _network()
    with pytest.raises(BadInput, match="cannot write"):
        weights.save(tmp_path / "file" / "tiny.npz", network, _card(network))


@pytest.mark.parametrize(
    "change",
    [
        {"shape": NetworkShape.dense(name="other", sizes=(5, 3, 2))},
        {"shape": NetworkShape.dense(name="tiny", sizes=(5, 3, 3))},
    ],
)
def test_save_refuses_a_card_of_another_network(tmp_path, change):
    network = _network()
    with pytest.raises(BadInput, match="must be of tiny 5-3-2, not of"):
        weights.save(tmp_path / "tiny.npz", network, _card(network, **change))
    assert list(tmp_path.iterdir()) == []


def test_save_refuses_another_suffix(tmp_path):
    network = _network()
    with pytest.raises(BadInput, match=r"must end with \.npz, not 'tiny\.json'"):
        weights.save(tmp_path / "tiny.json", network, _card(network))


def _committed():
    return sorted(weights.committed("x", "y").parent.glob("*.npz"))


def test_committed_path():
    path = weights.committed("fc256", "digits")
    assert path.parts[-3:] == ("models", "weights", "fc256-digits.npz")


@pytest.mark.parametrize("path", _committed(), ids=lambda path: path.stem)
def test_committed_weights(path):
    network, card = weights.load(path)
    assert path == weights.committed(network.name, card.data, card.origin.recipe["name"])
    assert path.stat().st_size < 512 * 1024
    measured = [float(np.mean(layer.weights == 0)) for layer in network.layers]
    assert card.measured.zeros == pytest.approx(measured)
    assert card.origin.epochs > 0
    archive = io.BytesIO(path.read_bytes())
    assert zipfile.ZipFile(archive).testzip() is None


@pytest.mark.parametrize("path", _committed(), ids=lambda path: path.stem)
def test_cards_tell_the_truth(path):
    """Accuracy of up to 3 timesteps, measured anew on the whole test set.

    Of all timesteps, where an image's spikes depend on how many there are.
    """
    network, card = weights.load(path)
    folder = datasets.find_folder(name=card.data)
    if card.data != "digits" and folder is None:
        pytest.skip(NO_MNIST)
    images, labels = datasets.load_test(card.data, folder)
    timesteps = len(card.measured.accuracy)
    if network.encoder not in (Encoder.LATENCY, Encoder.GIVEN):
        timesteps = min(timesteps, 3)
    measured = accuracy_by_timestep(
        network, images, labels, timesteps=timesteps, seed=card.measured.test_seed
    )
    assert card.measured.accuracy[:timesteps] == measured.accuracy
    digests = datasets.load(card.data, folder).digests
    assert card.origin.data_sha256 == digests
