"""The cocotb side of a co-simulation: sets the stimulus, starts the harness, judges the captures.

It runs inside the simulator, in the shard's folder.
"""

import dataclasses
import time
from pathlib import Path

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge, SimTimeoutError, Timer, with_timeout
from cocotb.utils import get_sim_time

import golden
from models.network import Network
from rtl.program import network_writes
from sim import captures, cycles
from sim.harness import CLOCK_HALF_PERIOD_NS
from sim.judge import judge
from sim.shard import Outcome, Shard

_PERIOD_NS = 2 * CLOCK_HALF_PERIOD_NS


def _write_stimulus(folder: Path, spikes: np.ndarray) -> None:
    vectors = np.packbits(spikes.reshape(-1, spikes.shape[2]), axis=1, bitorder="little")
    lines = (vector[::-1].tobytes().hex() for vector in vectors)
    (folder / "stimulus.hex").write_text("\n".join(lines) + "\n")


def _write_configuration(folder: Path, network: Network, timesteps: int) -> int:
    writes = [f"{write:x}" for write in network_writes(network, timesteps)]
    (folder / "configuration.hex").write_text("\n".join(writes) + "\n")
    return len(writes)


@cocotb.test()
async def compare_with_golden(dut):
    """Run every image of the shard and compare all that happened."""
    folder = Path.cwd()
    shard = Shard.read(folder)
    network = shard.network()
    timesteps = shard.spikes.shape[1]

    writes = _write_configuration(folder, network, timesteps)
    _write_stimulus(folder, shard.spikes)
    expected = golden.run(network, shard.spikes, keep_potentials=shard.potentials)
    spiking = cycles.spiking_cycles(
        dataclasses.replace(network.shape, lanes=shard.lanes),
        (shard.spikes, *expected.spikes[:-1]),
    )
    schedule = cycles.schedule(spiking, timesteps)

    limit = 2 * (writes + int(schedule.result[-1])) + 1000
    started = time.perf_counter()
    dut.start.value = 1
    try:
        await with_timeout(RisingEdge(dut.done), limit * _PERIOD_NS, "ns")
    except SimTimeoutError:
        dut._log.error("no prediction for too long: judging what there is")
    seconds = time.perf_counter() - started
    dut.start.value = 0  # closes the captures
    await Timer(_PERIOD_NS, "ns")
    simulated = round(get_sim_time("ns") / _PERIOD_NS)

    neurons = [layer.shape.neurons for layer in network.layers]
    run = captures.read_run(folder, neurons, potentials=shard.potentials)
    verdict = judge(expected, schedule, run, timesteps=timesteps, first_image=shard.first_image)
    Outcome(
        mismatches=verdict.mismatches,
        first=verdict.first,
        labels=run.labels.tolist(),
        golden_labels=expected.labels.tolist(),
        result_cycles=run.result_cycles.tolist(),
        spikes=[
            shard.spikes.sum(axis=2).reshape(-1).tolist(),
            *(layer.bits.sum(axis=1).tolist() for layer in run.spikes),
        ],
        spiking_cycles=spiking.tolist(),
        cycles=simulated,
        seconds=seconds,
    ).write(folder)
    assert verdict.first is None, str(verdict.first)
