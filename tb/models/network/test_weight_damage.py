"""Damage to a weight file's archive is told in one line, and never makes another network."""

import random

import numpy as np
import pytest

from tb.kit.weight_files import assert_same, one_line, saved, tiny_network
from trispike.models.errors import BadInput
from trispike.models.network import weights


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_flipped_bit_is_refused_or_harmless(tmp_path, suffix):
    path = saved(tmp_path)
    network, victim = tiny_network(), path.with_suffix(suffix)
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
            assert_same(found, network)
        else:
            refused += 1
            assert "\n" not in message
            assert path.stem in message
    assert refused > len(original) // 4


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_truncation_is_refused(tmp_path, suffix):
    path = saved(tmp_path)
    victim = path.with_suffix(suffix)
    original = victim.read_bytes()
    for length in range(0, len(original) - 1, 7):  # the card's last newline may go
        victim.write_bytes(original[:length])
        with pytest.raises(BadInput) as caught:
            weights.load(path)
        assert victim.name in one_line(caught)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_missing_file(tmp_path, suffix):
    path = saved(tmp_path)
    path.with_suffix(suffix).unlink()
    with pytest.raises(BadInput, match=r"cannot read .*tiny-digits\S+: No such file") as caught:
        weights.load(path)
    assert path.with_suffix(suffix).name in one_line(caught)


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
    path = saved(tmp_path)
    _rewrite(path, **members)
    with pytest.raises(BadInput) as caught:
        weights.load(path)
    assert message in one_line(caught)
    assert str(path) in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = saved(tmp_path)
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["weights_1"] = np.zeros(50_000_000, np.uint8)
    np.savez_compressed(path, **arrays)
    with pytest.raises(BadInput, match="weights_1 must have 4 values, not 50000128 bytes"):
        weights.load(path)
