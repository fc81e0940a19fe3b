"""Every spike and potential of a run, from the RTL, as a NumPy archive for a plot or a comparison.

The archive has, for each layer k from 1: ``spikes_k`` (bool; not of a layer that never fires),
``potentials_k`` (int32), both of shape (images, timesteps, neurons), maps flattened
(`models.network.volume.Volume`), and ``fire_k``, the cycle in which they were compared: int64,
(images, timesteps), of a convolution (images, timesteps, windows). Where an image ended before a
layer fired, the values are 0 and the cycle is -1. Besides: ``input``, bool, or uint8 if they are
pixels, (images, timesteps, inputs); ``images``, their indices in the data set; ``labels`` and
``result_cycles``, (images,).
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from trispike.models.files import write_atomically
from trispike.models.network.weight_file import packed
from trispike.sim.cosim.captures import Run
from trispike.sim.cosim.cycles import NEVER, Schedule
from trispike.sim.cosim.judge import happened

_SUFFIX = ".trace.npz"


def keep(folder: Path, images: range, spikes: np.ndarray, run: Run, schedule: Schedule) -> None:
    """Put what ``run`` captured of ``images`` with input ``spikes`` into ``folder``.

    ``schedule`` says in which timesteps there was something to capture.
    """
    by_timestep = spikes.shape[:2]
    arrays = {
        "images": np.arange(images.start, images.stop),
        "input": spikes,
        "labels": run.labels,
        "result_cycles": run.result_cycles,
    }
    for (k, name), (values, cycles) in run.probed.items():
        if name == "result":  # the potentials again
            continue
        steps = np.flatnonzero(happened(schedule, k, name))[: len(values)]
        count = len(happened(schedule, k, name))
        placed = np.zeros((count, values.shape[1]), dtype=values.dtype)
        placed[steps] = values[: len(steps)]
        maps = placed.reshape(schedule.steps, -1, values.shape[1]).swapaxes(1, 2)
        arrays[f"{name}s_{k + 1}"] = maps.reshape(*by_timestep, -1)
        if name == "potential":
            fired = np.full(count, NEVER, dtype=np.int64)
            fired[steps] = cycles[: len(steps)]
            windows = () if count == schedule.steps else (-1,)
            arrays[f"fire_{k + 1}"] = fired.reshape(*by_timestep, *windows)
    np.savez(folder / f"{images.start}{_SUFFIX}", **arrays)


def collect(places: Iterable[Path], path: Path) -> None:
    """Write what was kept anywhere below ``places`` to ``path``, in the order of the images.

    Nothing if no image was judged.
    """
    files = [file for place in places for file in place.rglob(f"*{_SUFFIX}")]
    files.sort(key=lambda file: int(file.name.removesuffix(_SUFFIX)))
    parts = []
    for file in files:
        with np.load(file, allow_pickle=False) as arrays:
            parts.append(dict(arrays))
    if parts:
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        write_atomically(path, packed(whole))
