"""Co-simulation of a network: build the chip, run shards of images in parallel, collect."""

import concurrent.futures
import dataclasses
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from models import weights
from models.network import Network
from rtl.chip import Chip
from rtl.verilog import export
from sim import build, harness, processes, simulator
from sim.shard import Outcome, Shard
from sim.simulator import SimulationError

_POLL_SECONDS = 0.1

_SHARD_POTENTIALS = 10_000_000
"""Most membrane potentials of one shard. They are captured in a file and judged in memory, with
some 100 bytes each."""


def chip_model(network: Network, *, lanes: int = 1, waves: bool = False) -> Path:
    """Folder of the Verilated chip for ``network``'s shape, in its harness; built if need be."""
    chip = Chip(shape=dataclasses.replace(network.shape, lanes=lanes))
    sources = {f"{name}.v": text for name, text in export(chip).items()}
    sources[f"{harness.TOP}.sv"] = harness.harness(network.shape, chip.module_name)
    return build.model(sources, harness.TOP, public=False, timing=True, waves=waves)


def _run_shard(model: Path, shard: Shard, folder: Path, waves: bool) -> Outcome:
    shard.write(folder)
    arguments = [f"+predictions={len(shard.spikes)}"]
    arguments += ["+potentials"] if shard.potentials else []
    if waves:
        arguments += ["--trace", "--trace-file", "waves"]
    try:
        simulator.simulate(
            model,
            harness.TOP,
            "sim.cosim_cocotb",
            run_folder=folder,
            plus_args=tuple(arguments),
        )
    except SimulationError:
        outcome = Outcome.read(folder)
        if outcome is None or outcome.first is None:
            raise  # it broke down; a divergence would be an answer
        return outcome
    for large in (*folder.glob("layer_*"), folder / "stimulus.hex"):
        large.unlink()
    return Outcome.read(folder)


def keep_waveform(folder: Path, place: Path) -> Path:
    """Move the waveform of a run in ``folder`` to ``place`` with the suffix of its format."""
    raw = folder / "shard_0" / "waves"
    with raw.open("rb") as file:
        suffix = ".vcd" if file.read(1) == b"$" else ".fst"
    place.parent.mkdir(parents=True, exist_ok=True)
    return raw.replace(place.with_suffix(suffix))


def _predictions_done(folder: Path) -> int:
    try:
        return (folder / "results").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def run(
    weight_file: Path,
    spikes: np.ndarray,
    folder: Path,
    *,
    lanes: int = 1,
    jobs: int = 1,
    potentials: bool = True,
    waves: bool = False,
    progress: Callable[[int], None] = lambda done: None,
    model: Path | None = None,
) -> list[Outcome]:
    """Run ``spikes`` through the RTL of the network in ``weight_file`` and compare everything.

    Parameters
    ----------
    weight_file
        The network and its weights.
    spikes
        Input spikes: bool, shape (images, timesteps, inputs).
    folder
        Where the run leaves its files; emptied first. Runs at the same time need different ones.
    lanes
        Spikes that a layer takes in one cycle: 1, 2, 4 or 8.
    jobs
        Simulations to run at the same time, each on a shard of consecutive images. There may be
        more shards than that, to bound the memory that one takes.
    potentials
        Compare membrane potentials too.
    waves
        Write a waveform, ``waves`` in the folder of the one shard that there is then.
    progress
        Called with the number of predictions made so far, now and then.
    model
        From `chip_model`, with the same ``lanes``; None builds it.

    Returns one outcome per shard, in the order of the images.
    """
    network, card = weights.load(weight_file)
    model = model or chip_model(network, lanes=lanes, waves=waves)
    shutil.rmtree(folder, ignore_errors=True)
    potentials_in_all = spikes.shape[0] * spikes.shape[1] * sum(network.shape.sizes[1:])
    count = 1 if waves else max(jobs, -(-potentials_in_all // _SHARD_POTENTIALS))
    parts = np.array_split(np.arange(len(spikes)), min(count, len(spikes)))
    folders = [folder / f"shard_{k}" for k in range(len(parts))]
    shards = [
        Shard(
            weights=weight_file,
            spikes=spikes[part],
            first_image=int(part[0]),
            potentials=potentials,
            digest=card.digest,
            lanes=lanes,
        )
        for part in parts
    ]
    stop = threading.Event()

    def watch():
        while not stop.wait(_POLL_SECONDS):
            progress(sum(map(_predictions_done, folders)))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    try:
        futures = [
            pool.submit(_run_shard, model, shard, place, waves)
            for shard, place in zip(shards, folders, strict=True)
        ]
        outcomes = [future.result() for future in futures]
    except BaseException:
        processes.stop_all()
        raise
    finally:
        stop.set()
        watcher.join()
        pool.shutdown(cancel_futures=True)
        processes.start_again()
    progress(len(spikes))
    return outcomes
