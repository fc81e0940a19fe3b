"""A network loaded into the RTL of a mesh of nodes, run, compared with the golden model."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.golden.mesh import links, nodes
from trispike.golden.mesh.nodes import Outputs
from trispike.models.mesh.flits import SPIKE, FlitType
from trispike.models.mesh.mapping import HOST
from trispike.sim.noc.judge import compare_links, origins_of
from trispike.sim.node import judge, memory, work
from trispike.sim.node.divergence import Ran
from trispike.sim.node.results import Ending, NodesRun
from trispike.sim.node.run import run
from trispike.sim.node.setting import Setting
from trispike.sim.node.work import Conditions, Memory, Waves
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.tools.simulator import SimulationError

READ_BACKS = ("none", "burst", "single", "both")
"""How a loaded network is read back after the run."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """A run that was found to be right.

    - ``setting``, ``run``: what was asked, and what came.
    - ``outputs``: what the host was told.
    - ``loaded``, ``read_back``: words of the nodes' memories written, and read back and compared.
    """

    setting: Setting
    run: NodesRun
    outputs: Outputs
    loaded: int
    read_back: int


def measure(
    program: Path,
    setting: Setting,
    folder: Path,
    *,
    stall: float = 0.0,
    seed: int = 0,
    back_door: bool = False,
    read_back: str = "none",
    gated: bool = True,
    logged: int = 0,
    waves: Waves | None = None,
    show: Callable[[NodesRun], None] = lambda done: None,
    explain: Callable[[Mismatch, Ran], str] = lambda first, ran: "",
    progress: Callable[[int, int, int], None] = lambda phase, done, total: None,
) -> Measured:
    """Load, run, read back, compare.

    - ``program``: from `sim.node.run.program`.
    - ``setting``: what to run.
    - ``folder``: where the run leaves its files.
    - ``stall``, ``seed``, ``gated``, ``logged``, ``waves``: see `sim.node.work.Conditions`.
    - ``back_door``: load at each node's own port, all at once, in place of through the mesh.
    - ``read_back``: one of `READ_BACKS`, through the mesh.
    - ``show``: called with the run, before it is compared.
    - ``explain``: says where the first flit that differs is to be seen.
    - ``progress``: see `sim.node.run.run`.

    `MismatchFound` names the first difference: of spikes, ends or credits, of flits of a link, of
    memory; or tells why a run did not end.
    """
    mapping, network = setting.mapping, setting.network
    loaded = mapping, network, setting.timesteps
    writes = memory.loading(*loaded)
    bursts = memory.reading(*loaded) if read_back in ("burst", "both") else []
    singles = memory.reading(*loaded, burst=False) if read_back in ("single", "both") else []
    task = work.mapped(
        mapping,
        setting.exchange.spikes[0],
        before=Memory(transactions=writes, back_door=back_door),
        after=Memory(transactions=[*bursts, *singles]),
    )
    conditions = Conditions(
        dead_links=setting.dead_links,
        stall=stall,
        seed=seed,
        gated=gated,
        logged=logged,
        waves=waves,
    )
    done = run(program, task, folder, conditions, progress=progress)
    try:
        show(done)
    finally:  # whatever goes wrong, a mismatch is what to say
        ran = Ran(setting=setting, task=task, conditions=conditions, done=done)
        _compare(setting, done, lambda first: explain(first, ran))
    cut = len(bursts)
    read = _check_memory(setting, done.before, done.after[:cut], done.after[cut:])
    return Measured(
        setting=setting,
        run=done,
        outputs=host_outputs(setting, done),
        loaded=sum(len(each.request) - 2 for each in writes),
        read_back=read,
    )


def _compare(setting: Setting, done: NodesRun, explain: Callable[[Mismatch], str]) -> None:
    """Compare spikes, credits and flits of links, and see that every phase ended as it should."""
    try:
        done.check()
    except SimulationError as fault:
        first = _first_mismatch(setting, done)
        raise MismatchFound(
            dataclasses.replace(first, what=f"{fault}; first: {first.what}")
            if first
            else Mismatch(what=str(fault)),
            explain(first) if first else "",
        ) from None
    first = _first_mismatch(setting, done)
    if first:
        raise MismatchFound(first, explain(first))
    mesh = setting.mapping.mesh
    expected = links.run_links(setting.exchange, setting.routes)
    compare_links(mesh, expected, done.running.links)
    for phase, exchanges in ((done.loading, done.before), (done.reading, done.after)):
        if exchanges and phase.links.any():
            requests = np.concatenate([each.transaction.request for each in exchanges])
            answers = np.concatenate([each.answer for each in exchanges])
            host = np.full(len(answers), mesh.number(HOST))
            senders = origins_of(mesh, host, answers)
            wanted = links.transaction_links(setting.routes, requests, senders, answers)
            compare_links(mesh, wanted, phase.links)


def _first_mismatch(setting: Setting, done: NodesRun) -> Mismatch | None:
    """The first spike, end or credit that is not as it has to be."""
    if done.running.ending is Ending.SKIPPED:
        return None
    spikes = SPIKE["type"].get(done.flits) == FlitType.SPIKE
    came = (each[spikes] for each in (done.receivers, done.flits, done.times))
    return judge.judge(setting.exchange, *came)


def _check_memory(setting: Setting, written, *read) -> int:
    """See that everything was written, and read back as it was; words that were compared."""
    try:
        memory.check_loaded(written)
        loaded = setting.mapping, setting.network, setting.timesteps
        return sum(memory.compare(*loaded, some) for some in read if some)
    except SimulationError as fault:
        raise MismatchFound(Mismatch(what=str(fault))) from None


def host_outputs(setting: Setting, done: NodesRun) -> Outputs:
    """Output spikes or potentials, scores and labels."""
    host = done.receivers == nodes.host_receiver(setting.mapping.mesh)
    return nodes.outputs(
        setting.mapping, done.flits[host], images=setting.images, timesteps=setting.timesteps
    )
