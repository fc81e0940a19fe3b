"""Energy of each layer with weights of some width, by TW-SNN's equations 14 to 17.

In a core of N neurons an input spike costs E_logic + E_memory (eq. 14). E_logic is N times a
neuron's leakage and what the spike switches (eq. 15), E_memory what it costs to read its weights of
W bits each (eq. 16). Nothing read is used twice (eq. 17): a spike that reaches n neurons passes
through n / N cores.

What the paper does not print, and is assumed:

- A spike reads N weights in a core, one for each neuron; eq. 16 has W bits, which are one neuron's.
- Switching is an addition for each neuron and a step of the encoder. A sum has 10 bits more than
  what is added to it, as TW-SNN's 18 bits have than its constants of 8, which ternary weights add.
- A bit is read from words of 128, of a bank that has a row for each input of a neuron.
- Logic does not leak: there is no figure for 65 nm.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from trispike.golden import run
from trispike.golden.layers.convolution import windows
from trispike.models.data.encoders import encode
from trispike.models.network.layers import BankShape, Layer, power_of_two
from trispike.models.network.numbers import (
    BANK_BITS,
    BANK_NEURONS,
    CONSTANT_BITS,
    POTENTIAL_BITS,
    WEIGHT_BITS,
)
from trispike.models.network.parameters import Network
from trispike.sim.cosim.decision import share
from trispike.sim.cost.events import addition, sram_read

CORE_NEURONS = 256
"""N, of TW-SNN sec. 5.2.3."""

WIDTHS = (WEIGHT_BITS, 8, 32)
"""Bits of a weight: ours, and those of the networks that TW-SNN compares its own with."""

_VALUES_AT_ONCE = 1 << 22
"""Potentials of a layer that are computed at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Activity:
    """What a layer had to do, means over images.

    layer: As the network's name has it.
    inputs: Of a neuron.
    spikes: Input spikes in each timestep; of pixels, those that are not 0.
    reached: Neurons that they reached in each timestep.
    """

    layer: str
    inputs: int
    spikes: tuple[float, ...]
    reached: tuple[float, ...]

    def logic_nj(self, bits: int) -> float:
        """What spikes switch, with weights of ``bits``: nJ of a prediction."""
        return self._passes * logic(bits) / 1000

    def memory_nj(self, bits: int) -> float:
        """What reading weights of ``bits`` takes: nJ of a prediction."""
        return self._passes * memory(self.inputs, bits) / 1000

    def nj(self, bits: int) -> float:
        """Both."""
        return self.logic_nj(bits) + self.memory_nj(bits)

    @property
    def _passes(self) -> float:
        return sum(self.reached) / CORE_NEURONS


def logic(bits: int) -> float:
    """Energy in pJ of what a spike switches in a core, with weights of ``bits``."""
    added = max(bits, CONSTANT_BITS)
    return CORE_NEURONS * addition(added + POTENTIAL_BITS - CONSTANT_BITS) + addition(32)


def memory(inputs: int, bits: int) -> float:
    """Energy in pJ of the weights of ``bits`` that a spike reads in a core.

    ``inputs`` are those of a neuron.
    """
    rows = max(2, power_of_two(inputs))
    bank = BankShape(rows=rows, width=BANK_BITS, neurons=BANK_NEURONS)
    return CORE_NEURONS * bits * sram_read(bank) / bank.width


def reach(layer: Layer) -> np.ndarray:
    """Neurons that a spike of each input of ``layer`` reaches: int64, shape (inputs,)."""
    size = layer.volume.size
    if layer.maps is None:
        return np.full(size, layer.neurons)
    seen = windows(layer.maps, np.arange(1, size + 1)[np.newaxis])  # 0 is the padding
    return np.bincount(seen.ravel(), minlength=size + 1)[1:] * layer.neurons


def activities(
    network: Network, images: np.ndarray, labels: np.ndarray | None, timesteps: int
) -> tuple[tuple[Activity, ...], float | None]:
    """What each layer had to do on ``images``, by the golden model, and the accuracy.

    Input spikes are those of seed 0. Without ``labels`` the accuracy is None.
    """
    layers = network.shape.layers
    reached = [reach(layer) for layer in layers]
    counts = [np.zeros((timesteps, layer.volume.size), np.int64) for layer in layers]
    got = []
    for at in _batches(network, len(images), timesteps):
        spikes = encode(network.shape, images[at], timesteps, 0, at.start)
        result = run(network, spikes, keep_potentials=False)
        for count, given in zip(counts, (spikes, *result.spikes), strict=False):
            count += np.count_nonzero(given, axis=0)
        got.append(result.labels)
    done = tuple(
        Activity(
            layer=str(layer),
            inputs=layer.inputs,
            spikes=tuple((count.sum(axis=1) / len(images)).tolist()),
            reached=tuple((count @ each / len(images)).tolist()),
        )
        for layer, count, each in zip(layers, counts, reached, strict=True)
    )
    return done, share(np.concatenate(got), labels)


def _batches(network: Network, images: int, timesteps: int) -> Iterator[slice]:
    most = max(layer.neurons * layer.firings for layer in network.shape.layers)
    size = max(1, _VALUES_AT_ONCE // (timesteps * most))
    return (slice(at, min(at + size, images)) for at in range(0, images, size))
