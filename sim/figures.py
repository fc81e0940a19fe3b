"""The figures of a co-simulation: what the table shows and what JSON= keeps."""

import dataclasses

import numpy as np

from models.network import NetworkShape
from sim.cycles import schedule
from sim.judge import Divergence
from sim.shard import Outcome

CLOCK_MHZ = 167
"""TW-SNN's clock (sec. 5.2.1), to which predictions per second are referred."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """All figures of one run. Means are over images unless they say otherwise.

    Parameters
    ----------
    network, sizes, lanes, memory_bytes, banks
        What ran: name, layer sizes, lanes, SRAM bytes, banks of each layer.
    data, images, timesteps, seed
        What it ran on.
    accuracy, golden_accuracy
        Fraction of labels that are right.
    mismatches
        Differences between RTL and models, by quantity: all zero unless something is wrong.
    first_divergence
        The first of them in words, or None.
    latency_cycles
        From the first input vector to the first prediction.
    shards
        Simulations that the images were spread over.
    cycles_per_image_min, cycles_per_image_mean, cycles_per_image_max
        Between successive predictions, the pipeline being full; the latency if there is only one.
        All cycles are those of one pipeline that takes all images in a row: with one shard they
        are the RTL's own, with several they come from the cycle model and the RTL's spike counts,
        after every shard was found equal to that model to the cycle.
    cycles_per_timestep
        Mean.
    cycles_per_input_spike
        Cycles over input spikes of the same images; 1 is the floor with one lane.
    busiest_lane
        Mean spike count of layer 1's busiest lane at a timestep: the floor of cycles per timestep.
    predictions_per_second
        At `CLOCK_MHZ`, derived from the mean cycles per image.
    synaptic_operations
        Mean per image: each input spike of a layer is one operation in each of its neurons.
    sram_reads
        Mean per image, in words of a bank.
    spikes
        Mean per image, of the input and of each layer.
    wall_seconds
        Whole run.
    simulated_cycles, simulated_cycles_per_second
        All shards together; the rate is over the time that simulations ran, loading included.
    """

    network: str
    sizes: tuple[int, ...]
    lanes: int
    memory_bytes: int
    banks: tuple[int, ...]
    data: str
    images: int
    timesteps: int
    seed: int
    accuracy: float
    golden_accuracy: float
    mismatches: dict[str, int]
    first_divergence: str | None
    shards: int
    latency_cycles: int
    cycles_per_image_min: int
    cycles_per_image_mean: float
    cycles_per_image_max: int
    cycles_per_timestep: float
    cycles_per_input_spike: float
    busiest_lane: float
    predictions_per_second: float
    synaptic_operations: float
    sram_reads: float
    spikes: tuple[float, ...]
    wall_seconds: float
    simulated_cycles: int
    simulated_cycles_per_second: float


def first_divergence(outcomes: list[Outcome]) -> Divergence | None:
    """The first divergence of a run's shards, which are in the order of their images."""
    return next((outcome.first for outcome in outcomes if outcome.first), None)


def figures(
    shape: NetworkShape,
    outcomes: list[Outcome],
    labels: np.ndarray,
    *,
    data: str,
    timesteps: int,
    seed: int,
    wall_seconds: float,
) -> Figures:
    """Figures of a run from its shards' outcomes and the images' true ``labels``, shape (n,)."""
    images = len(labels)
    divergence = first_divergence(outcomes)
    if len(outcomes) == 1 or divergence:
        results = outcomes[0].result_cycles
    else:
        counts = np.concatenate([outcome.spiking_cycles for outcome in outcomes], axis=1)
        results = schedule(counts, timesteps).result.tolist()
    intervals = np.diff(results) if len(results) > 1 else np.array(results or [0])
    inputs = np.concatenate([outcome.spikes[0] for outcome in outcomes])
    filled = inputs[timesteps * (len(results) - len(intervals)) :][: timesteps * len(intervals)]
    spikes = (
        np.array(
            [sum(sum(outcome.spikes[k]) for outcome in outcomes) for k in range(len(shape.sizes))]
        )
        / images
    )
    mismatches = {
        what: sum(outcome.mismatches[what] for outcome in outcomes)
        for what in outcomes[0].mismatches
    }
    mean = float(intervals.mean())
    got = _padded([outcome.labels for outcome in outcomes], [o.golden_labels for o in outcomes])
    golden = np.concatenate([outcome.golden_labels for outcome in outcomes])
    cycles = sum(outcome.cycles for outcome in outcomes)
    return Figures(
        network=shape.name,
        sizes=shape.sizes,
        lanes=shape.lanes,
        memory_bytes=shape.memory_bits // 8,
        banks=tuple(layer.lanes * len(layer.banks) for layer in shape.layers),
        data=data,
        images=images,
        timesteps=timesteps,
        seed=seed,
        accuracy=float(np.mean(got == labels)),
        golden_accuracy=float(np.mean(golden == labels)),
        mismatches=mismatches,
        first_divergence=str(divergence) if divergence else None,
        shards=len(outcomes),
        latency_cycles=results[0] if results else 0,
        cycles_per_image_min=int(intervals.min()),
        cycles_per_image_mean=mean,
        cycles_per_image_max=int(intervals.max()),
        cycles_per_timestep=mean / timesteps,
        cycles_per_input_spike=float(intervals.sum() / max(1, filled.sum())),
        busiest_lane=float(np.mean(np.concatenate([o.spiking_cycles[0] for o in outcomes]))),
        predictions_per_second=CLOCK_MHZ * 1e6 / mean if mean else 0.0,
        synaptic_operations=float(
            sum(n * layer.neurons for n, layer in zip(spikes, shape.layers, strict=False))
        ),
        sram_reads=float(
            sum(n * len(layer.banks) for n, layer in zip(spikes, shape.layers, strict=False))
        ),
        spikes=tuple(float(n) for n in spikes),
        wall_seconds=wall_seconds,
        simulated_cycles=cycles,
        simulated_cycles_per_second=cycles / max(1e-9, sum(o.seconds for o in outcomes)),
    )


def _padded(got: list[list[int]], golden: list[list[int]]) -> np.ndarray:
    """RTL labels, -1 where a simulation ended without one."""
    return np.concatenate(
        [
            np.array((have + [-1] * len(want))[: len(want)])
            for have, want in zip(got, golden, strict=True)
        ]
    )
