"""The convolutional networks that come with Trispike, as the papers list them."""

import pytest

from trispike.models.network.convolutional import CONVOLUTIONAL, layers_of
from trispike.models.network.layers import Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.volume import Volume

BY_NAME = {shape.name: shape for shape in CONVOLUTIONAL}

MAPS = {
    "dc12_64_512": [(12, 12), (64, 4), (512, 1), (10, 1)],
    "ws12_64": [(12, 12), (64, 4), (10, 1)],
    "first32_16": [(32, 14), (16, 7), (10, 1)],
    "vgg7s": [(32, 32), (32, 16), (64, 16), (64, 8), (128, 8), (128, 4), (10, 1)],
    "vgg5": [(64, 16), (128, 16), (128, 8), (512, 1), (512, 1), (10, 1)],
    "vgg9": [(64, 16), (128, 16), (256, 8), (256, 8), (512, 4), (512, 2), (512, 2), (10, 1)],
}
"""Channels that each layer gives out, and rows of their maps."""

WEIGHTS = {
    "dc12_64_512": 25 * 12 + 300 * 64 + 1024 * 512 + 5120,
    "first32_16": 21_440,  # Zhou 2021: 21 thousand
    "vgg9": 6_878_912,  # 6.9 million
}


@pytest.mark.parametrize("name", MAPS)
def test_maps(name):
    outputs = [layer.output for layer in BY_NAME[name].layers]
    assert [(output.channels, output.height) for output in outputs] == MAPS[name]
    assert all(output.height == output.width for output in outputs)


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights(name):
    layers = BY_NAME[name].layers
    assert sum(layer.inputs * layer.neurons for layer in layers) == WEIGHTS[name]


def test_vgg16_has_13_convolutions():
    layers = BY_NAME["vgg16"].layers
    assert [type(layer) for layer in layers] == [Convolution] * 13 + [Dense] * 3
    assert layers[12].output == Volume(channels=512)


def test_each_channel_has_a_threshold():
    for shape in CONVOLUTIONAL:
        kinds = {layer.threshold for layer in shape.layers[:-1]}
        assert kinds == {Threshold.EACH}, shape.name


def test_a_line_of_layers():
    volume = Volume(channels=2, height=9, width=9)
    first, second, third, last = layers_of(
        volume, "4c5s2p2-mp2-6c2-7-3", {"pixels": True}, {"threshold": Threshold.NONE}
    )
    maps = Maps(volume=volume, kernel=(5, 5), stride=2, padding=2, pool=2)
    assert (first.maps, first.channels) == (maps, 4)
    assert second.maps.volume == Volume(channels=4, height=2, width=2)
    assert (third.inputs, third.neurons, last.fires) == (6, 7, False)
    assert [layer.pixels for layer in (first, second, third, last)] == [False] * 4
    assert str(first) == "4c5s2p2-mp2"
