"""What the models say of images: the expected side of a co-simulation, or a run without the RTL."""

import dataclasses
from typing import Self

import numpy as np

from trispike import golden
from trispike.models.network.layers import Layer
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import decision
from trispike.sim.cosim.cycles import Pipeline, Schedule, spiking_cycles
from trispike.sim.cosim.judge import happened
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.stimulus import Stimulus
from trispike.sim.cost.operations import effective_operations, tap_reads, weight_reads

_IMAGES = 100
"""Images that `model_run` takes at once."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Modelled:
    """What the models say of ``images``.

    ``inputs`` are the spike counts of the timesteps that the first layer takes, uint32
    (steps,), and ``spiking`` is what `sim.cosim.cycles.spiking_cycles` gives; ``operations``,
    effective ones, ``reads`` and ``tap_reads`` are those of each layer.
    """

    images: range
    inputs: np.ndarray
    spiking: np.ndarray
    expected: golden.Result
    schedule: Schedule
    operations: tuple[int, ...]
    reads: tuple[int, ...]
    tap_reads: tuple[int, ...]

    @classmethod
    def of(
        cls,
        network: Network,
        shape: NetworkShape,
        images: range,
        spikes: np.ndarray,
        pipeline: Pipeline,
        *,
        potentials: bool,
    ) -> Self:
        """That of the input ``spikes`` of ``images``, which follow what ``pipeline`` had.

        ``shape`` is the chip's, that of the network with its lanes.
        """
        expected = golden.run(network, spikes, keep_potentials=potentials)
        layer_inputs = (spikes, *expected.spikes[:-1])
        spiking = spiking_cycles(shape, layer_inputs)
        schedule = pipeline.advance(spiking, expected.decided)
        counts = [
            np.count_nonzero(each.reshape(begun.size, -1)[begun], axis=0)
            for each, begun in zip(layer_inputs, schedule.begun, strict=True)
        ]
        inputs = np.count_nonzero(spikes, axis=2).reshape(-1) * schedule.begun[0]
        return cls(
            images=images,
            inputs=inputs.astype(np.uint32),
            spiking=spiking,
            expected=expected,
            schedule=schedule,
            operations=effective_operations(network, counts),
            reads=tuple(map(weight_reads, shape.layers, counts)),
            tap_reads=tuple(map(tap_reads, shape.layers, layer_inputs)),
        )

    def outcome(self, shape: NetworkShape) -> Outcome:
        """That of a chip of ``shape`` which does all this, in no time."""
        expected, schedule, images = self.expected, self.schedule, len(self.images)
        begun = schedule.begun.reshape(len(shape.layers), images, -1).sum(axis=2)
        every = np.full(images, schedule.steps // images)
        return Outcome(
            images=self.images,
            mismatches={},
            first=None,
            labels=expected.labels,
            golden_labels=expected.labels,
            silent=decision.silent(expected.scores, shape),
            tied=decision.tied(expected.scores, shape),
            decided=(every if expected.decided is None else expected.decided).astype(np.uint8),
            begun=begun.astype(np.uint8),
            result_cycles=schedule.result,
            spikes=np.stack([self.inputs, *map(self._fired, range(len(begun)), shape.layers)]),
            spiking_cycles=self.spiking.astype(np.uint16),
            operations=self.operations,
            reads=self.reads,
            tap_reads=self.tap_reads,
            saturations=expected.saturations,
            cycles=int(schedule.result[-1]),
            seconds=0.0,
        )

    def _fired(self, k: int, layer: Layer) -> np.ndarray:
        """Spikes that layer ``k`` gives out in each step: uint32 (steps,)."""
        steps = self.schedule.steps
        if not layer.fires:
            return np.zeros(steps, np.uint32)
        each = self.expected.spikes[k].reshape(steps, layer.output.channels, -1).sum(axis=1)
        given = happened(self.schedule, k, "spike").reshape(steps, -1)
        return (each * given).sum(axis=1).astype(np.uint32)


def model_run(network: Network, shape: NetworkShape, stimulus: Stimulus, images: range) -> Outcome:
    """The outcome of a co-simulation of ``images`` in one pipeline, if the RTL does as the models.

    ``shape`` is the chip's, that of the network with its lanes.
    """
    pipeline = Pipeline(shape, stimulus.timesteps)
    parts = []
    for first in range(images.start, images.stop, _IMAGES):
        some = range(first, min(first + _IMAGES, images.stop))
        spikes = stimulus.spikes(some.start, some.stop)
        modelled = Modelled.of(network, shape, some, spikes, pipeline, potentials=False)
        parts.append(modelled.outcome(shape))
    return Outcome.joined(parts)
