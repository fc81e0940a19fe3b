"""Neurons of every kind of node, as integers and by the file's own equations."""

import json

import numpy as np
import pytest

from tb.kit.command import refused, trispike_here
from tb.kit.extras import needs_nir
from tb.kit.nir_files import imported_from, of_maps, of_neurons, written
from trispike.golden import run
from trispike.models.data.encoders import encode, packed
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.shape import Encoder, ReadOut
from trispike.sim.nir import reference
from trispike.sim.nir.rules import FRAMEWORKS, rules
from trispike.sim.nir.ternary import ternary

pytestmark = needs_nir

TIMESTEPS = 12


def _if(n):
    import nir

    return nir.IF(np.full(n, 1e4), np.full(n, 2.5), np.zeros(n))


def _lif(n):
    import nir

    one = np.ones(n)
    return nir.LIF(4e-4 * one, 4 * one, 0 * one, 2.5 * one, 0 * one)  # 3/4 are left


def _cuba(n):
    import nir

    one = np.ones(n)
    return nir.CubaLIF(2e-4 * one, 4e-4 * one, 4 * one, 0 * one, 2.5 * one, 0 * one, 2 * one)


def _threshold(n):
    import nir

    return nir.Threshold(np.linspace(-1, 3, n))


def _drift(whole, inputs: int = 30, count: int = 200, seed: int = 0):
    spikes = np.random.default_rng(seed).random((count, TIMESTEPS, inputs)) < 0.3
    return whole.drift(packed(spikes), None)


EXACT = {
    "threshold": (_threshold, rules("nir")),
    "threshold-reached": (_threshold, rules("nir", compare=">=")),
    "if-zero": (_if, rules("nir")),
    "if-subtract": (_if, rules("nir", reset="subtract")),
    "if-reached": (_if, rules("nir", reset="subtract", compare=">=")),
}


@pytest.mark.parametrize("case", EXACT)
def test_exact_neurons(case, tmp_path):
    """Magnitudes of each neuron, biases and thresholds become integers that do the same."""
    make, told = EXACT[case]
    whole = imported_from(written(tmp_path, of_neurons(make)), told, timesteps=TIMESTEPS)
    assert whole.exact, [each.findings for each in whole.layers]
    drift = _drift(whole)
    assert drift.first is None
    assert all(0 < layer.spikes < 200 * TIMESTEPS * 20 for layer in drift.layers)
    assert drift.agree == 200


@pytest.mark.parametrize("reset", list(Reset))
@pytest.mark.parametrize("order", list(Order))
def test_leaks_are_off_by_their_rounding_only(reset, order, tmp_path):
    """A leak of 1/4 is one shift; what it drops makes few spikes differ, and is told."""
    told = rules("nir", reset=reset.value, order=order.value.replace(" ", "-"))
    path = written(tmp_path, of_neurons(_lif))
    whole = imported_from(path, told, timesteps=TIMESTEPS)
    assert not whole.exact
    neuron = whole.network.layers[0].neuron
    assert (neuron.leak, neuron.reset) == ((2,), reset)
    assert neuron.order is (order if reset is Reset.SUBTRACT else Order.LEAK_FIRST)
    drift = _drift(whole)
    assert drift.layers[0].differ <= 0.002 * drift.layers[0].spikes
    assert drift.layers[1].differ < 10
    other = rules("nir", reset="zero" if reset is Reset.SUBTRACT else "subtract")
    wrong = imported_from(path, other, timesteps=TIMESTEPS)
    wrong = _drift(type(whole)(**{**vars(whole), "network": wrong.network}))
    assert wrong.layers[0].differ > 50 * drift.layers[0].differ


def test_synapses(tmp_path):
    whole = imported_from(
        written(tmp_path, of_neurons(_cuba)), rules("spikingjelly"), timesteps=TIMESTEPS
    )
    assert whole.network.layers[0].neuron.synapse == (1,)
    findings = {one.what: one for one in whole.layers[0].findings}
    assert not findings["biases"].exact
    drift = _drift(whole)
    assert drift.layers[0].differ < 0.1 * drift.layers[0].spikes


def test_potential_above_v_reset(tmp_path):
    """A reset to something else, and a leak to something else, move threshold and bias."""
    import nir

    def leaky(n):
        one = np.ones(n)
        return nir.LIF(4e-4 * one, 4 * one, one, 2.5 * one, 0.5 * one)

    whole = imported_from(written(tmp_path, of_neurons(leaky)), timesteps=TIMESTEPS)
    first, *_, last = _drift(whole).layers[0].by_timestep  # it begins at v_reset, the file at 0
    assert last < 0.3 * first
    assert last < 0.03 * 200 * 20


def test_pools_fold_into_kernels(tmp_path):
    """The mean of spikes, and a scale, in the next layer's weights; the OR where one spikes."""
    import nir

    nodes = of_maps()
    mean = {
        "input": nodes["input"],
        "scale": nir.Scale(np.array([0.5])),
        "conv": nodes["conv"],
        "spike": nodes["spike"],
        "pool": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "flatten": nodes["flatten"],
        "read_out": nodes["read_out"],
        "output": nodes["output"],
    }
    images = np.random.default_rng(0).integers(0, 256, (300, 48), dtype=np.uint8)
    for name, each in {"or": nodes, "mean": mean}.items():
        path = written(tmp_path, each, name=name)
        whole = imported_from(path, encoder=Encoder.DIRECT)
        assert whole.exact
        drift = whole.drift(images, None)
        assert drift.first is None
        assert 0 < drift.layers[0].spikes
        assert drift.agree == 300
        inputs = encode(whole.network.shape, images, 1, 0)
        seen = reference.run(whole.chain, whole.reading.rules, inputs, 1).scores
        ours = run(whole.network, inputs).scores
        unit = whole.layers[1].weights.alpha[0] / whole.network.layers[1].a
        assert seen == pytest.approx(ours * unit)
        assert len(np.unique(ours)) > 10
    assert len(whole.network.layers[1].weights) == 72


def test_weights_that_are_not_ternary(tmp_path):
    """Quantised as told, and thresholds by which neurons spike as often as before."""
    rng = np.random.default_rng(2)
    nodes = of_neurons(_lif)
    for k in (1, 2):
        weights = nodes[f"weights_{k}"].weight
        nodes[f"weights_{k}"].weight = weights + rng.normal(0, 0.15, weights.shape)
    whole = imported_from(written(tmp_path, nodes), FRAMEWORKS["snntorch"], timesteps=TIMESTEPS)
    before = _drift(whole)
    spikes = packed(np.random.default_rng(5).random((200, TIMESTEPS, 30)) < 0.3)
    searched = whole.calibrated(spikes)
    after = _drift(searched)
    wanted, got = after.layers[0].spikes, _spikes(searched)
    assert abs(got - wanted) < 0.05 * wanted < abs(_spikes(whole) - wanted) + 0.05 * wanted
    assert after.layers[0].differ < before.layers[0].differ
    assert after.first is not None
    texts = {one.what: one.text for one in searched.layers[0].findings}
    assert texts["weights"].startswith("quantised (TWN)")
    assert texts["thresholds"].startswith("searched")


def _spikes(whole) -> int:
    given = np.random.default_rng(0).random((200, TIMESTEPS, 30)) < 0.3
    return int(run(whole.network, given).spikes[0].sum())


@pytest.mark.parametrize(
    ("stem", "name"), [("my-net.v2", "my_net_v2"), ("2024", "mine"), ("_x", "x")]
)
def test_a_files_name_as_a_networks(stem, name, tmp_path):
    path = written(tmp_path, of_neurons(_threshold), name=stem)
    ran = trispike_here("import", f"FROM={path}", "T=3", "ENCODER=given", f"OUTPUT={tmp_path}")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / f"{name}.npz").exists()
    assert "not compared on inputs" in ran.stdout


def test_own_inputs(tmp_path):
    """Spikes without labels: their timesteps, what differs, and no accuracy."""
    spikes = np.random.default_rng(0).random((50, TIMESTEPS, 30)) < 0.3
    np.savez(tmp_path / "mine.npz", spikes=spikes)
    path = written(tmp_path, of_neurons(_lif))
    options = f"INPUT={tmp_path}/mine.npz", f"OUTPUT={tmp_path}", f"JSON={tmp_path}/drift.json"
    ran = trispike_here("import", f"FROM={path}", *options)
    assert ran.returncode == 0, ran.stderr
    assert "labels that agree" in ran.stdout
    assert "accuracy" not in ran.stdout
    record = json.loads((tmp_path / "drift.json").read_text())
    assert record["drift"]["images"] == 50
    assert record["drift"]["timesteps"] == TIMESTEPS
    assert record["drift"]["right"] is None
    assert [each["layer"] for each in record["layers"]] == [1, 2]
    ran = trispike_here("import", f"FROM={path}", *options[:2], "TUNE=2")
    assert "TUNE needs labels" in refused(ran)
    ran = trispike_here("import", f"FROM={path}", *options[:2], "T=3")
    assert f"T must be {TIMESTEPS} on mine, not 3" in refused(ran)
    ran = trispike_here("import", f"FROM={path}", *options[:2], "DATA=digits")
    assert "DATA= and INPUT= both name data" in refused(ran)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("RULES=brian", "RULES must be one of nir, snntorch, norse, sinabs, spikingjelly, not"),
        ("RESET=never", "RESET must be one of subtract, zero, not"),
        ("ORDER=both", "ORDER must be one of leak-first, reset-first, not"),
        ("COMPARE=<", "COMPARE must be one of >, >=, not"),
        ("DECAY=linear", "DECAY must be one of euler, exponential, not"),
        ("GAIN=2", "GAIN must be one of nir, full, not"),
        ("DT=0", "DT must be above 0, not 0"),
        ("PIXELS=8", "PIXELS must be raw or unit, not '8'"),
        ("ENCODER=bits", "ENCODER must be one of direct, rate, latency, given, not 'bits'"),
        ("SHIFTS=0", "SHIFTS must be 1 or more, not 0"),
        ("NAME=a-b", "network name must be up to 64 letters, digits and underscores"),
        ("TUNE=1", "TUNE needs labelled images: name them by DATA= or INPUT="),
    ],
)
def test_options_that_cannot_be(option, message, tmp_path):
    path = written(tmp_path, of_neurons(_lif))
    ran = trispike_here("import", f"FROM={path}", f"OUTPUT={tmp_path}/out", "T=3", option)
    assert message in refused(ran)
    assert not list((tmp_path / "out").glob("*"))


def test_integrators(tmp_path):
    """Outputs that add up, and outputs that leak: the largest sum is the label."""
    import nir

    for make in (
        lambda n: nir.I(np.full(n, 1e4)),
        lambda n: nir.LI(np.full(n, 2e-4), np.full(n, 2.0), np.zeros(n)),
    ):
        nodes = of_neurons(_threshold, scale=0.25)
        nodes["neurons_2"] = make(5)
        whole = imported_from(written(tmp_path, nodes), timesteps=TIMESTEPS)
        assert whole.network.read_out is ReadOut.POTENTIAL
        drift = _drift(whole)
        assert drift.first is None
        assert drift.agree >= 198  # a leak is rounded down


def test_ternary_weights_by_hand():
    weights = np.array([[0.5, 0.9], [-0.5, -0.1], [0.0, -1.0]])
    found = ternary(weights, together=False)
    assert found.codes.tolist() == [[1, 1], [-1, 0], [0, -1]]
    assert found.alpha == pytest.approx([0.5, 0.95])
    assert found.error == pytest.approx(np.sqrt((0.05**2 * 2 + 0.1**2) / (0.5 + 1.82)))
    assert ternary(weights[:, :1], together=False).error == 0
    both = ternary(weights, together=True)
    assert both.alpha[0] == both.alpha[1]
