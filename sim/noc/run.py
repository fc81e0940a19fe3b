"""Runs traffic through the Verilated RTL of a mesh, and reads what came out."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from trispike.golden.mesh.routes import Expectation, Routes, compare_counts, expect, match
from trispike.models.mesh.topology import DeadLink, MeshShape, Port, RouterShape
from trispike.models.mesh.traffic import Traffic
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.noc.program import dead_links_word
from trispike.rtl.verilog import export
from trispike.sim.noc import harness
from trispike.sim.tools import build
from trispike.sim.tools.simulator import SimulationError, run_tool

MAIN = Path(__file__).with_name("drive.cpp")

NEVER = -1
"""Cycle in which a flit was taken that never was."""

_STATUS_WORDS = len(Port) + 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What a mesh did with its traffic.

    Parameters
    ----------
    traffic
        What was offered.
    cycles
        Length of the run.
    seconds
        Time that the simulation took, files aside.
    taken
        int64, shape (n,): cycle in which the mesh took each flit of ``traffic``, or `NEVER`.
    links
        int64, shape (nodes, 7): flits that left each router by each port.
    dropped, dropped_ports
        int64, shape (nodes,): status of the routers.
    receivers, times, flits
        int64 (m,), int64 (m,), uint32 (m,): node number and cycle of each flit that a node got.
    """

    traffic: Traffic
    cycles: int
    seconds: float
    taken: np.ndarray
    links: np.ndarray
    dropped: np.ndarray
    dropped_ports: np.ndarray
    receivers: np.ndarray
    times: np.ndarray
    flits: np.ndarray


def program(shape: MeshShape, router: RouterShape, *, optimise: bool = True) -> Path:
    """The executable for a mesh, built if need be; ``optimise`` as in `sim.tools.build.program`."""
    mesh = Mesh(shape=shape, router=router)
    texts = {f"{name}.v": text for name, text in export(mesh).items()}
    extra = harness.sources(mesh)
    header = {harness.HEADER: extra.pop(harness.HEADER)}
    return build.program(
        {**texts, **extra},
        harness.TOP,
        MAIN,
        headers=header,
        args=("--inline-mult", "100000"),
        optimise=optimise,
    )


def run(
    executable: Path,
    traffic: Traffic,
    folder: Path,
    *,
    inject: int | None = None,
    limit: int | None = None,
    ready: float = 1.0,
    seed: int = 0,
    dead_links: tuple[DeadLink, ...] = (),
) -> Run:
    """Run ``traffic`` through the mesh of ``executable``; files go to ``folder``.

    Parameters
    ----------
    executable
        From `program`.
    traffic
        What the nodes offer.
    folder
        Where the schedule and the results are kept.
    inject
        Cycle from which no packet begins any more.  [default: none does after the traffic's length]
    limit
        Most cycles.  [default: enough for everything to come]
    ready
        Chance of a node's taking a flit, in each cycle.
    seed
        Of that chance.
    dead_links
        What the routers are told.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inject = traffic.cycles if inject is None else inject
    limit = 100 * (traffic.cycles + 1000) if limit is None else limit
    counts = np.bincount(traffic.sources, minlength=traffic.mesh.nodes).astype(np.uint32)
    offers = np.column_stack([traffic.times.astype(np.uint32), traffic.flits])
    (folder / "schedule").write_bytes(counts.tobytes() + offers.tobytes())
    dead = dead_links_word(traffic.mesh, dead_links)
    numbers = [str(word) for word in (inject, limit, ready, seed, dead)]
    command = [str(executable), "schedule", "results", *numbers]
    run_tool(command, folder=folder, env=os.environ, log=folder / "drive.log")
    words = np.fromfile(folder / "results", dtype=np.int64)
    flits, nodes = len(traffic.flits), traffic.mesh.nodes
    status = words[2 + flits :][: nodes * _STATUS_WORDS].reshape(nodes, _STATUS_WORDS)
    given = words[2 + flits + status.size :].reshape(-1, 3)
    return Run(
        traffic=traffic,
        cycles=int(words[0]),
        seconds=int(words[1]) / 1e9,
        taken=words[2 : 2 + flits],
        links=status[:, : len(Port)],
        dropped=status[:, -2],
        dropped_ports=status[:, -1],
        receivers=given[:, 0],
        times=given[:, 1],
        flits=given[:, 2].astype(np.uint32),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """A run that was found to be right.

    Parameters
    ----------
    run
        The run.
    expected
        What the golden model says of the flits that the mesh took.
    which
        int64, shape (m,): index in the traffic of each flit that a node got.
    """

    run: Run
    expected: Expectation
    which: np.ndarray


def judge(run: Run, routes: Routes) -> Judged:
    """Compare ``run`` with the golden model: `golden.mesh.routes.Divergence` names the first
    difference.

    Everything that the mesh took has come where it should, once, unaltered and in order, over the
    links of its path; what had to be dropped was dropped and counted where it should.
    """
    traffic = run.traffic
    entered = np.flatnonzero(run.taken != NEVER)
    sources, sent = traffic.sources[entered], traffic.flits[entered]
    which = entered[match(routes, sources, sent, run.receivers, run.flits)]
    early = np.flatnonzero(run.times <= run.taken[which])
    if len(early):
        raise SimulationError("a flit came before it was sent: the harness is at fault")
    expected = expect(routes, sources, sent)
    compare_counts(routes, expected, run.links, run.dropped, run.dropped_ports)
    return Judged(run=run, expected=expected, which=which)
