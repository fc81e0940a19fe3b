"""`make order`: what it prints and writes, what others make of it, and what it refuses."""

import json

import numpy as np
import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.networks import random_network, save
from trispike import golden
from trispike.models.data import digits, encoders
from trispike.models.data.encoders import encode
from trispike.models.data.samples import Part
from trispike.models.network import weights
from trispike.models.network.card import digest
from trispike.sim.cosim import cycles
from trispike.sim.order import command


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "build_folder", lambda: tmp_path / "build")
    return tmp_path


def _order(house, *options):
    """The figures that the command gives, and what it says."""
    path = house / "figures.json"
    done = trispike_here("order", "IMAGES=200", "T=1", *options, f"JSON={path}")
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text()), done.stdout


def _cycles(network, images, lanes):
    spikes = encode(network.shape, images, 1, 0)
    result = golden.run(network, spikes)
    shape = network.shape.with_lanes(lanes)
    spiking = cycles.spiking_cycles(shape, (spikes, *result.spikes[:-1]))
    return result, np.diff(cycles.schedule(shape, spiking, 1).result).mean()


def test_command(house):
    """The file does the same in fewer cycles, on images that the order was not chosen by."""
    figures, said = _order(house, "LANES=8")
    assert "equal on 287 held-out images of digits, T = 1: every label" in said
    assert "fc256_ordered.npz (1024-256-10, +240 inputs, the same memory)" in said
    plain, card = weights.load(weights.committed("fc256", "digits"))
    ordered, own = weights.load(house / "build" / "weights" / "fc256_ordered.npz")
    assert len(ordered.order.twins) == 240
    assert ordered.order.lanes == 8
    assert own.origin == card.origin
    assert own.measured.accuracy == card.measured.accuracy
    images, _, _ = digits.read(Part.TEST, None)
    (one, before), (other, after) = (_cycles(each, images, 8) for each in (plain, ordered))
    assert np.array_equal(one.labels, other.labels)
    assert np.array_equal(one.potentials[-1], other.potentials[-1])
    assert after < 0.9 * before
    assert figures["before"] == pytest.approx(before, rel=0.1)
    assert figures["after"] == pytest.approx(after, rel=0.1)
    assert figures["even"] <= figures["after"] < figures["before"]
    for layer in figures["layers"]:
        assert layer["even"] <= layer["after"] < layer["before"]


def test_the_same_hardware(house):
    """Without second inputs; the same seed gives the same file; lanes of each layer."""
    both = []
    for name in ("one", "other"):
        output = house / f"{name}.npz"
        _, said = _order(house, "LANES=1,4", "COPIES=0", f"OUTPUT={output}")
        assert "(784-256-10, the same hardware)" in said
        both.append(output.read_bytes())
    assert both[0] == both[1]
    plain, _ = weights.load(weights.committed("fc256", "digits"))
    ordered, _ = weights.load(output)
    assert ordered.order is None  # one lane
    assert ordered.shape == plain.shape
    assert digest(ordered) != digest(plain)


def test_own_spikes(house):
    """INPUT= names spikes to choose by; two inputs of a value are dealt out in them, too."""
    rng = np.random.default_rng(0)
    spikes = rng.random((60, 3, 30)) < 0.4
    np.savez(house / "mine.npz", spikes=spikes)
    (house / "weights").mkdir()
    given = encoders.Encoder.GIVEN
    network = random_network((30, 24, 3), 0)
    network = type(network)(name="mine", layers=network.layers, encoder=given)
    path = save(network, house / "weights")
    options = (f"WEIGHTS={path}", f"INPUT={house / 'mine.npz'}", "LANES=4", "COPIES=9")
    done = trispike_here("order", *options, f"OUTPUT={house / 'ordered.npz'}")
    assert "equal on 12 held-out images of mine, T = 3" in done.stdout, done.stderr
    ordered, _ = weights.load(house / "ordered.npz")
    packed = encoders.packed(spikes)
    both = (golden.run(each, encode(each.shape, packed, 3, 0)) for each in (network, ordered))
    assert len({each.scores.tobytes() for each in both}) == 1
    few = house / "few.npz"
    np.savez(few, spikes=spikes[:4])
    message = refused_here("order", f"WEIGHTS={path}", f"INPUT={few}", "LANES=4")
    assert "there must be 5 images or more, of which one is held out, not 4" in message
    assert "(39-24-3, +9 inputs, +2,048 bits of memory)" in done.stdout


def _most_active_together(counts, lanes, rng):
    return np.argsort(-counts.diagonal()).reshape(lanes, -1).T.ravel()


def _as_it_is(counts, lanes, rng):
    return np.arange(len(counts))


@pytest.mark.parametrize("dealt", [_most_active_together, _as_it_is])
def test_nothing_helps(dealt, house, monkeypatch):
    """Then nothing is written."""
    monkeypatch.setattr(command, "deal", dealt)
    _, said = _order(house, "LANES=8", "COPIES=0")
    assert "no order helps: nothing is written" in said
    assert not list((house / "build").rglob("*.npz"))


def test_a_difference_is_told(house, monkeypatch):
    """Should inputs lose their spikes, that is a failed comparison, and nothing is written."""
    monkeypatch.setattr(encoders, "_ordered", lambda order, values: values & False)
    done = trispike_here("order", "IMAGES=50", "T=1", "LANES=8", "COPIES=0")
    assert done.returncode == 1
    assert "first divergence: spikes of layer 1 differ" in done.stderr
    assert not list((house / "build").rglob("*.npz"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "there must be several lanes to deal inputs out to: say LANES=2, 4 or 8"),
        (("LANES=3",), "lanes must be one of 1, 2, 4, 8, not 3"),
        (("LANES=2", "IMAGES=1152"), "IMAGES must be at most 1151, as the rest is held out"),
        (
            ("LANES=2", "COPIES=785"),
            " for fc256: each of its 784 inputs once, and a * inputs below 2**17; not 785",
        ),
        (
            ("LANES=2", "COPIES=-1"),
            " for fc256: each of its 784 inputs once, and a * inputs below 2**17; not -1",
        ),
        (("LANES=1,2", "COPIES=5"), "COPIES= is for a layer 1 of several lanes, not of one"),
        (("LANES=2", "OUTPUT=x.txt"), "must end with .npz"),
        (
            ("LANES=2", "LAYER=dc12_64_512", "DATA=mnist"),
            "dc12_64_512 has convolutions: make order is for dense layers only",
        ),
    ],
)
def test_refusals(options, message, house):
    """Bad input is one line, status 2."""
    assert message in refused_here("order", *options)
