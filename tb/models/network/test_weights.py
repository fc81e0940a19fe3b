"""Weight files: what was saved comes back, whole, and the same bytes for the same parameters."""

import dataclasses
import zipfile

import numpy as np
import pytest

from tb.kit.weight_files import assert_same, rich_network, saved, tiny_card, tiny_network
from trispike.models.errors import BadInput
from trispike.models.network import codes, weight_file, weights
from trispike.models.network.card import Card, digest
from trispike.models.network.origin import Imported, Made
from trispike.models.network.shape import NetworkShape, ReadOut


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
    network = tiny_network(4, sizes)
    path = saved(tmp_path, network)
    found, card = weights.load(path)
    assert_same(found, network)
    assert card == tiny_card(network, digest=digest(network))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "tiny-digits.json",
        "tiny-digits.npz",
    ]


def test_same_parameters_give_the_same_bytes(tmp_path):
    one, other = saved(tmp_path / "one"), saved(tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    assert weights.card_path(one).read_bytes() == weights.card_path(other).read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_reads_the_archive_without_pickle(tmp_path):
    with np.load(saved(tmp_path), allow_pickle=False) as archive:
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
    network = tiny_network()
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


@pytest.mark.parametrize("origin", [Imported(file="a.nir", sha256="0"), Made(how="by hand")])
def test_every_parameter_comes_back(tmp_path, origin):
    """Thresholds and biases a neuron, a silent last layer, no measurements."""
    network, path = rich_network(), tmp_path / "tiny.npz"
    weights.save(path, network, Card(shape=network.shape, origin=origin))
    loaded, card = weights.load(path)
    assert_same(loaded, network)
    assert loaded.read_out is ReadOut.POTENTIAL
    assert (card.origin, card.measured, card.data) == (origin, None, None)


def test_digest_covers_every_field():
    """A change of any parameter changes the digest."""
    network = rich_network()
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


def test_interruption_never_leaves_a_pair_that_disagrees(tmp_path, monkeypatch):
    """Stopped before, between or after the two renames: the old pair, no pair, the new pair."""
    path = saved(tmp_path)
    old, new = tiny_network(), tiny_network(1)
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
        weights.save(path, new, tiny_card(new))
    assert_same(weights.load(path)[0], old)
    monkeypatch.setattr(weight_file, "write_atomically", stop_after(1))
    with pytest.raises(KeyboardInterrupt):
        weights.save(path, new, tiny_card(new))
    with pytest.raises(BadInput, match="does not belong to"):
        weights.load(path)
    monkeypatch.setattr(weight_file, "write_atomically", real)
    weights.save(path, new, tiny_card(new))
    assert_same(weights.load(path)[0], new)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trispike.models.files.os.fsync", fail)
    network = tiny_network()
    with pytest.raises(BadInput, match=r"cannot write .*: No space left on device; name a folder"):
        weights.save(tmp_path / "tiny-digits.npz", network, tiny_card(network))
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    network = tiny_network()
    with pytest.raises(BadInput, match="cannot write"):
        weights.save(tmp_path / "file" / "tiny.npz", network, tiny_card(network))


@pytest.mark.parametrize(
    "change",
    [
        {"shape": NetworkShape.dense(name="other", sizes=(5, 3, 2))},
        {"shape": NetworkShape.dense(name="tiny", sizes=(5, 3, 3))},
    ],
)
def test_save_refuses_a_card_of_another_network(tmp_path, change):
    network = tiny_network()
    with pytest.raises(BadInput, match="must be of tiny 5-3-2, not of"):
        weights.save(tmp_path / "tiny.npz", network, tiny_card(network, **change))
    assert list(tmp_path.iterdir()) == []


def test_save_refuses_another_suffix(tmp_path):
    network = tiny_network()
    with pytest.raises(BadInput, match=r"must end with \.npz, not 'tiny\.json'"):
        weights.save(tmp_path / "tiny.json", network, tiny_card(network))
