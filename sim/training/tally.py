"""Accuracy, spikes and operations of networks over a test set."""

import dataclasses
import statistics
from collections.abc import Callable, Sequence

import numpy as np

from trispike.golden.model import Result, labels_of, run
from trispike.golden.real import run_real
from trispike.models.data.encoders import encode
from trispike.models.data.spikes import check_seed, check_timesteps
from trispike.models.errors import BadInput
from trispike.models.network.parameters import Network
from trispike.models.network.real_network import RealNetwork
from trispike.sim.cost.operations import effective_operations

_BATCH_BYTES = 1 << 23


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """Accuracy and activity of a network over a test set, with one seed of input spikes.

    accuracy: Fraction of correctly labelled images; entry T - 1 is for T timesteps.
    spikes: Mean spikes of an image per timestep, of the input and of each layer.
    operations: Mean synaptic operations of an image per timestep, over all layers: one for each
        spike and each weight other than 0 that it meets.
    """

    accuracy: tuple[float, ...]
    spikes: tuple[float, ...]
    operations: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spread:
    """Measurements of a network over a test set, with several seeds of input spikes.

    seeds: The seeds, one or more.
    measurements: One for each seed, all with the same number of timesteps.
    """

    seeds: tuple[int, ...]
    measurements: tuple[Measurement, ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean accuracy over the seeds; entry T - 1 is for T timesteps."""
        return tuple(statistics.fmean(values) for values in self._by_timestep())

    @property
    def deviation(self) -> tuple[float, ...] | None:
        """Sample standard deviation of the accuracy over the seeds; None for a single seed."""
        if len(self.seeds) < 2:
            return None
        return tuple(statistics.stdev(values) for values in self._by_timestep())

    @property
    def spikes(self) -> tuple[float, ...]:
        """Mean spikes of an image per timestep, of the input and of each layer."""
        columns = zip(*(each.spikes for each in self.measurements), strict=True)
        return tuple(statistics.fmean(values) for values in columns)

    @property
    def operations(self) -> float:
        """Mean synaptic operations of an image per timestep."""
        return statistics.fmean(each.operations for each in self.measurements)

    def _by_timestep(self):
        return zip(*(each.accuracy for each in self.measurements), strict=True)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Counts of a network over some images; tallies of different images can be added.

    right: Correctly labelled images, int64 of shape (timesteps,); entry T - 1 is for T timesteps.
    fired: Spikes of the input and of each layer, int64 of shape (layers + 1,).
    operations: Synaptic operations.
    """

    images: int
    right: np.ndarray
    fired: np.ndarray
    operations: int

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            images=self.images + other.images,
            right=self.right + other.right,
            fired=self.fired + other.fired,
            operations=self.operations + other.operations,
        )

    def measurement(self) -> Measurement:
        """The counts as fractions and means."""
        steps = self.images * len(self.right)
        return Measurement(
            accuracy=tuple((self.right / self.images).tolist()),
            spikes=tuple((self.fired / steps).tolist()),
            operations=self.operations / steps,
        )


_WIDEST = 1024
"""Neurons of the layers that `batch_size` counts on."""


def batch_size(timesteps: int, widest: int = _WIDEST) -> int:
    """Number of images in a batch, which bounds the memory.

    It depends on the arguments only, so a network gets the same batches whichever others are
    measured with it. ``widest``: values of the widest layer.
    """
    return max(1, _BATCH_BYTES // (4 * timesteps * widest))


def tally_batch(
    networks: Sequence[Network | RealNetwork],
    images: np.ndarray,
    labels: np.ndarray,
    *,
    timesteps: int,
    seed: int,
    first_image: int = 0,
) -> tuple[Tally, ...]:
    """Tally of each of ``networks`` on one batch of images, which is encoded once.

    Arguments are those of `accuracy_by_timestep`; ``first_image`` is the index in its data set of
    the first of ``images``.
    """
    spikes = encode(networks[0].shape, images, timesteps, seed, first_image)
    return tuple(_tally(network, spikes, labels) for network in networks)


def _tally(network: Network | RealNetwork, spikes: np.ndarray, labels: np.ndarray) -> Tally:
    result = _run(network, spikes)
    right = (
        labels_of(result.running_scores, network.shape.groups) == np.asarray(labels)[:, np.newaxis]
    )
    fired = [_fired(layer != 0) for layer in (spikes, *result.spikes)]
    return Tally(
        images=len(spikes),
        right=right.sum(axis=0, dtype=np.int64),
        fired=np.array([layer.sum() for layer in fired], dtype=np.int64),
        operations=sum(effective_operations(network, fired[:-1])),
    )


def _run(network: Network | RealNetwork, spikes: np.ndarray) -> Result:
    if isinstance(network, RealNetwork):
        return run_real(network, spikes, keep_potentials=False)
    return run(network, spikes, keep_potentials=False)


def _fired(spikes: np.ndarray) -> np.ndarray:
    """Spikes of each neuron: int64, shape (neurons,), from bool (images, steps, neurons)."""
    each_image = spikes.view(np.uint8).sum(axis=1, dtype=np.uint8)  # at most 255 timesteps
    return each_image.sum(axis=0, dtype=np.int64)


def accuracy_by_timestep(
    network: Network | RealNetwork,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    timesteps: int,
    seed: int,
    progress: Callable[[int], object] = lambda images: None,
) -> Measurement:
    """Accuracy after 1 to ``timesteps`` timesteps, mean spikes and operations, by the golden model.

    A single run suffices, as the spikes of a shorter run are the first spikes of a longer one.
    Images are run in batches.

    images: uint8, shape (n, inputs), n at least 1.
    labels: Integers, shape (n,).
    timesteps: 1 to 255.
    seed: Seed of the spikes, 0 to 2**63 - 1.
    progress: Called after each batch with its images.

    `BadInput` for anything out of range.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise BadInput(
            f"images and labels must be as many, at least one, not {len(images)} and {len(labels)}"
        )
    timesteps, total = check_timesteps(timesteps), None
    values = [layer.firings * layer.neurons for layer in network.shape.layers if layer.maps]
    size = batch_size(timesteps, max([_WIDEST, *values]))
    for first in range(0, len(images), size):
        (batch,) = tally_batch(
            [network],
            images[first : first + size],
            labels[first : first + size],
            timesteps=timesteps,
            seed=seed,
            first_image=first,
        )
        total = batch if total is None else total + batch
        progress(min(size, len(images) - first))
    return total.measurement()


def accuracy_over_seeds(
    network: Network | RealNetwork,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    timesteps: int,
    seeds: Sequence[int],
) -> Spread:
    """`accuracy_by_timestep` for each of ``seeds``, which must be one or more, all different."""
    seeds = check_seeds(seeds)
    measurements = tuple(
        accuracy_by_timestep(network, images, labels, timesteps=timesteps, seed=seed)
        for seed in seeds
    )
    return Spread(seeds=seeds, measurements=measurements)


def check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """``seeds`` as a tuple; `BadInput` unless they are one or more and all different."""
    checked = tuple(check_seed(seed) for seed in seeds)
    if not checked or len(set(checked)) < len(checked):
        raise BadInput(f"seeds must be one or more, all different, not {list(seeds)!r:.80}")
    return checked
