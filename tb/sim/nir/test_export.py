"""Our networks as NIR files: back byte for byte, and the same by NIR's equations."""

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest

from tb.kit.command import trispike_here
from tb.kit.extras import needs_framework, needs_nir
from tb.kit.networks import NO_MNIST, random_network_of
from tb.kit.nir_files import imported_from
from trispike.golden import run
from trispike.models.data import datasets, digits
from trispike.models.data.encoders import encode, packed
from trispike.models.data.samples import Part
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.layers import Bias, Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import CONTINUOUS, FIRST_SPIKE, LEAKY, Neuron
from trispike.models.network.order import Order
from trispike.models.network.origin import Made
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.models.network.volume import Volume
from trispike.sim.nir import exporting
from trispike.sim.nir.rules import rules

pytestmark = needs_nir

COMMITTED = ("fc256-digits", "diet256_256-mnist", "ct256_256-saccade", "dc12_64_512-mnist")


@pytest.mark.parametrize("name", COMMITTED)
def test_a_round_trip_gives_the_same_bytes(name, tmp_path):
    layer, data = name.split("-")
    ran = trispike_here("export", f"LAYER={layer}", f"DATA={data}", f"NIR={tmp_path}/{layer}.nir")
    assert ran.returncode == 0, ran.stderr
    ran = trispike_here("import", f"FROM={tmp_path}/{layer}.nir", f"OUTPUT={tmp_path}")
    assert "the same again" in ran.stdout, ran.stderr
    committed = weights.committed(layer, data)
    for suffix in (".npz", ".json"):
        assert (tmp_path / f"{layer}{suffix}").read_bytes() == committed.with_suffix(
            suffix
        ).read_bytes()


def test_an_order_of_inputs(tmp_path):
    """The file has the inputs of the data, each once; back here the order is as it was."""
    plain, _ = weights.load(weights.committed("fc256", "digits"))
    values = np.random.default_rng(0).permutation(784)
    order = Order(values=(*values.tolist(), *range(30)), lanes=4)
    first, last = plain.layers
    first = dataclasses.replace(first, weights=first.weights[list(order.values)])
    ordered = dataclasses.replace(plain, layers=(first, last), order=order)
    path = tmp_path / "ordered.nir"
    exporting.write(path, ordered, Card(shape=ordered.shape, origin=Made(how="for a test")))
    assert exporting._same(exporting.graph_of(plain), exporting.nir().read(path))
    network, card = exporting.restored(path)
    assert network.shape == card.shape == ordered.shape
    assert np.array_equal(network.layers[0].weights, ordered.layers[0].weights)


def test_a_changed_file_is_read_as_any_other(tmp_path):
    network, card = weights.load(weights.committed("fc256", "digits"))
    path = tmp_path / "changed.nir"
    exporting.write(path, network, card)
    assert exporting.restored(path)[0].name == "fc256"
    import nir

    graph = nir.read(path)
    graph.nodes["weights_1"].bias[3] += 1
    nir.write(path, graph)
    assert exporting.restored(path) is None


def test_the_seeds_network_by_the_files_equations(tmp_path):
    """Without what make export keeps for itself; spikes drawn, counted."""
    network, card = weights.load(weights.committed("fc256", "digits"))
    path = tmp_path / "fc256.nir"
    exporting.write(path, network, card)
    whole = imported_from(path, encoder=Encoder.RATE, timesteps=4)
    images, _, _ = digits.read(Part.TEST, None)
    drift = whole.drift(images[:100], None)
    assert whole.exact
    assert drift.first is None
    spikes = encode(network.shape, images[:100], 4, 0)
    ours, theirs = run(network, spikes), run(whole.network, spikes)
    assert all(itertools.starmap(np.array_equal, zip(ours.spikes, theirs.spikes, strict=True)))


NEURONS = {
    "continuous": CONTINUOUS,
    "leaky": LEAKY,
    "synapse": Neuron(carries=True, leak=(2,), synapse=(1,)),
}


def _usual(result) -> bool:
    """Potentials stay within 18 bits, which NIR does not know of, and there are spikes."""
    return not any(result.saturations) and all(0.02 < s.mean() < 0.9 for s in result.spikes)


@pytest.mark.parametrize("neuron", NEURONS.values(), ids=NEURONS)
def test_carrying_neurons_by_the_files_equations(neuron, tmp_path):
    """All but the rounding of leaks, and biases that a synapse would smooth."""
    layers = tuple(
        Dense(inputs=i, neurons=n, threshold=Threshold.EACH, bias=Bias.EACH, neuron=neuron)
        for i, n in ((30, 20), (20, 6))
    )
    given = np.random.default_rng(1).random((60, 9, 30)) < 0.3
    shape = NetworkShape.of("carrying", layers)
    networks = (random_network_of(shape, seed) for seed in itertools.count())
    network = next(each for each in networks if _usual(run(each, given)))
    path = tmp_path / "carrying.nir"
    exporting.write(path, network, Card(shape=network.shape, origin=Made(how="random")))
    told = rules("snntorch")
    whole = imported_from(path, told, timesteps=9)
    drift = whole.drift(packed(given), None)
    assert all(layer.differ <= 0.1 * layer.spikes for layer in drift.layers)
    assert exporting.restored(path)[0].layers[0].neuron == neuron
    wanted, found = run(network, given).spikes[0], run(whole.network, given).spikes[0]
    assert (wanted != found).sum() <= 0.1 * wanted.sum()


def test_a_threshold_that_is_reached(tmp_path):
    """A spike subtracts one more than a potential must be above: NIR's threshold is that."""
    network = random_network_of(NetworkShape.dense(name="reached", sizes=(30, 20)), 1)
    rng = np.random.default_rng(0)
    steps = rng.integers(20, 90, 20)
    layer = dataclasses.replace(
        network.layers[0],
        a=7,
        b=None,
        bias=rng.integers(-9, 9, 20),
        threshold=steps - 1,
        step=steps,
        neuron=CONTINUOUS,
    )
    network = dataclasses.replace(network, layers=(layer,))
    path = tmp_path / "reached.nir"
    exporting.write(path, network, Card(shape=network.shape, origin=Made(how="random")))
    whole = imported_from(path, rules("snntorch", compare=">="), timesteps=9)
    assert whole.exact
    given = rng.random((60, 9, 30)) < 0.4
    wanted = run(network, given).spikes[0]
    assert 0.05 < wanted.mean() < 0.9
    assert np.array_equal(run(whole.network, given).spikes[0], wanted)
    assert whole.drift(packed(given), None).first is None
    wrong = dataclasses.replace(layer, step=steps + 1)
    with pytest.raises(BadInput, match="subtract something else than their threshold"):
        exporting.graph_of(dataclasses.replace(network, layers=(wrong,)))


def test_convolutions_by_the_files_equations(tmp_path):
    maps = Maps(volume=Volume(channels=2, height=7, width=6), kernel=(3, 2), padding=1, pool=2)
    first = Convolution(
        maps=maps, channels=5, threshold=Threshold.EACH, bias=Bias.TERNARY, pixels=True
    )
    last = Convolution(
        maps=Maps.whole(first.output), channels=4, threshold=Threshold.NONE, bias=Bias.EACH
    )
    from trispike.models.network.shape import ReadOut

    shape = NetworkShape.of("maps", (first, last), ReadOut.POTENTIAL, Encoder.DIRECT)
    network = random_network_of(shape, 5)
    path = tmp_path / "maps.nir"
    exporting.write(path, network, Card(shape=network.shape, origin=Made(how="random")))
    whole = imported_from(path, encoder=Encoder.DIRECT, pixel=Fraction(1))
    images = np.random.default_rng(0).integers(0, 256, (200, 84), dtype=np.uint8)
    assert whole.exact
    assert whole.drift(images, None).first is None
    spikes = encode(network.shape, images, 1, 0)
    assert np.array_equal(run(network, spikes).labels, run(whole.network, spikes).labels)


def test_what_nir_has_no_node_for(tmp_path):
    layer = Dense(inputs=3, neurons=2, bias=Bias.EACH, neuron=FIRST_SPIKE)
    network = random_network_of(NetworkShape.of("first", (layer,)), 0)
    with pytest.raises(BadInput, match="layer 1 of first: NIR has no neurons of first"):
        exporting.graph_of(network)


@needs_framework["snntorch"]
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("layer", "data", "reset", "agree"),
    [
        pytest.param("fc256", "digits", "zero", 1.0, id="fc256"),
        pytest.param(
            *("diet256_256", "mnist", "subtract", 0.99),
            id="diet256_256",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_snntorch_runs_what_is_exported(layer, data, reset, agree, tmp_path):
    """The same labels but for leaks, which the file's potentials do not round.

    Its reader takes every file for one of a reset to zero.
    """
    import nir
    import torch
    from snntorch.import_nir import import_from_nir

    folder = datasets.find_folder(name=data)
    if data == "mnist" and folder is None:
        pytest.skip(NO_MNIST)
    network, card = weights.load(weights.committed(layer, data))
    path = tmp_path / f"{layer}.nir"
    exporting.write(path, network, card)
    net = import_from_nir(nir.read(path))
    for module in net.modules():
        if hasattr(module, "reset_mechanism"):
            module.reset_mechanism, module.reset_delay = reset, True
    spikes = encode(network.shape, datasets.load_test(data, folder)[0][:1000], 5, 0)
    scores, state = 0, None
    with torch.no_grad():
        for values in torch.tensor(spikes).float().unbind(1):
            outputs, state = net(values, state)
            scores = scores + outputs
    labels = scores.numpy().argmax(axis=1)
    assert (labels == run(network, spikes).labels).mean() >= agree
