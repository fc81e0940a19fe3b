"""The cocotb side of a co-simulation: feeds the harness, judges its captures chunk by chunk.

It runs inside the simulator, in the shard's folder. The pipeline is never stopped: simulated time
stands still while a chunk is judged, and memory and disk hold little more than a chunk.
"""

import collections
import dataclasses
import functools
import time
from collections.abc import Iterator
from pathlib import Path

import cocotb
import numpy as np
from cocotb.triggers import SimTimeoutError, Timer, with_timeout
from cocotb.utils import get_sim_time

from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.program import network_writes
from trispike.sim.cosim import captures, cycles, decision, trace, watchdog
from trispike.sim.cosim.harness import CLOCK_HALF_PERIOD_NS
from trispike.sim.cosim.judge import happened, judge
from trispike.sim.cosim.modelled import Modelled
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.shard import Shard

_PERIOD_NS = 2 * CLOCK_HALF_PERIOD_NS

_LAYER_STEPS = 4
"""A layer holds fewer steps than this: one in its encoder, one at its PEs, one in its flip-flops,
or of maps as many positions at most, and those of two timesteps in its line buffer. So do,
together, the read-out before a prediction is out and the harness, which reads one ahead."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _Chunk:
    """What the models say of some images; ``spikes`` are their input, if it is to be kept."""

    modelled: Modelled
    spikes: np.ndarray | None


def _lines(spikes: np.ndarray, channels: int) -> str:
    """What goes in, a line for each timestep, or for each position of maps of ``channels``."""
    maps = spikes.reshape(-1, channels, spikes.shape[2] // channels)
    vectors = np.ascontiguousarray(maps.swapaxes(1, 2)).reshape(-1, channels)
    if spikes.dtype == np.bool_:
        vectors = np.packbits(vectors, axis=1, bitorder="little")
    return "".join(f"{vector[::-1].tobytes().hex()}\n" for vector in vectors)


def _chunks(folder: Path, shard: Shard, network: Network) -> Iterator[_Chunk]:
    """The chunks of a shard, once their stimulus is in ``folder``.

    With each goes the stimulus of all that the layers may take before its last prediction is out.
    """
    timesteps = shard.stimulus.timesteps
    shape = network.shape.with_lanes(shard.lanes)
    pipeline = cycles.Pipeline(shape, timesteps)
    margin = _LAYER_STEPS * (len(network.layers) + 1)
    ready = collections.deque()
    with (folder / "stimulus.hex").open("w") as stimulus:
        for images in shard.chunks():
            spikes = shard.stimulus.spikes(images.start, images.stop)
            stimulus.write(_lines(spikes, shape.layers[0].volume.channels))
            stimulus.flush()
            modelled = Modelled.of(
                network, shape, images, spikes, pipeline, potentials=shard.potentials
            )
            ready.append(_Chunk(modelled=modelled, spikes=spikes if shard.trace else None))
            while (images.stop - ready[0].modelled.images.stop) * timesteps >= margin:
                yield ready.popleft()
    yield from ready


def _write_configuration(folder: Path, network: Network, timesteps: int) -> int:
    writes = [f"{write:x}" for write in network_writes(network, timesteps)]
    (folder / "configuration.hex").write_text("\n".join(writes) + "\n")
    return len(writes)


def _cycle() -> int:
    return round(get_sim_time("ns") / _PERIOD_NS)


def _filled(values: np.ndarray, length: int, missing: int) -> np.ndarray:
    """``values`` cut or filled up to ``length``."""
    filled = np.full(length, missing, dtype=np.int64)
    filled[: len(values)] = values[:length]
    return filled


def _events(schedule: cycles.Schedule, k: int, name: str) -> int:
    return np.count_nonzero(happened(schedule, k, name))


def _outcome(
    shard: Shard,
    shape: NetworkShape,
    said: Modelled,
    run: captures.Run,
    cycles: int,
    seconds: float,
) -> Outcome:
    """Judge ``run``, what was captured of the images that the models ``said`` something of."""
    verdict = judge(
        said.expected,
        said.schedule,
        run,
        shape=shape,
        timesteps=shard.stimulus.timesteps,
        first_image=said.images.start,
    )
    images = len(said.images)
    layers = np.zeros((len(shape.layers), len(said.inputs)), dtype=np.uint32)
    for k, layer in enumerate(shape.layers):
        if layer.fires:
            spikes, _ = run.probed[k, "spike"]
            at = np.flatnonzero(happened(said.schedule, k, "spike"))
            per_step = len(said.schedule.taken[k]) // said.schedule.steps
            np.add.at(layers[k], at // per_step, _filled(spikes.sum(axis=1), len(at), 0))
    expected = said.outcome(shape)
    return dataclasses.replace(
        expected,
        mismatches=verdict.mismatches,
        first=verdict.first,
        labels=_filled(run.labels, images, -1),
        silent=_filled(decision.silent(run.scores, shape), images, 0).astype(bool),
        tied=_filled(decision.tied(run.scores, shape), images, 0).astype(bool),
        decided=_filled(run.decided[:, 0], images, 0).astype(np.uint8)
        if shape.stops
        else expected.decided,
        result_cycles=run.result_cycles,
        spikes=np.stack([said.inputs, *layers]),
        cycles=cycles,
        seconds=seconds,
    )


@cocotb.test()
async def compare_with_golden(dut):
    """Run every image of the shard and compare all that happened, up to the first divergence."""
    folder = Path.cwd()
    watchdog.start(folder)
    shard = Shard.read(folder)
    network = shard.network()
    captured = captures.Captures(folder, network.shape, costly=shard.potentials)
    patience = 2 * _write_configuration(folder, network, shard.stimulus.timesteps) + 1000
    begun = out = 0
    for chunk in _chunks(folder, shard, network):
        end = int(chunk.modelled.schedule.result[-1])
        limit = 2 * (end - out) + patience
        patience, out = 1000, end
        started = time.perf_counter()
        dut.start.value = 1
        last = chunk.modelled.images.stop == shard.images.stop
        try:
            await with_timeout(dut.chunks.value_change, limit * _PERIOD_NS, "ns")
        except SimTimeoutError:
            dut._log.error("no prediction for too long: judging what there is")
            last = True
            dut.start.value = 0  # closes the captures
            await Timer(_PERIOD_NS, "ns")
        seconds = time.perf_counter() - started
        number = functools.partial(_events, chunk.modelled.schedule)
        run = captured.take(None if last else number)
        if shard.trace:
            trace.keep(folder, chunk.modelled.images, chunk.spikes, run, chunk.modelled.schedule)
        outcome = _outcome(shard, network.shape, chunk.modelled, run, _cycle() - begun, seconds)
        outcome.write(folder)
        begun = _cycle()
        assert outcome.first is None, str(outcome.first)
