"""Networks that snnTorch trains on MNIST, imported: what they lose on the way to integers."""

import itertools
from fractions import Fraction

import pytest

from tb.kit.extras import needs_framework, needs_nir
from tb.kit.nir_files import imported_from
from trispike.models.data import datasets
from trispike.models.network.shape import Encoder
from trispike.sim.nir.report import rules_text
from trispike.sim.nir.rules import rules

pytestmark = [needs_framework["snntorch"], needs_nir, pytest.mark.thorough]

SIZES, TIMESTEPS, EPOCHS = (784, 100, 10), 10, 2
IMAGES, TEST_IMAGES = 20_000, 2_000
TUNED = 5


def _cell(n: int, beta: float, reset: str):
    import snntorch
    import torch

    ones = torch.ones(n)
    grad = snntorch.surrogate.fast_sigmoid(slope=25)
    return snntorch.Leaky(
        beta=beta * ones, threshold=ones, reset_mechanism=reset, spike_grad=grad, init_hidden=True
    )


def _network(beta: float, reset: str):
    import torch

    inputs, hidden, outputs = SIZES
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden),
        _cell(hidden, beta, reset),
        torch.nn.Linear(hidden, outputs),
        _cell(outputs, beta, reset),
    )


def _spikes(net, images):
    """Spikes of the outputs: (timesteps, n, outputs)."""
    import torch

    for module in (net[1], net[3]):
        module.reset_mem()
    return torch.stack([net(images) for _ in range(TIMESTEPS)])


def _trained(beta: float, reset: str, data: datasets.Dataset):
    """A network of Leaky neurons, trained by the cross entropy of spike counts."""
    import torch

    torch.manual_seed(1)
    net = _network(beta, reset)
    images = torch.tensor(data.fit_images[:IMAGES] / 255, dtype=torch.float32)
    labels = torch.tensor(data.fit_labels[:IMAGES]).long()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(IMAGES).split(100):
            counts = _spikes(net, images[batch]).sum(0)
            loss = torch.nn.functional.cross_entropy(counts, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


def _nearest(taken: float) -> float:
    """How far a sum of three powers of two, or fewer, is from ``taken``."""
    powers = [0, *(2.0**-k for k in range(1, 18))]
    return min(abs(sum(some) - taken) for some in itertools.product(powers, repeat=3))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("reset", "beta"),
    [("subtract", 0.5), ("subtract", 0.9), ("zero", 0.9), ("zero", 0.99)],
)
def test_mnist(reset, beta, tmp_path):
    import nir
    import torch
    from snntorch.export_nir import export_to_nir

    from trispike.sim.nir.tune import tuned

    folder = datasets.find_folder(name="mnist")
    if folder is None:
        pytest.skip("MNIST is not part of the repository: set TRISPIKE_DATA")
    data = datasets.load("mnist", folder)
    images, labels = data.test_images[:TEST_IMAGES], data.test_labels[:TEST_IMAGES]
    net = _trained(beta, reset, data)
    with torch.no_grad():
        spikes = _spikes(net, torch.tensor(images / 255, dtype=torch.float32))
    counts = spikes.sum(0).numpy()
    for module in (net[1], net[3]):
        module.reset_mem()
    path = tmp_path / "mnist.nir"
    nir.write(path, export_to_nir(net, torch.zeros(SIZES[0])))

    told = rules("snntorch", reset=reset)
    whole = imported_from(
        path, told, encoder=Encoder.DIRECT, pixel=Fraction(1, 255), timesteps=TIMESTEPS
    )
    assert (whole.seen(images).labels == counts.argmax(1)).mean() >= 0.99

    findings = {one.what: one for one in whole.layers[0].findings}
    assert findings["leak"].error == pytest.approx(_nearest(1 - beta), abs=1e-6)
    assert ("by subtraction" in rules_text(told)) == (reset == "subtract")

    searched = whole.calibrated(data.fit_images)
    after = tuned(searched, data.fit_images[:IMAGES], data.fit_labels[:IMAGES], epochs=TUNED)
    original = (counts.argmax(1) == labels).mean()
    words = [f"{reset}, beta {beta}: snnTorch {original:.2%}"]
    for name, each in (("searched", searched), (f"TUNE={TUNED}", after)):
        drift = each.drift(images, labels)
        right, agree = drift.right / TEST_IMAGES, drift.agree / TEST_IMAGES
        words.append(f"{name} {right:.2%}, labels that agree {agree:.2%}")
    print("; ".join(words))
    assert right >= original - 0.015
