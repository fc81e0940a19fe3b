"""What every contender of a bench has to do, and what must come out."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trispike import golden
from trispike.models.network.parameters import Network
from trispike.rtl.chip.program import network_writes
from trispike.sim.cosim import cycles
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.training.tally import batch_size


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Work:
    """A network, input spikes, and what the golden model and the cycle model say of them.

    weight_file: Where the network comes from.
    spikes: Input spikes: bool, shape (images, timesteps, inputs).
    counts: Output spikes over all timesteps: int32, shape (images, outputs).
    labels: int64, shape (images,).
    input_counts: Spikes of every layer's input vectors, shape (layers, images * timesteps).
    result_cycles: int64, shape (images,): the cycle of each prediction, 0 the first with a valid
        input.
    """

    weight_file: Path
    network: Network
    spikes: np.ndarray
    counts: np.ndarray
    labels: np.ndarray
    input_counts: np.ndarray
    result_cycles: np.ndarray

    @classmethod
    def of(cls, weight_file: Path, network: Network, spikes: np.ndarray) -> "Work":
        """The work that is ``spikes`` through ``network``, the models' answers included."""
        counts, labels, inputs = [], [], []
        for batch in batches(spikes):
            result = golden.run(network, batch, keep_potentials=False)
            counts.append(result.scores)
            labels.append(result.labels)
            inputs.append(cycles.spiking_cycles(network.shape, (batch, *result.spikes[:-1])))
        input_counts = np.concatenate(inputs, axis=1)
        return cls(
            weight_file=weight_file,
            network=network,
            spikes=spikes,
            counts=np.concatenate(counts),
            labels=np.concatenate(labels),
            input_counts=input_counts,
            result_cycles=cycles.schedule(network.shape, input_counts, spikes.shape[1]).result,
        )

    @property
    def images(self) -> int:
        """Number of images."""
        return self.spikes.shape[0]

    @property
    def timesteps(self) -> int:
        """Timesteps of each image."""
        return self.spikes.shape[1]

    def writes(self) -> list[int]:
        """The configuration writes that load the network."""
        return list(network_writes(self.network, self.timesteps))

    def check_labels(self, who: str, got: np.ndarray, *, first: int | None = None) -> None:
        """`MismatchFound` unless ``got``, shape (n,), are all labels, or the ``first`` ones."""
        _check(who, "label", self.labels[:first], got)

    def check_result_cycles(self, who: str, got: np.ndarray) -> None:
        """`MismatchFound` unless predictions came in the cycles ``got``, shape (images,)."""
        _check(who, "prediction cycle", self.result_cycles, got)

    def check_counts(self, who: str, got: np.ndarray) -> None:
        """`MismatchFound` unless ``got``, shape (images, outputs), are all output spike counts."""
        _check(who, "spike count", self.counts, got)


def batches(spikes: np.ndarray) -> Iterator[np.ndarray]:
    """``spikes``, shape (images, timesteps, inputs), in parts that bound the models' memory."""
    size = batch_size(spikes.shape[1])
    for first in range(0, len(spikes), size):
        yield spikes[first : first + size]


def _check(who: str, what: str, expected: np.ndarray, got: np.ndarray) -> None:
    if len(got) != len(expected):
        what = f"{who}: number of {what}s"
        raise MismatchFound(Mismatch(what=what, expected=len(expected), got=len(got)))
    wrong = np.argwhere(np.asarray(got) != expected)
    if len(wrong):
        at = tuple(wrong[0].tolist())
        raise MismatchFound(
            Mismatch(
                what=f"{who}: {what}",
                image=at[0],
                neuron=at[1] if len(at) > 1 else None,
                expected=int(expected[at]),
                got=f"{got[at]}; {len(wrong)} of {expected.size} differ",
            )
        )
