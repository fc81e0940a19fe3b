"""Training goes on from the network that was imported."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from tb.kit.extras import needs_nir, needs_torch
from tb.kit.nir_files import imported_from, of_maps, of_neurons, written
from tb.sim.nir.test_import import _cuba, _lif, _threshold
from trispike.golden import run
from trispike.models.data.encoders import encode, packed
from trispike.models.network.shape import Encoder
from trispike.sim.nir.rules import FRAMEWORKS, Rules
from trispike.sim.training.recipe import Recipe

pytestmark = [needs_nir, needs_torch]

TIMESTEPS = 8


def _noisy(nodes: dict, strength: float) -> dict:
    """``nodes`` whose weights are not ternary any more."""
    rng = np.random.default_rng(7)
    for name in ("weights_1", "weights_2", "conv", "read_out"):
        if name in nodes:
            weights = nodes[name].weight
            nodes[name].weight = weights + rng.normal(0, strength, weights.shape)
    return nodes


def _integrator(n):
    import nir

    return nir.LI(np.full(n, 2e-4), np.full(n, 2.0), np.zeros(n))


def _lively(n):
    """Leaky neurons that spike often, so that counts tell something from the first epoch on."""
    neurons = _lif(n)
    neurons.v_threshold = neurons.v_threshold / 4
    return neurons


CASES = {
    "from-zero": (lambda: of_neurons(_threshold), FRAMEWORKS["nir"]),
    "leaky": (lambda: {**of_neurons(_lif), "neurons_2": _lively(5)}, FRAMEWORKS["snntorch"]),
    "leaky-zero": (lambda: of_neurons(_lif), Rules()),
    "synapse": (lambda: of_neurons(_cuba), FRAMEWORKS["spikingjelly"]),
    "silent": (lambda: {**of_neurons(_lif), "neurons_2": _integrator(5)}, FRAMEWORKS["snntorch"]),
    "maps": (of_maps, FRAMEWORKS["nir"]),
}


def _case(case: str, tmp_path, strength: float = 0.05):
    make, rules = CASES[case]
    path = written(tmp_path, _noisy(make(), strength))
    rng = np.random.default_rng(1)
    if case == "maps":
        images = rng.integers(0, 256, (400, 48), dtype=np.uint8)
        whole = imported_from(path, rules, encoder=Encoder.DIRECT, pixel=Fraction(1))
    else:
        images = packed(rng.random((400, TIMESTEPS, 30)) < 0.3)
        whole = imported_from(path, rules, timesteps=TIMESTEPS)
    return whole.calibrated(images), images


@pytest.mark.parametrize("case", CASES)
def test_it_begins_where_the_import_ended(case, tmp_path):
    """With the statistics of all images, the real-valued net spikes as the integers do."""
    import torch

    from trispike.golden.model import run_layer
    from trispike.sim.nir import tune
    from trispike.sim.training.neurons import Net
    from trispike.sim.training.presentation import presented

    whole, images = _case(case, tmp_path)
    reading, shape = whole.reading, tune._shape(whole)
    net = Net(shape, Recipe(timesteps=reading.timesteps, learnt_alpha=True))
    spikes = encode(whole.network.shape, images, reading.timesteps, 0)
    given = spikes
    for layer, stage, each in zip(net.layers, whole.stages, whole.layers, strict=True):
        tune._begin(layer, stage.weights, each, given)
        given = run_layer(each.layer, given).spikes
    net.eval()
    with torch.no_grad():
        _, hidden = net(presented(shape, torch.from_numpy(images), reading.timesteps))
    ours = run(whole.network, spikes)
    for real, integer in zip(hidden, ours.spikes, strict=False):
        real = real.transpose(0, 1).flatten(2).numpy() > 0
        assert 0.02 < integer.mean() < 0.98
        assert (real != integer).mean() < 0.02


@pytest.mark.parametrize("case", ["leaky", "silent"])
def test_it_learns(case, tmp_path, monkeypatch):
    """What quantised weights cost comes back: labels that the file's network gives."""
    from trispike.sim.nir import reference, tune

    quick = dataclasses.replace(tune._RECIPE, batch=20, first_rate=3e-3)
    monkeypatch.setattr(tune, "_RECIPE", quick)
    whole, images = _case(case, tmp_path, strength=0.3)
    reading = whole.reading
    spikes = encode(whole.network.shape, images, reading.timesteps, 0)
    seen = reference.run(whole.chain, reading.rules, spikes.astype(float), reading.timesteps)
    losses = []
    after = tune.tuned(
        whole,
        images,
        seen.labels,
        epochs=6,
        report=lambda epoch, loss, right: losses.append(loss),
    )
    before, drift = (each.drift(images, seen.labels) for each in (whole, after))
    assert losses[-1] < 0.8 * losses[0]
    assert before.reference_right == len(images)
    assert before.right + 0.05 * len(images) < drift.right == drift.agree
    assert not after.exact
