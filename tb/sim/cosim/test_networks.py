"""The four networks on both data sets: RTL, golden model and cycle model agree on everything."""

import functools
import json

import pytest

from tb.kit.command import trispike, trispike_here
from tb.kit.networks import NO_MNIST
from trispike.models.data import datasets
from trispike.models.network.presets import TABLE_1
from trispike.sim.cosim import cosimulation

OPTIMISED = "fc256_256"
"""Runs optimised, as for a user; the others would compile for longer than their images run."""


def _images(layer: str, data: str) -> int:
    return (40 if "1024" in layer else 100) * {"digits": 1, "mnist": 2}[data]


def _mnist_or_skip(data: str) -> None:
    if data == "mnist" and datasets.find_folder() is None:
        pytest.skip(NO_MNIST)


def _cases():
    for layer in TABLE_1:
        for data in ("digits", "mnist"):
            marks = [pytest.mark.xdist_group(layer)]  # one worker builds the chip, for both
            marks += [pytest.mark.thorough] * (layer != "fc256")
            yield pytest.param(layer, data, marks=marks, id=f"{layer}-{data}")


@pytest.mark.timeout(580)
@pytest.mark.parametrize(("layer", "data"), list(_cases()))
def test_rtl_equals_models(layer, data, tmp_path, monkeypatch):
    """Potentials, spikes, cycles, counts and labels of every layer and timestep, T=5."""
    _mnist_or_skip(data)
    figures = tmp_path / "figures.json"
    options = ["--layer", layer, "--data", data, "--timesteps", "5", "--json", figures]
    options += ["--images", str(_images(layer, data))]
    if layer == OPTIMISED:
        done = trispike("sim", *options, timeout=570)
    else:
        quick = functools.partial(cosimulation.chip_model, optimise=False)
        monkeypatch.setattr(cosimulation, "chip_model", quick)
        done = trispike_here("sim", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads(figures.read_text())
    assert made["images"] == _images(layer, data)
    assert set(made["mismatches"]) == {
        "potential",
        "spike",
        "fire cycle",
        "output cycle",
        "spike count",
        "label",
        "prediction cycle",
    }
    assert not any(made["mismatches"].values())
    assert made["accuracy"] == made["golden_accuracy"] > 0.9
    assert made["spikes"][1] > 0


@pytest.mark.thorough
@pytest.mark.xdist_group("fc256_256")
@pytest.mark.timeout(580)
def test_cycles_per_prediction(tmp_path):
    """In steady state fc256_256 needs little more than one cycle per layer-1 input spike.

    TW-SNN's 1.207 M predictions/s at 167 MHz are 138 cycles each, Yin 2017's chip takes 112.
    """
    _mnist_or_skip("mnist")
    figures = tmp_path / "figures.json"
    options = ["--layer", "fc256_256", "--data", "mnist", "--timesteps", "1", "--images", "1000"]
    done = trispike_here("sim", *options, "--json", figures)
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads(figures.read_text())
    assert made["cycles_per_image_mean"] <= 1.05 * made["spikes"][0] + 6
    assert "cycles per input spike" in done.stdout


@pytest.mark.xdist_group("fc256")
def test_shards_change_nothing(tmp_path, monkeypatch):
    """Two simulations side by side find what one finds."""
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)
    made = []
    for jobs in ("1", "2"):
        figures = tmp_path / f"{jobs}.json"
        done = trispike_here("sim", "--images", "30", "--jobs", jobs, "--json", figures)
        assert done.returncode == 0, done.stdout + done.stderr
        made.append(json.loads(figures.read_text()))
    one, two = made
    differ = {"command", "shards", "wall_seconds", "simulated_cycles"}
    differ |= {"simulated_cycles_per_second"}
    for what in set(one) - differ:
        assert one[what] == two[what], what
    assert (one["shards"], two["shards"]) == (1, 2)
