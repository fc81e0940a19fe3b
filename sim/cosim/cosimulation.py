"""Co-simulation of a network: build the chip, run shards of images side by side, collect."""

import dataclasses
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.models.network import weights
from trispike.models.network.parameters import Network
from trispike.sim.cosim import attempt, harness, watchdog
from trispike.sim.cosim import trace as traces
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.pool import LocalPool, Pool
from trispike.sim.cosim.shard import Shard
from trispike.sim.cosim.stimulus import Stimulus
from trispike.sim.timeline import log
from trispike.sim.tools import build
from trispike.sim.tools.cached_verilog import chip_verilog
from trispike.sim.tools.simulator import SimulationError
from trispike.sim.tools.watch import watched
from trispike.sim.tools.waveform import untraced

_POLL_SECONDS = 0.2

_CHUNK_POTENTIALS = 1_000_000
"""Most membrane potentials that are judged together, in memory, with some 100 bytes each."""


Lanes = int | tuple[int, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Death:
    """A shard that did not end: its ``images``, how many of them were ``judged``, and ``why``."""

    images: range
    judged: int
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What a run found: an outcome of each shard that judged an image, and the shards that died.

    Both are in the order of their images.
    """

    outcomes: list[Outcome]
    deaths: list[Death]


class Interrupted(KeyboardInterrupt):
    """A run was interrupted; ``found`` is what it found until then."""

    def __init__(self, found: Found):
        super().__init__()
        self.found = found


def chip_model(
    network: Network, *, lanes: Lanes = 1, waves: bool = False, optimise: bool = True
) -> Path:
    """Folder of the Verilated chip for ``network``'s shape, in its harness; built if need be.

    The options are those of `sim.tools.build.model`.
    """
    sources = chip_sources(network, lanes=lanes, waves=waves)
    return build.model(
        sources, harness.TOP, public=False, timing=True, waves=waves, optimise=optimise
    )


def chip_sources(network: Network, *, lanes: Lanes = 1, waves: bool = False) -> dict[str, str]:
    """File name to text of the chip for ``network``'s shape, a file a module, in its harness."""
    top, texts = chip_verilog(network.shape.with_lanes(lanes))
    sources = {f"{name}.v": text for name, text in texts.items()}
    sources[f"{harness.TOP}.sv"] = harness.harness(network.shape, top, waves=waves)
    if waves:
        sources["waves.vlt"] = untraced(sources)
    return sources


def _cut(images: range, count: int) -> list[range]:
    """``images`` in ``count`` parts of nearly the same length, none empty."""
    parts = np.array_split(np.arange(images.start, images.stop), min(count, len(images)))
    return [range(int(part[0]), int(part[-1]) + 1) for part in parts]


def run(
    weight_file: Path,
    stimulus: Stimulus,
    images: range,
    folder: Path,
    *,
    lanes: Lanes = 1,
    pool: Pool | None = None,
    potentials: bool = True,
    waves: int = 0,
    trace: Path | None = None,
    timeline: int = 0,
    progress: Callable[[int], None] = lambda done: None,
    model: Path | None = None,
) -> Found:
    """Run ``images`` through the RTL of the network in ``weight_file`` and compare everything.

    - ``weight_file``: the network and its weights.
    - ``stimulus``: where the images' spikes come from.
    - ``images``: indices of the images in their data set, at least one.
    - ``folder``: where the run leaves its files. Runs at the same time need different ones.
    - ``lanes``: see `models.network.shape.NetworkShape.with_lanes`.
    - ``pool``: runs the shards, each a simulation of consecutive images in one pipeline; None runs
      one.
    - ``potentials``: compare membrane potentials too.
    - ``waves``: write a waveform of that many images, the first ones; there is one shard then.
    - ``trace``: file for every spike and potential, see `sim.cosim.trace`.
    - ``timeline``: log that many images for one, the first ones of the first shard, see `logged`.
    - ``progress``: called with the number of images judged so far, now and then.
    - ``model``: from `chip_model`, with the same ``lanes``; None builds it.

    A shard that dies does not disturb the others. `Interrupted` on Ctrl-C, once every shard has
    ended.
    """
    network, card = weights.load(weight_file)
    model = model or chip_model(network, lanes=lanes, waves=waves > 0)
    shutil.rmtree(folder / "shards", ignore_errors=True)
    potentials_of_image = stimulus.timesteps * sum(
        layer.neurons * layer.firings for layer in network.shape.layers
    )
    pool = pool or LocalPool(1)
    shards = [
        Shard(
            weights=weight_file,
            stimulus=stimulus,
            images=part,
            chunk=max(1, _CHUNK_POTENTIALS // potentials_of_image),
            potentials=potentials,
            digest=card.digest,
            lanes=lanes,
            trace=trace is not None,
            timeline=min(timeline, len(part)) if part.start == images.start else 0,
        )
        for part in _cut(images, 1 if waves else pool.shards)
    ]
    places = [folder / "shards" / f"{s.images.start}-{s.images.stop - 1}" for s in shards]
    for place in places:
        place.mkdir(parents=True)
    most = 0
    futures = []

    def report():
        nonlocal most
        most = max(most, sum(map(attempt.images_done, places)))
        progress(most)

    try:
        with watched(report):
            for shard, place in zip(shards, places, strict=True):
                futures.append(pool.submit(model, shard, place, waves))
            ends = [_end(pool, future) for future in futures]
    except BaseException as error:
        for place in places:
            attempt.give_up(place)
        deadline = time.monotonic() + (watchdog.CLOSE_SECONDS if waves else 0)
        while time.monotonic() < deadline and not all(future.done() for future in futures):
            time.sleep(_POLL_SECONDS)
        pool.stop()
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(_found(shards, places, [None] * len(shards))) from None
        raise
    for place in places:
        attempt.give_up(place)  # what a lost worker may have left
    if trace is not None:
        traces.collect(places, trace)
    return _found(shards, places, ends)


def logged(folder: Path) -> Path | None:
    """The log for a timeline that a run has left in ``folder``; None if it has not come so far."""
    logs = folder.glob(f"shards/*/*/{log.FILE}")
    return max(logs, key=lambda path: path.stat().st_size, default=None)


def _end(pool: Pool, future) -> Outcome | str:
    """How a shard ended: its outcome, or why it died."""
    try:
        return pool.result(future)
    except SimulationError as error:
        return str(error)


def _found(shards: list[Shard], places: list[Path], ends: list[Outcome | str | None]) -> Found:
    """What there is of ``shards``, of which some have not ended."""
    outcomes, deaths = [], []
    for shard, place, end in zip(shards, places, ends, strict=True):
        outcome = end if isinstance(end, Outcome) else attempt.best(place)
        if outcome is not None:
            outcomes.append(outcome)
        if isinstance(end, str):
            judged = len(outcome.images) if outcome else 0
            deaths.append(Death(images=shard.images, judged=judged, why=end))
    return Found(outcomes=outcomes, deaths=deaths)
