"""Energies of layers by TW-SNN's equations: arithmetic by hand, counts by loops, the command."""

import dataclasses
import random

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.extras import needs_matplotlib
from tb.kit.oracles import random_convolution, random_layer, random_maps, random_volume
from trispike.golden import run
from trispike.golden.layers.convolution import windows
from trispike.models.data.encoders import encode
from trispike.models.network.layers import Convolution, Dense
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import INTEGRATE_AND_FIRE
from trispike.models.network.parameters import Network
from trispike.sim.cost import constants
from trispike.sim.cost.events import addition
from trispike.sim.energy import width_tables, widths
from trispike.sim.energy.record import WIDTHS, Widths
from trispike.sim.energy.widths import Activity, activities, reach
from trispike.sim.report import published
from trispike.sim.report.document import markers

LAYERS = (
    Activity(layer="256", inputs=784, spikes=(100.0, 60.0), reached=(25600.0, 15360.0)),
    Activity(layer="10", inputs=256, spikes=(30.0, 20.0), reached=(300.0, 200.0)),
)

ENTRY = Widths(network="fc256", data="digits", timesteps=2, accuracy=0.5, images=3, layers=LAYERS)


def test_equations_by_hand():
    """160 spikes pass through one core of 256 neurons; 50 through ten of its 256."""
    rows = {bits: constants.SRAM_READ[128, bits].value / 128 for bits in (1024, 256)}
    for bits, sum_bits in ((2, 18), (8, 18), (32, 42)):
        switched = 256 * addition(sum_bits) + addition(32)
        first = switched + 256 * bits * rows[1024]
        second = switched + 256 * bits * rows[256]
        assert LAYERS[0].nj(bits) == pytest.approx(160 * first / 1000)
        assert LAYERS[1].nj(bits) == pytest.approx(50 * second / 1000 * 10 / 256)
        assert LAYERS[0].memory_nj(bits) == pytest.approx(160 * 256 * bits * rows[1024] / 1000)
        assert LAYERS[0].logic_nj(bits) == pytest.approx(160 * switched / 1000)


@pytest.mark.parametrize("seed", range(20))
def test_neurons_that_a_spike_reaches(seed):
    """Those whose windows see it, one spike after the other."""
    rng = random.Random(seed)
    maps = random_maps(rng, random_volume(rng, channels=2, longest=5), widest=3)
    seen = windows(maps, np.eye(maps.volume.size, dtype=bool)).sum(axis=(1, 2))
    assert reach(Convolution(maps=maps, channels=7)).tolist() == (7 * seen).tolist()
    assert reach(Dense(inputs=3, neurons=5)).tolist() == [5, 5, 5]


@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_activities(at_once, monkeypatch):
    """Spikes and the neurons that they reach, in each timestep, as the golden model has them."""
    monkeypatch.setattr(widths, "_VALUES_AT_ONCE", at_once)
    rng = random.Random(1)
    maps = dataclasses.replace(random_maps(rng, random_volume(rng, 2, 6), 3), pool=1)
    shape = random_convolution(rng, maps, 3, neuron=INTEGRATE_AND_FIRE)
    layers = (
        random_layer(rng, shape),
        random_layer(rng, Convolution(maps=Maps.whole(shape.output), channels=4)),
    )
    network = Network(name="two", layers=layers)
    images = np.random.default_rng(2).integers(0, 256, (5, maps.volume.size), dtype=np.uint8)
    spikes = encode(network.shape, images, 3, 0)
    result = run(network, spikes)
    first, second = activities(network, images, result.labels, 3)[0]
    assert (first.layer, first.inputs) == (str(shape), maps.fan_in)
    assert first.spikes == pytest.approx(spikes.sum(axis=(0, 2)) / 5)
    reached = 3 * windows(maps, spikes).sum(axis=(0, 2, 3)) / 5
    assert first.reached == pytest.approx(reached)
    assert 0 < second.spikes[0]
    assert second.spikes == pytest.approx(result.spikes[0].sum(axis=(0, 2)) / 5)
    assert second.reached == pytest.approx(np.array(second.spikes) * 4)
    wrong = (result.labels + np.array([1, 0, 0, 0, 1])) % 4
    assert activities(network, images, wrong, 3)[1] == pytest.approx(0.6)


def test_table():
    """Layers add up; what TW-SNN prints stands beside."""
    first, second, total = width_tables.rows(ENTRY)
    assert first[:3] == ("1: 256", "160.0", "40960")
    assert second[:3] == ("2: 10", "50.0", "500")
    assert total[:3] == ("sum", "210.0", "41460")
    for column, bits in ((3, 2), (4, 8), (5, 32)):
        assert total[column] == f"{LAYERS[0].nj(bits) + LAYERS[1].nj(bits):.2f}"
    assert second[6] == f"{LAYERS[1].memory_nj(2) / LAYERS[1].nj(2):.0%}"
    text = width_tables.markdown([ENTRY])
    for bits, times in ((8, "4.12"), (32, "16.35")):
        ours = f"weights of {bits} bits: {ENTRY.nj(bits) / ENTRY.nj(2):.2f} times the energy; "
        assert f"{ours}TW-SNN, published: {times} times 60,300 nJ, VGG16 on CIFAR-10" in text
    assert "(figures/energy-fc256-digits-2.png)" in text
    assert {each.bits for each in published.WIDTH_GAINS} == set(widths.WIDTHS[1:])


def test_a_silent_layer_has_a_row():
    silent = Activity(layer="10", inputs=256, spikes=(0.0,), reached=(0.0,))
    entry = dataclasses.replace(ENTRY, layers=(silent,))
    assert width_tables.rows(entry)[0] == ("1: 10", "0.0", "0", "0.00", "0.00", "0.00", "0%")


def test_record(tmp_path):
    path = tmp_path / "widths.json"
    other = dataclasses.replace(ENTRY, timesteps=1)
    WIDTHS.write(path, [ENTRY, other])
    assert WIDTHS.read(path) == [other, ENTRY]


def test_command():
    done = trispike_here("energy", "--widths", "--data", "digits", "--images", "20")
    assert done.returncode == 0, done.stderr
    assert "fc256 on digits, T = 1" in done.stdout
    assert "written" not in done.stdout
    assert "LANES= is for runs of the RTL" in refused_here("energy", "--widths", "--lanes", "2")


@needs_matplotlib
def test_command_records(tmp_path, monkeypatch):
    """A section of results.md, the record, and a figure; another run is kept beside."""
    begin, end = markers("energy widths")
    (tmp_path / "results.md").write_text(f"{begin}\n{end}\n")
    monkeypatch.setattr("trispike.sim.energy.command.docs", lambda *, record: tmp_path)
    options = ("energy", "--widths", "--record", "--data", "digits", "--images", "20")
    for timesteps in (1, 2):
        done = trispike_here(*options, "--timesteps", str(timesteps))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("written: ") == 3
    assert [each.timesteps for each in WIDTHS.read(tmp_path / "energy-widths.json")] == [1, 2]
    text = (tmp_path / "results.md").read_text()
    for timesteps in (1, 2):
        figure = f"figures/energy-fc256-digits-{timesteps}.png"
        assert f"]({figure})" in text
        assert (tmp_path / figure).read_bytes().startswith(b"\x89PNG")
