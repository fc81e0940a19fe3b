# amaranth: UnusedElaboratable=no
"""Runs traffic through the Verilated RTL of a mesh, and reads what came out."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trispike.models.mesh.topology import DeadLink, MeshShape, Port, RouterShape
from trispike.models.mesh.traffic import Traffic
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.noc.program import dead_links_word
from trispike.sim.noc import harness
from trispike.sim.noc.cpp import RecordFile, packed
from trispike.sim.noc.harness import (
    DELIVERY,
    DONE_FILE,
    DROPS,
    HEAD,
    MAIN,
    OFFER,
    SETTINGS,
    watched_file,
)
from trispike.sim.noc.setting import Setting
from trispike.sim.tools import build, cached_verilog
from trispike.sim.tools.simulator import run_tool
from trispike.sim.tools.waveform import GRACE, WAVES, untraced

NEVER = -1
"""Cycle in which a flit was taken that never was."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrafficRun:
    """What a mesh did with its traffic.

    - ``traffic``: what was offered.
    - ``cycles``: length of the run.
    - ``seconds``: time that the simulation took, files aside.
    - ``taken``: int64, shape (n,): cycle in which the mesh took each flit of ``traffic``, or
      `NEVER`.
    - ``links``, ``window_links``: int64, shape (nodes, 7): flits that left each router by each
      port, in all and in the window.
    - ``dropped``, ``dropped_ports``: int64, shape (nodes,): status of the routers.
    - ``receivers``, ``times``, ``flits``: int64 (m,), int64 (m,), uint32 (m,): node number and
      cycle of each flit that a node got.
    """

    traffic: Traffic
    cycles: int
    seconds: float
    taken: np.ndarray
    links: np.ndarray
    window_links: np.ndarray
    dropped: np.ndarray
    dropped_ports: np.ndarray
    receivers: np.ndarray
    times: np.ndarray
    flits: np.ndarray


def program(
    shape: MeshShape, router: RouterShape, *, waves: bool = False, optimise: bool = True
) -> Path:
    """The executable for a mesh, built if need be.

    ``waves`` and ``optimise`` are as in `sim.tools.build.program`.
    """
    _, texts = cached_verilog.block_verilog(Mesh, shape=shape, router=router)
    sources = {f"{name}.v": text for name, text in texts.items()}
    sources |= harness.sources(Mesh(shape=shape, router=router))
    if waves:
        sources["waves.vlt"] = untraced(sources)
    return build.program(
        sources,
        harness.TOP,
        MAIN,
        headers=harness.headers(shape, waves=waves),
        args=("--inline-mult", "100000"),
        waves=waves,
        optimise=optimise,
    )


def run(
    executable: Path,
    traffic: Traffic,
    folder: Path,
    *,
    warmup: int = 0,
    inject: int | None = None,
    limit: int | None = None,
    ready: float = 1.0,
    seed: int = 0,
    dead_links: tuple[DeadLink, ...] = (),
    waves: range = range(0),
    progress: Callable[[int, int, int], None] = lambda phase, done, total: None,
) -> TrafficRun:
    """Run ``traffic`` through the mesh of ``executable``; files go to ``folder``.

    - ``executable``: from `program`.
    - ``traffic``: what the nodes offer.
    - ``folder``: where the schedule and the results are kept.
    - ``warmup``: cycle in which the window begins; it ends when no packet begins any more.
    - ``inject``: cycle from which no packet begins any more.  [default: none does after the
      traffic's length]
    - ``limit``: most cycles.  [default: enough for everything to come]
    - ``ready``: chance of a node's taking a flit, in each cycle.
    - ``seed``: of that chance.
    - ``dead_links``: what the routers are told.
    - ``waves``: cycles of the waveform; ``executable`` must be one that can write it.
    - ``progress``: called now and then with 0, cycles that were run, and ``inject``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inject = traffic.cycles if inject is None else inject
    limit = 100 * (traffic.cycles + 1000) if limit is None else limit
    dead = dead_links_word(traffic.mesh, dead_links)
    chance = min(int(ready * 2**64), 2**64 - 1)  # all ones: certain
    shown = waves.start, waves.stop - 1
    settings = packed(SETTINGS, warmup, inject, limit, seed % (1 << 63), dead, *shown, chance)
    counts = np.bincount(traffic.sources, minlength=traffic.mesh.nodes).astype(np.int64)
    offers = np.empty(len(traffic.flits), dtype=OFFER)
    offers["cycle"], offers["flit"] = traffic.times, traffic.flits
    (folder / "schedule").write_bytes(settings + counts.tobytes() + offers.tobytes())
    (folder / WAVES).unlink(missing_ok=True)
    command = [str(executable), "schedule", "results", WAVES, DONE_FILE]
    with watched_file(folder / DONE_FILE, progress):
        run_tool(command, folder=folder, env=os.environ, log=folder / "drive.log", grace=GRACE)
    results, nodes = RecordFile(folder / "results"), traffic.mesh.nodes
    [(cycles, nanoseconds)] = results.take(1, HEAD).tolist()
    taken = results.take(len(offers))
    links, before, until = results.take(3 * nodes * len(Port)).reshape(3, nodes, len(Port))
    drops = results.take(nodes, DROPS)
    given = results.rest(DELIVERY)
    return TrafficRun(
        traffic=traffic,
        cycles=cycles,
        seconds=nanoseconds / 1e9,
        taken=taken,
        links=links,
        window_links=until - before,
        dropped=drops["flits"],
        dropped_ports=drops["ports"],
        receivers=given["node"].astype(np.int64),
        times=given["cycle"],
        flits=given["flit"].copy(),
    )


def run_of(setting: Setting, executable: Path, folder: Path, **how: Any) -> TrafficRun:
    """Run what ``setting`` says; ``how`` is as for `run`."""
    return run(
        executable,
        setting.traffic(),
        folder,
        warmup=setting.warmup,
        ready=1 - setting.stalls,
        seed=setting.seed,
        dead_links=setting.dead_links,
        **how,
    )
