"""Maps, their windows and pools; convolutions; networks of these."""

import dataclasses
import itertools

import numpy as np
import pytest

from tb.kit.weight_files import assert_same, one_line, tiny_card
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import digest
from trispike.models.network.layers import Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume


def _maps(channels=4, height=6, width=6, kernel=(3, 3), **more) -> Maps:
    return Maps(volume=Volume(channels=channels, height=height, width=width), kernel=kernel, **more)


def _seen(length: int, kernel: int, stride: int, padding: int) -> list[list[int]]:
    """Places of a map of ``length`` that each window sees, along one of its sides."""
    windows = []
    first = -padding
    while first + kernel <= length + padding:
        windows.append([y for y in range(first, first + kernel) if 0 <= y < length])
        first += stride
    return windows


def _small_maps():
    """Maps of up to 6 x 3 with every kernel, stride, padding and pool that they can have."""
    for height, width, high, wide in itertools.product(range(1, 7), (1, 3), range(1, 8), (1, 3)):
        for stride, padding in itertools.product((1, 2), range(min(high, wide))):
            if high > height + 2 * padding or wide > width + 2 * padding:
                continue
            maps = _maps(2, height, width, (high, wide), stride=stride, padding=padding)
            for pool in range(1, min(maps.rows, maps.columns) + 1):
                yield dataclasses.replace(maps, pool=pool)


def test_windows_pools_and_what_is_left_out():
    tried = 0
    for maps in _small_maps():
        rows, columns = (
            _seen(length, kernel, maps.stride, maps.padding)
            for length, kernel in zip(
                (maps.volume.height, maps.volume.width), maps.kernel, strict=True
            )
        )
        high, wide = len(rows) // maps.pool, len(columns) // maps.pool
        rows, columns = rows[: high * maps.pool], columns[: wide * maps.pool]
        assert (maps.rows, maps.columns) == (len(rows), len(columns))
        assert maps.output(5) == Volume(channels=5, height=high, width=wide)
        unseen = set(range(maps.volume.height)) - set(itertools.chain(*rows))
        unseen |= set(range(maps.volume.width)) - set(itertools.chain(*columns))
        assert maps.leaves_out == bool(unseen), maps
        tried += 1
    assert tried > 500


def test_rows_find_room_while_a_row_of_windows_is_at_work():
    """Rows of the map come one after the other, timestep after timestep.

    While a row of windows is at work the buffer has what it sees and what came after that; there
    must be room for all up to what the next row of windows, be it of the next timestep, waits for.
    It waits for what it sees, and the last of a timestep for the rest of the map.
    """
    for maps in _small_maps():
        height = maps.volume.height
        seen = _seen(height, maps.kernel[0], maps.stride, maps.padding)
        seen = seen[: len(seen) // maps.pool * maps.pool]
        last = [rows[-1] for rows in seen]
        last[-1] = height - 1
        for row, rows in enumerate(seen):
            assert maps.input_rows(row) == range(rows[0], last[row] + 1)
        following = [*last[1:], height + last[0]]
        room = [end - rows[0] + 1 for end, rows in zip(following, seen, strict=True)]
        assert maps.buffer_rows == max(2, *room), maps


def test_fan_in():
    maps = _maps(3, 32, 16, (5, 2))
    assert (maps.taps, maps.fan_in) == (10, 30)
    layer = Convolution(maps=maps, channels=7)
    assert (layer.inputs, layer.neurons, layer.firings) == (30, 7, 28 * 15)
    assert (layer.volume.size, layer.output) == (
        3 * 32 * 16,
        Volume(channels=7, height=28, width=15),
    )


def test_a_dense_layer_on_maps():
    maps = Maps.whole(Volume(channels=128, height=8, width=8))
    assert maps.is_whole
    assert not maps.leaves_out
    layer = Convolution(maps=maps, channels=10)
    assert (layer.inputs, layer.firings, layer.output) == (8192, 1, Volume(channels=10))
    for change in ({"kernel": (7, 7)}, {"padding": 1}, {"stride": 2}):
        assert not dataclasses.replace(maps, **change).is_whole


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _maps(kernel=3), "kernel must be rows and columns, not 3"),
        (lambda: _maps(kernel=[3, 3]), r"kernel must be rows and columns, not \[3, 3\]"),
        (lambda: _maps(kernel=(3,)), r"kernel must be rows and columns, not \(3,\)"),
        (lambda: _maps(513), "input channels must be from 1 to 512, not 513"),
        (lambda: _maps(height=257), "map height must be from 1 to 256, not 257"),
        (lambda: _maps(width=257), "map width must be from 1 to 256, not 257"),
        (lambda: _maps(9, 20, 20, (8, 3)), "kernel height must be from 1 to 7, not 8"),
        (lambda: _maps(kernel=(3, 0)), "kernel width must be from 1 to 7, not 0"),
        (lambda: _maps(kernel=(3, 6.0)), r"kernel width must be from 1 to 7, not 6\.0"),
        (lambda: _maps(height=1, kernel=(True, 1)), "kernel height must be .*, not True"),
        (lambda: _maps(stride=3), "stride must be from 1 to 2, not 3"),
        (lambda: _maps(padding=3), "padding must be from 0 to 2, not 3"),
        (lambda: _maps(kernel=(1, 3), padding=1), "padding must be from 0 to 0, not 1"),
        (
            lambda: _maps(4, 4, 9, (7, 7), padding=1),
            "kernel height must be at most 6, as the map of 4x4x9 has with its padding of 1, not 7",
        ),
        (
            lambda: _maps(4, 9, 4, (5, 5)),
            "kernel width must be at most 4, as the map of 4x9x4 has with its padding of 0, not 5",
        ),
        (lambda: _maps(pool=5), "pool must be from 1 to 4, not 5"),
        (lambda: _maps(4, 20, 20, pool=9), "pool must be from 1 to 8, not 9"),
        (lambda: Maps.whole(Volume(channels=513, height=2)), "input channels must be from 1 to 51"),
        (lambda: Volume(channels=4, height=0), "volume's height must be an integer of 1 or more"),
        (lambda: Volume(channels=True), "channels must be an integer of 1 or more, not True"),
        (
            lambda: Convolution(maps=_maps(), channels=513),
            "a convolution's channels must be from 1 to 512, not 513",
        ),
        (
            lambda: Convolution(maps=_maps(168, 9, 9, (7, 7)), channels=2),
            "layer inputs must be an integer from 1 to 8192, not 8232",
        ),
        (lambda: Convolution(maps=_maps(), channels=0), "must be an integer from 1 to .*, not 0"),
        (
            lambda: Convolution(maps=_maps(6), channels=2, lanes=4),
            "lanes must divide a convolution's input channels, 6, not be 4",
        ),
        (
            lambda: Convolution(maps=_maps(), channels=2, lanes=2, pixels=True),
            "a layer of pixels has one lane, not 2",
        ),
        (
            lambda: Convolution(maps=_maps(), channels=2, threshold=Threshold.NONE),
            "a convolution with several windows must have a threshold",
        ),
        (lambda: _parameters(_maps(), 2, weights=np.ones((9, 2), int)), "must have 36 rows.*not 9"),
    ],
)
def test_refused(make, message):
    with pytest.raises(BadInput, match=message) as caught:
        make()
    one_line(caught)


CONVOLUTION = Convolution(maps=_maps(pool=2), channels=8)
"""4x6x6 becomes 8x2x2."""
DENSE = Convolution(maps=Maps.whole(CONVOLUTION.output), channels=3)


@pytest.mark.parametrize(
    ("layers", "more", "message"),
    [
        (
            (CONVOLUTION,),
            {},
            "the last layer must give no maps, not maps of 8x2x2; end with a dense layer",
        ),
        (
            (CONVOLUTION, Convolution(maps=_maps(8, 2, 3, (2, 3)), channels=3)),
            {},
            "layer 2 must take maps of 8x2x2, as layer 1 gives, not maps of 8x2x3",
        ),
        (
            (CONVOLUTION, Dense(inputs=32, neurons=3)),
            {},
            "layer 2 must take maps of 8x2x2, as layer 1 gives, not 32 inputs",
        ),
        (
            (DENSE, dataclasses.replace(DENSE, maps=Maps.whole(Volume(channels=4)))),
            {},
            "layer 2 must take 3 inputs, as layer 1 gives, not 4 inputs",
        ),
        (
            (CONVOLUTION, DENSE),
            {"stops": True},
            "cannot stop early in a network of convolutions: leave stability out",
        ),
        (
            (CONVOLUTION, DENSE),
            {"stops": True, "read_out": ReadOut.FIRST},
            "cannot stop early in a network of convolutions: leave stability out",
        ),
        (
            (CONVOLUTION, DENSE),
            {"encoder": Encoder.DIRECT},
            "layer 1 must take pixels with input that is encoded as direct",
        ),
        ((CONVOLUTION, DENSE), {"groups": (2, 2)}, "3 together"),
    ],
)
def test_networks_refused(layers, more, message):
    with pytest.raises(BadInput, match=message) as caught:
        NetworkShape.of("wrong", layers, **more)
    one_line(caught)


def test_images_of_another_shape_are_refused():
    shape = NetworkShape.of("shape", (CONVOLUTION, DENSE))
    other = dataclasses.replace(shape.input, volume=Volume(channels=144))
    with pytest.raises(
        BadInput, match="layer 1 must take 144 inputs, as the images have, not maps"
    ):
        dataclasses.replace(shape, input=other)


@pytest.mark.parametrize(
    ("maps", "name"),
    [
        (_maps(), "8c3"),
        (_maps(padding=1, pool=2), "8c3p1-mp2"),
        (_maps(stride=2), "8c3s2"),
        (_maps(kernel=(5, 2), stride=2, padding=1), "8c5x2s2p1"),
        (_maps(kernel=(6, 6)), "8"),
        (_maps(kernel=(6, 6), padding=1), "8c6p1"),
    ],
)
def test_name_of_a_layer(maps, name):
    assert str(Convolution(maps=maps, channels=8)) == name


def _shape(channels=(3, 12, 20)) -> NetworkShape:
    """Two convolutions, one of which takes pixels, and two dense layers."""
    given, first, second = channels
    one = Convolution(maps=_maps(given, 8, 8, padding=1, pool=2), channels=first, pixels=True)
    two = Convolution(maps=dataclasses.replace(one.maps, volume=one.output), channels=second)
    three = Convolution(maps=Maps.whole(two.output), channels=6)
    last = Dense(inputs=6, neurons=2)
    return NetworkShape.of("maps", (one, two, three, last), encoder=Encoder.DIRECT)


def test_network():
    shape = _shape()
    assert str(shape) == "3x8x8-12c3p1-mp2-20c3p1-mp2-6-2"
    assert shape.sizes == (192, 12 * 16, 20 * 4, 6, 2)
    assert (shape.has_maps, shape.labels) == (True, 2)
    assert not NetworkShape.dense(name="dense", sizes=(4, 2)).has_maps
    # Rows of 27, 108, 80 and 6 inputs, rounded up; words of 12, 20, 6 and 2 neurons.
    weights = 32 * 32 + 128 * 64 + 128 * 16 + 8 * 4
    # Four rows of 8 and of 4 positions, twice two of 2: of 24, 12 and 20 bits, rounded up.
    lines = 4 * 8 * 32 + 4 * 4 * 16 + 4 * 2 * 32
    pools = 4 * 16 + 2 * 32  # a row of squares: 4 of 12 channels, 2 of 20
    assert shape.memory_bits == weights + lines + pools


def test_lanes():
    """Each layer has the largest number of lanes that it can have, and pixels one lane."""
    shape = _shape((4, 12, 20))
    assert [layer.lanes for layer in shape.with_lanes(8).layers] == [1, 4, 4, 4]
    assert [layer.lanes for layer in shape.with_lanes([2, 2, 8, 1]).layers] == [1, 2, 4, 1]
    assert shape.with_lanes([2, 2, 8, 1]).lanes == 4
    odd = _shape((4, 7, 6)).with_lanes([8, 8, 4, 8])
    assert [layer.lanes for layer in odd.layers] == [1, 1, 2, 4]
    lanes = odd.layers[2]
    # 24 inputs, 32 rows, 16 of them in each lane; lines of two positions, 3 channels in a lane.
    assert lanes.memory_bits == 2 * 16 * 16 + 2 * 4 * 2 * 4


@pytest.mark.parametrize(
    ("lanes", "message"),
    [
        ([1, 2], "lanes must be one number, or 4, one for each layer of maps, not 2"),
        ([1, 2, 3, 1], "lanes must be one of 1, 2, 4, 8, not 3"),
        (16, "lanes must be one of 1, 2, 4, 8, not 16"),
        (True, "lanes must be one of 1, 2, 4, 8, not True"),
    ],
)
def test_lanes_refused(lanes, message):
    with pytest.raises(BadInput, match=message):
        _shape().with_lanes(lanes)


def _parameters(maps, channels, seed=0, **more) -> LayerParameters:
    rng = np.random.default_rng(seed)
    fields = {
        "weights": rng.integers(-1, 2, (maps.fan_in, channels)),
        "bias": rng.integers(-1, 2, channels),
        "a": 3,
        "b": 2,
        "threshold": rng.integers(-9, 9, channels),
    }
    return LayerParameters(**{**fields, "maps": maps, **more})


def _network(**changes) -> Network:
    """A network of convolutions, its first of other ``changes``."""
    maps = dataclasses.replace(_maps(3, 9, 9, padding=1, pool=2), **changes)
    one = _parameters(maps, 4, a=None)
    two = _parameters(Maps.whole(one.shape.output), 2, 1, threshold=None)
    return Network(
        name="maps", layers=(one, two), read_out=ReadOut.POTENTIAL, encoder=Encoder.DIRECT
    )


def test_parameters_have_the_shape_of_their_layer():
    network = _network()
    assert network.shape.layers[0] == Convolution(
        maps=_maps(3, 9, 9, padding=1, pool=2), channels=4, threshold=Threshold.EACH, pixels=True
    )
    assert str(network.shape) == "3x9x9-4c3p1-mp2-2"


def test_weight_file(tmp_path):
    network, path = _network(), tmp_path / "maps.npz"
    card = tiny_card(network)
    weights.save(path, network, card)
    found, read = weights.load(path)
    assert_same(found, network)
    assert [layer.maps for layer in found.layers] == [layer.maps for layer in network.layers]
    assert read == dataclasses.replace(card, digest=digest(network))
    place = weights.card_path(path)
    place.write_text(place.read_text().replace('"padding": 1', '"padding": 7'))
    with pytest.raises(BadInput, match="padding must be from 0 to 2, not 7") as caught:
        weights.load(path)
    assert "maps.json" in one_line(caught)


def test_digest_sees_what_windows_are_made_of():
    """These networks have the same parameters."""
    networks = [
        _network(volume=Volume(channels=3, height=height, width=5), **more)
        for height, more in (
            (5, {"pool": 3}),
            (5, {"pool": 3, "padding": 0}),
            (5, {"pool": 3, "stride": 2}),
            (5, {"pool": 2, "padding": 0}),
            (6, {"pool": 3, "stride": 2}),
        )
    ]
    for network in networks:
        for layer, other in zip(network.layers, networks[0].layers, strict=True):
            assert np.array_equal(layer.weights, other.weights)
    assert len({digest(network) for network in networks}) == 5
