"""snnTorch with the same network: what one would pick instead. Only this module imports it.

A layer is a `torch.nn.Linear` of ``a * weights`` and ``b * bias`` and a `snntorch.Leaky` with a
decay of 0 and no reset, which starts each timestep from its input alone and fires iff that is
strictly above the threshold. All numbers are integers below 2**24, so that float32 is exact.
"""

import contextlib
import time
from collections.abc import Iterator

import numpy as np
import snntorch
import torch

from trispike.models.network.parameters import LayerParameters, Network
from trispike.sim.bench.sample import Sample
from trispike.sim.bench.work import Work

BATCH = 128
"""Images of a batch, as in snnTorch's own tutorials."""


class SnnTorch:
    """The same spikes by snnTorch on the CPU: batches, one timestep after the other, one thread."""

    what = "snnTorch"
    once = False

    def __init__(self, work: Work):
        self._work, self._layers = work, layers(work.network)

    def measure(self) -> dict[str, Sample]:
        """One run."""
        with _one_thread():
            begun = time.perf_counter()
            counts = np.concatenate(
                [
                    output_counts(self._layers, self._work.spikes[first : first + BATCH])
                    for first in range(0, self._work.images, BATCH)
                ]
            )
            labels = counts.argmax(axis=1)
            seconds = time.perf_counter() - begun
        self._work.check_counts("snnTorch", counts)
        self._work.check_labels("snnTorch", labels)
        return {"snntorch": Sample(images=len(labels), cycles=None, seconds=seconds)}


def layers(network: Network) -> list[tuple[torch.nn.Linear, snntorch.Leaky]]:
    """``network`` in snnTorch's terms."""
    return [_layer(layer) for layer in network.layers]


def _layer(layer: LayerParameters) -> tuple[torch.nn.Linear, snntorch.Leaky]:
    linear = torch.nn.Linear(layer.shape.inputs, layer.shape.neurons)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(layer.a * layer.weights.T.astype(np.float32)))
        linear.bias.copy_(torch.tensor(layer.b * layer.bias.astype(np.float32)))
    neuron = snntorch.Leaky(beta=0.0, threshold=float(layer.threshold), reset_mechanism="none")
    return linear, neuron


@torch.no_grad()
def output_counts(
    network: list[tuple[torch.nn.Linear, snntorch.Leaky]], spikes: np.ndarray
) -> np.ndarray:
    """Output spikes over all timesteps, shape (images, outputs).

    ``network`` is from `layers`; ``spikes`` are the input's, bool (images, timesteps, inputs).
    """
    inputs = torch.from_numpy(spikes).transpose(0, 1).to(torch.float32)
    membranes = [neuron.reset_mem() for _, neuron in network]
    counts = 0
    for here in inputs:
        for k, (linear, neuron) in enumerate(network):
            here, membranes[k] = neuron(linear(here), membranes[k])
        counts = counts + here
    return counts.to(torch.int64).numpy()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
