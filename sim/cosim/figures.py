"""The figures of a co-simulation: what the table shows and what JSON= keeps."""

import dataclasses

import numpy as np

from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim.cycles import Pipeline, alone, by_layer
from trispike.sim.cosim.decision import Decisions, decisions, share
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cost.events import Counts, energies, needs_latches
from trispike.sim.cost.registers import Registers
from trispike.sim.report.mismatch import Mismatch

CLOCK_MHZ = 167
"""TW-SNN's clock (sec. 5.2.1), to which predictions per second are referred."""

_STEPS_AT_ONCE = 4096
"""Steps that the cycle model takes at once: its memory does not grow with the run."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """All figures of one run. Means are over images unless they say otherwise.

    - ``network``, ``sizes``, ``layers``, ``lanes``, ``memory_bytes``, ``banks``: what ran: name,
      layer sizes, layers in words, most lanes of one, SRAM bytes, banks of each layer's weights.
    - ``data``, ``first_image``, ``images``, ``timesteps``, ``seed``: what it ran on: ``images``
      that were judged, the first in question being ``first_image``.
    - ``timesteps_taken``: mean to a label: ``timesteps``, unless images end early.
    - ``images_asked``, ``complete``: images that it was to run on, and whether all were judged.
    - ``accuracy``, ``golden_accuracy``: fraction of labels that are right; None if the data have no
      labels.
    - ``answers``: fraction of the labels' parts that are right, of each group of outputs, if there
      are groups and labels.
    - ``decisions``: how sure the RTL's labels are, see `sim.cosim.decision`.
    - ``card_accuracy``: what the weight file's card says for as many timesteps and all test images
      of the same data set; None if it says nothing.
    - ``mismatches``: differences between RTL and models, by quantity: all zero unless something is
      wrong.
    - ``first_divergence``: the first of them in words, or None.
    - ``latency_cycles``: from the first input vector to the first prediction.
    - ``shards``: simulations that the images were spread over, as far as they judged any.
    - ``cycles_per_image_min``, ``cycles_per_image_mean``, ``cycles_per_image_max``: between
      successive predictions, the pipeline being full; the latency if there is only one. All cycles
      are those of one pipeline that takes all images in a row: with one shard they are the RTL's
      own, with several they come from the cycle model and the RTL's spike counts, after every shard
      was found equal to that model to the cycle.
    - ``cycles_without_stop``: mean cycles per image if all took all timesteps, on the chip whose
      images overlap, by the cycle model; None unless images may end early.
    - ``cycles_per_timestep``: mean.
    - ``cycles_per_input_spike``: cycles over input spikes of the same images; 1 is the floor with
      one lane.
    - ``busiest_lane``: mean spike count of layer 1's busiest lane at a timestep: the floor of
      cycles per timestep.
    - ``layer_cycles``, ``layer_floors``: of each layer of a network of convolutions, mean per
      timestep: cycles if its input is there and its output taken at once, by the cycle model; and
      the spikes of all windows in the busiest lane and the windows, or the positions that come in
      if these are more.
    - ``predictions_per_second``: at `CLOCK_MHZ`, derived from the mean cycles per image.
    - ``synaptic_operations``: mean per image: each input spike of a layer is one operation in each
      of its neurons, at each window that it is in; their weights the hardware reads, zeros too.
    - ``effective_operations``: mean per image: those whose weight is not 0, NeuroBench's.
    - ``saturations``: additions whose sum was cut to 18 bits, mean per image, all layers.
    - ``sram_reads``: mean per image, in words of a bank.
    - ``spikes``: mean per image, of the input and of each layer. Where an image ended early, what a
      layer had begun counts whole, here and in what follows from spikes.
    - ``spiking_cycles``: for each layer, mean per image: cycles in which any of its lanes has an
      input spike.
    - ``energy_nj``: mean per image, by kind of event, see `sim.cost.events`; ``energy_nj_ungated``
      without clock gates.
    - ``wall_seconds``: whole run.
    - ``simulated_cycles``, ``simulated_cycles_per_second``: all shards together; the rate is over
      the time that simulations ran, loading included.
    """

    network: str
    sizes: tuple[int, ...]
    layers: str
    lanes: int
    memory_bytes: int
    banks: tuple[int, ...]
    data: str
    first_image: int
    images: int
    images_asked: int
    complete: bool
    timesteps: int
    timesteps_taken: float
    seed: int
    accuracy: float | None
    golden_accuracy: float | None
    answers: tuple[float, ...]
    decisions: Decisions
    card_accuracy: float | None
    mismatches: dict[str, int]
    first_divergence: str | None
    shards: int
    latency_cycles: int
    cycles_per_image_min: int
    cycles_per_image_mean: float
    cycles_per_image_max: int
    cycles_without_stop: float | None
    cycles_per_timestep: float
    cycles_per_input_spike: float
    busiest_lane: float
    layer_cycles: tuple[float, ...]
    layer_floors: tuple[float, ...]
    predictions_per_second: float
    synaptic_operations: float
    effective_operations: float
    saturations: float
    sram_reads: float
    spikes: tuple[float, ...]
    spiking_cycles: tuple[float, ...]
    energy_nj: dict[str, float]
    energy_nj_ungated: dict[str, float]
    wall_seconds: float
    simulated_cycles: int
    simulated_cycles_per_second: float


def first_mismatch(outcomes: list[Outcome]) -> Mismatch | None:
    """The first mismatch of a run's shards, which are in the order of their images."""
    return next((outcome.first for outcome in outcomes if outcome.first), None)


def _result_cycles(shape: NetworkShape, outcomes: list[Outcome], timesteps: int) -> np.ndarray:
    """Cycle of each prediction of one pipeline that takes all images in a row."""
    if len(outcomes) == 1 or first_mismatch(outcomes):
        return outcomes[0].result_cycles
    return _modelled(shape, outcomes, timesteps)


def _modelled(shape: NetworkShape, outcomes: list[Outcome], timesteps: int) -> np.ndarray:
    """`_result_cycles` by the cycle model."""
    pipeline = Pipeline(shape, timesteps)
    some = max(1, _STEPS_AT_ONCE // timesteps)
    parts = [
        pipeline.advance(
            outcome.spiking_cycles[:, image * timesteps : (image + some) * timesteps],
            outcome.decided[image : image + some],
        ).result
        for outcome in outcomes
        for image in range(0, len(outcome.images), some)
    ]
    return np.concatenate(parts)


def answers(shape: NetworkShape, got: np.ndarray, true: np.ndarray | None) -> tuple[float, ...]:
    """Fraction of the parts of labels ``got`` that are right, of each group of outputs.

    -1 is no label, and no part of it is right. Nothing without groups, or ``true`` labels.
    """
    if not shape.groups or true is None:
        return ()
    parts = zip(
        *(np.unravel_index(each, shape.groups) for each in (np.abs(got), true)), strict=True
    )
    return tuple(float(np.mean((mine == wanted) & (got >= 0))) for mine, wanted in parts)


def intervals(results: np.ndarray) -> np.ndarray:
    """Cycles between successive predictions; the latency if there is only one."""
    return np.diff(results) if len(results) > 1 else np.array(results.tolist() or [0])


def _spiking_cycles(shape: NetworkShape, outcome: Outcome, timesteps: int) -> np.ndarray:
    """Those of steps that a layer began: int64, shape (layers, images, timesteps)."""
    layers, images = outcome.begun.shape
    windows = by_layer(shape, outcome.spiking_cycles)
    sums = np.stack([each.sum(axis=0, dtype=np.int64) for each in windows])
    every = sums.reshape(layers, images, timesteps)
    return every * (np.arange(timesteps) < outcome.begun[..., np.newaxis])


def _paces(shape: NetworkShape, outcome: Outcome) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """`Figures.layer_cycles` and ``layer_floors``, of as many steps as are looked at at once."""
    layers = list(zip(shape.layers, by_layer(shape, outcome.spiking_cycles), strict=True))
    some = max(1, _STEPS_AT_ONCE // max(layer.firings for layer in shape.layers))
    cycles = tuple(alone(layer, spikes[:, :some]) for layer, spikes in layers)
    floors = (
        np.maximum(spikes[:, :some].sum(axis=0) + layer.firings, layer.volume.positions).mean()
        for layer, spikes in layers
    )
    return cycles, tuple(map(float, floors))


def figures(
    shape: NetworkShape,
    outcomes: list[Outcome],
    labels: np.ndarray | None,
    *,
    images: range,
    data: str,
    timesteps: int,
    seed: int,
    registers: Registers,
    wall_seconds: float,
    card_accuracy: float | None = None,
) -> Figures:
    """Figures of a run that was to take ``images`` of a data set with the true ``labels``.

    ``outcomes``, at least one, are what it found of them; ``labels`` has the shape (n,), and is
    None if there are none. The chip has ``registers``.
    """
    judged = sum(len(outcome.images) for outcome in outcomes)
    mismatch = first_mismatch(outcomes)
    results = _result_cycles(shape, outcomes, timesteps)
    between = intervals(results)
    inputs = np.concatenate([outcome.spikes[0] for outcome in outcomes])
    filled = inputs[timesteps * (len(results) - len(between)) :][: timesteps * len(between)]
    spikes = sum(outcome.spikes.sum(axis=1, dtype=np.int64) for outcome in outcomes) / judged
    mismatches = {
        what: sum(outcome.mismatches[what] for outcome in outcomes)
        for what in outcomes[0].mismatches
    }
    spiking = [_spiking_cycles(shape, outcome, timesteps) for outcome in outcomes]
    taken = float(np.mean(np.concatenate([outcome.decided for outcome in outcomes])))
    without_stop = None
    if shape.stops and not mismatch:
        chip = dataclasses.replace(shape, stops=False)
        without_stop = float(intervals(_modelled(chip, outcomes, timesteps)).mean())
    mean = float(between.mean())
    paces = _paces(shape, outcomes[0]) if shape.has_maps else ((), ())
    reads = sum(np.array(outcome.reads) for outcome in outcomes) / judged
    operations = sum(np.array(outcome.operations) for outcome in outcomes) / judged
    counts = Counts(
        shape=shape,
        timesteps=taken,
        cycles=mean,
        reads=tuple(reads.tolist()),
        tap_reads=tuple((sum(np.array(o.tap_reads) for o in outcomes) / judged).tolist()),
        spiking_cycles=tuple((sum(each.sum(axis=(1, 2)) for each in spiking) / judged).tolist()),
        operations=tuple(operations.tolist()),
        registers=registers,
    )
    true = None
    if labels is not None:
        true = np.concatenate([labels[o.images.start : o.images.stop] for o in outcomes])
    got = np.concatenate([outcome.labels for outcome in outcomes])
    golden = np.concatenate([outcome.golden_labels for outcome in outcomes])
    cycles = sum(outcome.cycles for outcome in outcomes)
    return Figures(
        network=shape.name,
        sizes=shape.sizes,
        layers=str(shape),
        lanes=shape.lanes,
        memory_bytes=shape.memory_bits // 8,
        banks=tuple(layer.lanes * len(layer.banks) for layer in shape.layers),
        data=data,
        first_image=images.start,
        images=judged,
        images_asked=len(images),
        complete=judged == len(images),
        timesteps=timesteps,
        timesteps_taken=taken,
        seed=seed,
        accuracy=share(got, true),
        golden_accuracy=share(golden, true),
        answers=answers(shape, got, true),
        decisions=decisions(
            np.concatenate([outcome.silent for outcome in outcomes]),
            np.concatenate([outcome.tied for outcome in outcomes]),
            got,
            true,
        ),
        card_accuracy=card_accuracy,
        mismatches=mismatches,
        first_divergence=str(mismatch) if mismatch else None,
        shards=len(outcomes),
        latency_cycles=int(results[0]) if len(results) else 0,
        cycles_per_image_min=int(between.min()),
        cycles_per_image_mean=mean,
        cycles_per_image_max=int(between.max()),
        cycles_without_stop=without_stop,
        cycles_per_timestep=mean / taken if taken else 0.0,
        cycles_per_input_spike=float(between.sum() / max(1, filled.sum())),
        busiest_lane=sum(int(each[0].sum()) for each in spiking)
        / max(1, sum(int(outcome.begun[0].sum()) for outcome in outcomes)),
        layer_cycles=paces[0],
        layer_floors=paces[1],
        predictions_per_second=CLOCK_MHZ * 1e6 / mean if mean else 0.0,
        synaptic_operations=float(
            sum(n * layer.neurons for n, layer in zip(reads, shape.layers, strict=True))
        ),
        effective_operations=float(operations.sum()),
        saturations=sum(sum(outcome.saturations) for outcome in outcomes) / judged,
        sram_reads=float(
            sum(n * len(layer.banks) for n, layer in zip(reads, shape.layers, strict=True))
        ),
        spikes=tuple(float(n) for n in spikes),
        spiking_cycles=counts.spiking_cycles,
        energy_nj=energies(counts, CLOCK_MHZ, latches=needs_latches(shape)),
        energy_nj_ungated=energies(counts, CLOCK_MHZ, gated=False),
        wall_seconds=wall_seconds,
        simulated_cycles=cycles,
        simulated_cycles_per_second=cycles / max(1e-9, sum(o.seconds for o in outcomes)),
    )
