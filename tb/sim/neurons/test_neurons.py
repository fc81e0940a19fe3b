"""What neurons cost: the chip that is mapped, the rows, the jitter, refusals."""

import numpy as np
import pytest

from tb.kit.command import refused_here
from trispike import golden
from trispike.models.data import latency
from trispike.models.network.neuron import FIRST_SPIKE
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.presets import PRESETS
from trispike.models.network.shape import Encoder, ReadOut
from trispike.sim.neurons import jitter, tables
from trispike.sim.neurons.command import SIZES, resized
from trispike.sim.neurons.record import COSTS, NEURONS, Cost


@pytest.mark.parametrize("named", NEURONS, ids=lambda named: named.network)
def test_resized(named):
    """Other sizes, and everything else as in the trained network."""
    shape = PRESETS[named.network]
    made = resized(shape, SIZES)
    assert made.sizes == SIZES
    assert made.read_out is shape.read_out
    assert [layer.pixels for layer in made.layers] == [shape.layers[0].pixels, False, False]
    assert [layer.neuron for layer in made.layers] == [
        shape.layers[0].neuron,
        shape.layers[-2].neuron,
        shape.layers[-1].neuron,
    ]
    assert made.layers[-1].threshold is shape.layers[-1].threshold


def _cost(**fields):
    usual = {
        "neuron": "leaky",
        "paper": "Rathi 2021",
        "element": 588.4,
        "chip": 467_293.0,
        "fmax": 62.5,
        "library": "cells",
        "network": "diet256_256",
        "sizes": (784, 256, 256, 10),
        "data": "mnist",
        "timesteps": 2,
        "images": 20,
        "cycles": 289.2,
        "energy": 130.9,
        "accuracy": 0.95,
        "all_accuracy": 0.9903,
    }
    return Cost(**(usual | fields))


def test_rows():
    """In the order of the papers; the card's accuracy, or else that of the images."""
    first = _cost(neuron="from zero", paper="TW-SNN", all_accuracy=None)
    costs = COSTS.renewed(COSTS.renewed([], _cost()), first)
    text = tables.markdown(costs)
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows[0].startswith("| from zero (TW-SNN) | 588 | 467,293 | 62.5 |")
    assert rows[0].endswith("| 95.00% of 20 |")
    assert rows[1].endswith("| 2 | 289.2 | 130.9 | 99.03% |")


def _first_spikes():
    """Each output copies one input."""
    layer = LayerParameters(
        weights=np.eye(3, dtype=np.int8),
        bias=np.zeros(3, dtype=np.int32),
        a=10,
        b=None,
        threshold=5,
        neuron=FIRST_SPIKE,
    )
    return Network(name="copies", layers=(layer,), read_out=ReadOut.FIRST, encoder=Encoder.LATENCY)


def test_jitter():
    """Against spike times that are counted here, image by image."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (40, 3), dtype=np.uint8)
    labels = images.argmax(axis=1)
    got = jitter.measure(_first_spikes(), "made up", images, labels, 16, 30)
    plain = latency.encode(images, 16)
    moved = latency.encode_jittered(images, 16, percent=30, seed=0)
    before, after = (spikes.any(axis=2).argmax(axis=1) + 1 for spikes in (plain, moved))
    assert got.output == pytest.approx(100 * np.mean(np.abs(after - before) / before))
    assert got.decision == pytest.approx(after.mean())
    assert got.moved == pytest.approx((plain & ~moved).sum() / plain.sum())
    result = golden.run(_first_spikes(), moved)
    assert got.accuracy == np.mean(result.labels == labels)
    assert got.spikes == pytest.approx((moved.sum() + result.spikes[0].sum()) / 40)
    assert 0 < got.moved < 1
    assert got.output > 0


def test_refused():
    assert refused_here("neurons", "--neuron", "nonsense") == (
        "error: NEURON must be one of from zero, continuous, leaky, weighted spikes, first spike, "
        "not 'nonsense'"
    )
    assert refused_here("neurons", "--jitter", "--neuron", "leaky") == (
        "error: NEURON has no meaning with JITTER=1: leave one out"
    )
