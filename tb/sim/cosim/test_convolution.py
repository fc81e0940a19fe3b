"""A network of convolutions on the command line: what it says, what it writes, what it refuses."""

import functools
import json

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.networks import random_network_of, save
from trispike import golden
from trispike.models.data import datasets
from trispike.models.data.encoders import encode
from trispike.models.network.layers import Convolution, Dense
from trispike.models.network.maps import Maps
from trispike.models.network.shape import NetworkShape
from trispike.models.network.volume import Volume
from trispike.sim.cosim import cosimulation

_IMAGES, _TIMESTEPS = 3, 2


@pytest.fixture(scope="module")
def network():
    """Windows that leave a row and a column of the pictures out, a pool, and two dense layers."""
    first = Convolution(
        maps=Maps(volume=Volume(channels=1, height=28, width=28), kernel=(3, 3), stride=2, pool=2),
        channels=4,
    )
    second = Convolution(maps=Maps.whole(first.output), channels=6)
    layers = (first, second, Dense(inputs=6, neurons=10))
    return random_network_of(NetworkShape.of("pictures", layers), 1)


@pytest.fixture
def weight_file(network, tmp_path, monkeypatch):
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)
    return save(network, tmp_path)


def test_sim(network, weight_file, tmp_path):
    """Lanes of each layer; every layer at its floor; a trace of maps as the golden model's."""
    figures, trace = tmp_path / "figures.json", tmp_path / "trace.npz"
    options = ["--weights", weight_file, "--images", _IMAGES, "--timesteps", _TIMESTEPS]
    files = ["--json", figures, "--trace", trace]
    done = trispike_here("sim", *options, "--lanes", "1,2,2", *files)
    assert done.returncode == 0
    assert "layer 1 of pictures leaves out rows or columns of its maps of 1x28x28" in done.stderr
    assert "pictures (1x28x28-4c3s2-mp2-6-10)" in done.stdout
    assert "cycles/timestep alone, layer 2" in done.stdout
    made = json.loads(figures.read_text())
    assert not any(made["mismatches"].values())
    assert len(made["layer_floors"]) == 3
    for cycles, floor in zip(made["layer_cycles"], made["layer_floors"], strict=True):
        assert floor <= cycles <= 1.02 * floor
    assert made["energy_nj"]["line buffers, pools, states"] > 0

    images, _ = datasets.load_test("digits")
    spikes = encode(network.shape, images[:_IMAGES], _TIMESTEPS, 0)
    result = golden.run(network, spikes)
    with np.load(trace) as arrays:
        assert (arrays["input"] == spikes).all()
        for k, (fired, potentials) in enumerate(
            zip(result.spikes, result.potentials, strict=True), 1
        ):
            assert (arrays[f"spikes_{k}"] == fired).all()
            assert (arrays[f"potentials_{k}"] == potentials).all()
        assert arrays["fire_1"].shape == (_IMAGES, _TIMESTEPS, 12 * 12)
        assert arrays["fire_3"].shape == (_IMAGES, _TIMESTEPS)


def test_verilog(network, weight_file, tmp_path):
    """The JSON names every memory bank of the Verilog, once."""
    output = tmp_path / "verilog"
    done = trispike_here("verilog", "--weights", weight_file, "--lanes", 2, "--output", output)
    assert done.returncode == 0
    description = json.loads((output / "trispike_pictures_2_lanes.json").read_text())
    banks = description["memories"]
    shape = network.shape.with_lanes(2)
    assert sum(bank["rows"] * bank["width"] for bank in banks) == shape.memory_bits
    assert description["memory_bits"] == shape.memory_bits
    assert len({bank["instance"] for bank in banks}) == len(banks)
    lines = [bank for bank in banks if ".buffer.row_" in bank["instance"]]
    rows = [layer.maps.buffer_rows * layer.lanes for layer in shape.layers if layer.maps]
    assert len(lines) == sum(rows)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["sim", "--mesh", "3x3x3"], "pictures has convolutions, and a node takes no maps"),
        (["map", "--mesh", "3x3x3"], "pictures has convolutions, and a node takes no maps"),
        (["sim", "--stability", "4"], "cannot stop early in a network of convolutions"),
        (["sim", "--lanes", "1,2"], "lanes must be one number, or 3, one for each layer of pic"),
        (["bench"], "pictures has convolutions, and bench is for dense layers"),
    ],
)
def test_refused(command, message, weight_file):
    assert message in refused_here(*command, "--weights", weight_file)


def test_damaged_card(weight_file):
    """A kernel larger than its padded map, and channels that no bank holds, in a card."""
    card = weight_file.with_suffix(".json")
    text = card.read_text()
    for old, new, message in (
        ('"kernel": [3, 3]', '"kernel": [3, 29]', "kernel width must be from 1 to 7, not 29"),
        ('"height": 28', '"height": 2', "kernel height must be at most 2, as the map of 1x2x28"),
        ('"channels": 6', '"channels": 600', "channels must be from 1 to 512, not 600"),
        ('"channels": 1,', '"channels": 513,', "input channels must be from 1 to 512, not 513"),
    ):
        card.write_text(text.replace(old, new))
        assert message in refused_here("sim", "--weights", weight_file)
