"""What neurons do from one timestep to the next (`models.network.neuron.Neuron` has the equations).

Integers only, each step of an image after the other, nothing of how the hardware does it.
"""

import dataclasses

import numpy as np

from trispike.models.network.neuron import Neuron, Order, Reset
from trispike.models.network.numbers import POTENTIAL_MAX, POTENTIAL_MIN
from trispike.models.network.parameters import LayerParameters


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Behaviour:
    """What the neurons of a layer did.

    - ``potentials``: as compared with the threshold: int32, shape (..., timesteps, neurons).
    - ``spikes``: bool, same shape.
    - ``saturations``: additions whose sum was cut to 18 bits.
    """

    potentials: np.ndarray
    spikes: np.ndarray
    saturations: int = 0


def behaviour(layer: LayerParameters, sums: np.ndarray) -> Behaviour:
    """What ``layer``'s neurons do that sum ``sums`` of their inputs' weights in each timestep.

    ``sums`` are integers, shape (..., timesteps, neurons); in the first timestep an image begins.
    """
    if not layer.neuron.has_state:
        potentials = _scale(layer) * sums.astype(np.int32) + layer.biases
        assert potentials.size == 0 or (
            POTENTIAL_MIN <= potentials.min() <= potentials.max() <= POTENTIAL_MAX
        ), f"a potential of {potentials.min()} to {potentials.max()} left the 18-bit register"
        return Behaviour(potentials=potentials, spikes=_above(potentials, layer.threshold))
    by_timestep = np.moveaxis(sums.astype(np.int32), -2, 0)
    neurons = _Neurons(layer, by_timestep.shape[1:])
    steps = [neurons.step(t, some) for t, some in enumerate(by_timestep)]
    potentials = np.empty(sums.shape, dtype=np.int32)
    spikes = np.empty(sums.shape, dtype=bool)
    for t, (u, fired) in enumerate(steps):
        potentials[..., t, :], spikes[..., t, :] = u, fired
    return Behaviour(potentials=potentials, spikes=spikes, saturations=neurons.saturations)


def _scale(layer: LayerParameters) -> int:
    """What a weight adds; of a pixel, for each of its 255 levels."""
    return 1 if layer.a is None else layer.a


def _above(potentials: np.ndarray, threshold: int | np.ndarray | None) -> np.ndarray:
    """Where a neuron fires; nowhere if there is no threshold."""
    if threshold is None:
        return np.zeros(potentials.shape, dtype=bool)
    return potentials > threshold


def _decayed(values: np.ndarray, shifts: tuple[int, ...]) -> np.ndarray:
    """``values`` less each of ``shifts``' part, rounded towards minus infinity."""
    return values - sum((values >> k for k in shifts), start=np.zeros_like(values))


class _Neurons:
    """What a layer's neurons carry from one timestep of an image to the next.

    ``shape``: of an array with a value for each neuron of each image.
    """

    def __init__(self, layer: LayerParameters, shape: tuple[int, ...]):
        self._layer = layer
        self._carried = np.zeros(shape, dtype=np.int32)
        self._current = np.zeros(shape, dtype=np.int32)
        self._spiked = np.zeros(shape, dtype=bool)
        self.saturations = 0

    def step(self, t: int, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Potentials and spikes in timestep ``t``, from 0, with ``sums`` of inputs' weights."""
        layer, neuron = self._layer, self._layer.neuron
        shift = neuron.phases - 1 - t % neuron.phases
        current = (_scale(layer) << shift) * sums
        if neuron.synapse:
            current = self._add(_decayed(self._current, neuron.synapse), current)
            self._current = current
        u = self._add(self._add(self._carried, current), layer.biases << shift)
        spikes = _above(u, None if layer.threshold is None else layer.threshold << shift)
        if neuron.once:
            spikes &= ~self._spiked
            self._spiked |= spikes
        if neuron.carries:
            self._carried = self._after(neuron, u, spikes, shift)
        return u, spikes

    def _after(self, neuron: Neuron, u: np.ndarray, spikes: np.ndarray, shift: int) -> np.ndarray:
        """What of potentials ``u`` is carried on."""
        if neuron.reset is Reset.ZERO:
            return np.where(spikes, 0, _decayed(u, neuron.leak))
        step = self._layer.threshold if self._layer.step is None else self._layer.step
        taken = 0 if step is None else np.where(spikes, step << shift, 0)
        if neuron.order is Order.LEAK_FIRST:
            return self._add(_decayed(u, neuron.leak), -taken)
        return _decayed(self._add(u, -taken), neuron.leak)

    def _add(self, augend: np.ndarray, addend: np.ndarray | int) -> np.ndarray:
        """The sum, cut to the range of a potential."""
        total = augend + addend
        cut = np.clip(total, POTENTIAL_MIN, POTENTIAL_MAX)
        self.saturations += int(np.count_nonzero(cut != total))
        return cut
